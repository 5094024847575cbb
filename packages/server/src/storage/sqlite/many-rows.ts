import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type Query, query } from "./query.ts";

/** Rows that one statement inserts, most first: half of what a row costs is the call of one. */
const AT_ONCE = [64, 8, 1] as const;

/** Inserts rows into a table, several by one statement. */
export class ManyRows {
  readonly #statements: readonly { readonly length: number; readonly insert: Query<never> }[];
  readonly #values: SQLInputValue[] = [];
  readonly #most: number;

  /** @param into what stands before the rows: `insert into …`. */
  constructor(db: DatabaseSync, into: string, columns: number) {
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.#statements = AT_ONCE.map((rows) => ({
      length: rows * columns,
      insert: query(db, `${into} values ${Array(rows).fill(row).join(", ")}`),
    }));
    this.#most = AT_ONCE[0] * columns;
  }

  /** Inserts a row, or keeps it until there are enough. */
  add(...row: SQLInputValue[]): void {
    for (const value of row) this.#values.push(value);
    if (this.#values.length >= this.#most) this.flush();
  }

  /** Inserts what was kept. */
  flush(): void {
    const values = this.#values;
    let next = 0;
    for (const { length, insert } of this.#statements) {
      for (; values.length - next >= length; next += length) {
        insert.run(...values.slice(next, next + length));
      }
    }
    values.length = 0;
  }

  forget(): void {
    this.#values.length = 0;
  }
}
