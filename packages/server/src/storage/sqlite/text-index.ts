import type { DatabaseSync } from "node:sqlite";
import { queryWords, words } from "../words.ts";
import { type Query, query } from "./query.ts";

/**
 * The words of entries, in one FTS5 table for all stores with search, made when the first is
 * opened. It keeps no text, only words (made by `words`, so the tokenizer has but to split at
 * spaces), the numbers of the logs as words of their own, and the place of the entry. The row of
 * an entry has its number. A log that an entry was removed from alone still stands there: what is
 * found counts only where the index of the log says so too.
 */
export class TextIndex {
  readonly #insert: Query<never>;
  readonly #delete: Query<never>;
  readonly #after: Query<readonly [number]>;

  private constructor(db: DatabaseSync) {
    this.#insert = query(
      db,
      "insert into log_text (rowid, list, text, at, seq) values (?, ?, ?, ?, ?)",
    );
    this.#delete = query(db, "delete from log_text where rowid = ?");
    this.#after = query(db, "select rowid from log_text where log_text match ? and rowid >= ?");
  }

  /** The index, or undefined if there is none and `create` is false. */
  static open(db: DatabaseSync, create: boolean): TextIndex | undefined {
    if (create) {
      db.exec(
        `create virtual table if not exists log_text using fts5
         (list, text, at unindexed, seq unindexed, content = '', contentless_delete = 1,
          contentless_unindexed = 1, tokenize = 'ascii', detail = 'column')`,
      );
    }
    const found = db.prepare("select 1 from sqlite_schema where name = 'log_text'").get();
    return found === undefined ? undefined : new TextIndex(db);
  }

  insert(body: number, lists: readonly number[], at: number, seq: number, text: string): void {
    const logs = lists.map((list) => `l${list}`).join(" ");
    this.#insert.run(body, logs, words(text).join(" "), at, seq);
  }

  delete(body: number): void {
    this.#delete.run(body);
  }

  /** The entries from a number on that an expression finds. */
  bodies(match: string, from: number): ReadonlySet<number> {
    return new Set(this.#after.all(match, from).map(([body]) => body));
  }
}

/** The FTS5 expression for the entries of a log that a text finds, or undefined for none. */
export function textMatch(list: number, text: string): string | undefined {
  const wanted = queryWords(text);
  if (wanted.length === 0) return undefined;
  // Words are letters, digits and marks only: nothing in them needs an escape.
  return `list : "l${list}" AND text : (${wanted.map((word) => `"${word}"`).join(" AND ")})`;
}
