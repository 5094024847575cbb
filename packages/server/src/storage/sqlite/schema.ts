import type { DatabaseSync } from "node:sqlite";
import { StorageUnavailable } from "../api.ts";

/** The number of this layout, kept in the database itself (`user_version`). */
const LAYOUT = 1;

/**
 * Opens durable WAL mode and makes the tables in a new database.
 *
 * `list` gives the log of one owner in one store a small number. The entries lie in the order
 * they are read in; the one further index finds them by id. `doc` is the row of an entry in the
 * text index. A checkpoint each 8000 pages (32 MB) writes a page that changes often fewer times
 * than one each 1000 (29 against 33 µs of CPU a write with 1000 owners, bench/storage.ts); what
 * it does to the longest waits is not settled. The `staged` tables hold migrated values until all
 * of a store are.
 */
export function prepareDatabase(db: DatabaseSync, databaseBytes: number): void {
  const found = Number(db.prepare("pragma user_version").get()?.["user_version"]);
  if (found > LAYOUT) {
    throw new StorageUnavailable(
      `cannot use a database of layout ${found}: this program knows layouts up to ${LAYOUT}. ` +
        "Run the newer program that wrote it, or restore a backup made before it",
    );
  }
  db.exec(`
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma cache_size = -32768;
    pragma temp_store = memory;
    pragma trusted_schema = off;
    pragma wal_autocheckpoint = 8000;
    pragma journal_size_limit = 67108864;
  `);
  if (found === 0) db.exec(`begin immediate; ${TABLES} pragma user_version = ${LAYOUT}; commit`);
  if (databaseBytes > 0) {
    const pageSize = Number(db.prepare("pragma page_size").get()?.["page_size"]);
    db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(databaseBytes / pageSize))}`);
  }
}

const TABLES = `
  create table store (
    id integer primary key,
    name text not null unique,
    shape text not null,
    version integer not null
  ) strict;
  create table map (
    store integer not null,
    owner text not null,
    key text not null,
    version integer not null,
    value text not null,
    primary key (store, owner, key)
  ) strict, without rowid;
  create table list (
    id integer primary key,
    store integer not null,
    owner text not null,
    unique (store, owner)
  ) strict;
  create table log (
    list integer not null,
    at integer not null,
    seq integer not null,
    id text not null,
    peer text,
    doc integer,
    value text not null,
    primary key (list, at, seq)
  ) strict, without rowid;
  create unique index log_id on log (list, id);
  create table map_staged (
    store integer not null,
    owner text not null,
    key text not null,
    value text not null,
    primary key (store, owner, key)
  ) strict, without rowid;
  create table log_staged (
    store integer not null,
    list integer not null,
    at integer not null,
    seq integer not null,
    value text not null,
    primary key (store, list, at, seq)
  ) strict, without rowid;
`;
