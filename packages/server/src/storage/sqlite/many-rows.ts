import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type Query, query } from "./query.ts";

/** Rows that one statement inserts: half of what a row costs is the call of a statement. */
const AT_ONCE = 16;

/** Inserts rows into a table, several by one statement. */
export class ManyRows {
  readonly #many: Query<never>;
  readonly #one: Query<never>;
  readonly #width: number;
  readonly #values: SQLInputValue[] = [];

  constructor(db: DatabaseSync, table: string, columns: number) {
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.#width = columns;
    this.#one = query(db, `insert into ${table} values ${row}`);
    this.#many = query(db, `insert into ${table} values ${Array(AT_ONCE).fill(row).join(", ")}`);
  }

  /** Inserts a row, or keeps it until there are enough. */
  add(...row: SQLInputValue[]): void {
    for (const value of row) this.#values.push(value);
    if (this.#values.length < AT_ONCE * this.#width) return;
    this.#many.run(...this.#values);
    this.#values.length = 0;
  }

  /** Inserts what was kept. */
  flush(): void {
    for (let i = 0; i < this.#values.length; i += this.#width) {
      this.#one.run(...this.#values.slice(i, i + this.#width));
    }
    this.#values.length = 0;
  }

  forget(): void {
    this.#values.length = 0;
  }
}
