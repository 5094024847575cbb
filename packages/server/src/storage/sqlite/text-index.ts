import type { DatabaseSync } from "node:sqlite";
import { queryWords, words } from "../words.ts";
import { type Query, query } from "./query.ts";

/**
 * The words of entries, in one FTS5 table for all stores with search, made when the first is
 * opened. It keeps no text, only words (made by `words`, so the tokenizer has but to split at
 * spaces), the number of the log as a word of its own, and the place of the entry.
 */
export class TextIndex {
  readonly #insert: Query<never>;
  readonly #delete: Query<never>;
  readonly #deleteOfList: Query<never>;

  private constructor(db: DatabaseSync) {
    this.#insert = query(db, "insert into log_text (list, text, at, seq) values (?, ?, ?, ?)");
    this.#delete = query(db, "delete from log_text where rowid = ?");
    this.#deleteOfList = query(
      db,
      `delete from log_text where rowid in
       (select doc from log where list = ? and doc is not null)`,
    );
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

  /** @returns the `doc` of the entry. */
  insert(list: number, at: number, seq: number, text: string): number {
    const { lastInsertRowid } = this.#insert.run(`l${list}`, words(text).join(" "), at, seq);
    return Number(lastInsertRowid);
  }

  delete(doc: number): void {
    this.#delete.run(doc);
  }

  /** For all entries of a log; they must still be there. */
  deleteOfList(list: number): void {
    this.#deleteOfList.run(list);
  }
}

/** The FTS5 expression for the entries of a log that a text finds, or undefined for none. */
export function textMatch(list: number, text: string): string | undefined {
  const wanted = queryWords(text);
  if (wanted.length === 0) return undefined;
  // Words are letters, digits and marks only: nothing in them needs an escape.
  return `list : "l${list}" AND text : (${wanted.map((word) => `"${word}"`).join(" AND ")})`;
}
