import type { DatabaseSync, SQLInputValue, StatementResultingChanges } from "node:sqlite";

/** A prepared statement whose rows are arrays of a known type. */
export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  run(...values: SQLInputValue[]): StatementResultingChanges;
}

/** Prepares a statement; the caller vouches for the type of its rows. */
export function query<Row = never>(db: DatabaseSync, sql: string): Query<Row> {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- SQL has no types here
  return statement as unknown as Query<Row>;
}
