import type { DatabaseSync } from "node:sqlite";
import type { Position, StagedRow } from "../driver.ts";
import { type Query, query } from "./query.ts";

/** How many values a migration takes at once. */
const PAGE = 200;

/**
 * Migrated values of a log store: kept aside in the table `entry_staged`, then put in their
 * places. It goes through the logs of the store by their index, so that all entries must be in it.
 */
export class LogMigration {
  readonly #next: Query<readonly [number, number, number, number, string]>;
  readonly #stage: Query<never>;
  readonly #adopt: Query<never>;
  readonly #forget: Query<never>;

  constructor(db: DatabaseSync) {
    this.#next = query(
      db,
      `select p.list, p.at, p.seq, p.body, e.value
       from list l join place p on p.list = l.id join entry e on e.body = p.body
       where l.store = ? and (p.list, p.at, p.seq) > (?, ?, ?)
       order by p.list, p.at, p.seq limit ${PAGE}`,
    );
    this.#stage = query(db, "insert or replace into entry_staged values (?, ?, ?)");
    this.#adopt = query(
      db,
      `update entry set value = s.value from entry_staged s
       where s.store = ? and entry.body = s.body`,
    );
    this.#forget = query(db, "delete from entry_staged where store = ?");
  }

  /** The next values; one that several logs share comes once for each, and is staged once. */
  unmigrated(store: number, after: Position | undefined): readonly StagedRow[] {
    const [list = -1, at = 0, seq = 0] = after ?? [];
    return this.#next
      .all(store, list, at, seq)
      .map(
        ([inList, atTime, rank, body, value]): StagedRow => [[inList, atTime, rank, body], value],
      );
  }

  stage(store: number, [[, , , body = 0], value]: StagedRow): void {
    this.#stage.run(store, body, value);
  }

  adopt(store: number): void {
    this.#adopt.run(store);
    this.forget(store);
  }

  forget(store: number): void {
    this.#forget.run(store);
  }
}
