import type { DatabaseSync } from "node:sqlite";
import { StorageUnavailable } from "../api.ts";
import { carryOverLayout1 } from "./layout-1.ts";

/** The number of this layout, kept in the database itself (`user_version`). */
const LAYOUT = 2;

/**
 * Opens durable WAL mode, makes the tables in a new database, and carries over one of an older
 * layout, in one transaction.
 *
 * `list` gives the log of one owner in one store a small number. `entry` holds what entries hold,
 * in the order of their arrival, and is all that a commit of new ones writes; `owners` says which
 * logs an entry is in. `place` is the order of each log and `place_id` its index by id; entries
 * come into them many at once, sorted by log, after the commit. `indexed` says up to which entry
 * they have all. With each commit writing a random page a log and index, an entry cost twice as
 * much (bench/storage.ts). The `staged` tables hold migrated values until all of a store are.
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
  if (found < LAYOUT) {
    db.exec("begin immediate");
    if (found === 0) db.exec(COMMON_TABLES);
    db.exec(LOG_TABLES);
    if (found === 1) carryOverLayout1(db);
    db.exec(`pragma user_version = ${LAYOUT}; commit`);
  }
  if (databaseBytes > 0) {
    const pageSize = Number(db.prepare("pragma page_size").get()?.["page_size"]);
    db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(databaseBytes / pageSize))}`);
  }
}

const COMMON_TABLES = `
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
  create table map_staged (
    store integer not null,
    owner text not null,
    key text not null,
    value text not null,
    primary key (store, owner, key)
  ) strict, without rowid;
`;

const LOG_TABLES = `
  create table dropped (list integer primary key) strict;
  create table entry (
    body integer primary key,
    seq integer,
    at integer not null,
    id text not null,
    owners text not null,
    found integer not null,
    value text not null
  ) strict;
  create table place (
    list integer not null,
    at integer not null,
    seq integer not null,
    body integer not null,
    peer text,
    primary key (list, at, seq)
  ) strict, without rowid;
  create table place_id (
    list integer not null,
    id text not null,
    at integer not null,
    seq integer not null,
    primary key (list, id)
  ) strict, without rowid;
  create table indexed (body integer not null) strict;
  insert into indexed values (0);
  create table entry_staged (
    store integer not null,
    body integer not null,
    value text not null,
    primary key (store, body)
  ) strict, without rowid;
`;
