import type {
  LogEntry,
  LogOwner,
  LogQuery,
  LogSpec,
  LogStore,
  SharedLogEntry,
  Write,
  WriteOp,
} from "./api.ts";
import type { Driver, LogRow, OwnersPage } from "./driver.ts";
import { attempt, checkLimit, quote, storable } from "./text.ts";

/** How many entries of one owner `expire` removes in one write. */
const EXPIRED_AT_ONCE = 250;
/** How many owners `expire` goes through side by side: others wait for what these remove at once. */
const EXPIRED_OWNERS = 4;

/** The typed face of a log that a driver keeps as text under the number `id`. */
export function logStore<T>(driver: Driver, id: number, spec: LogSpec<T>): LogStore<T> {
  const { name, codec } = spec;
  const search = spec.search === true;

  const indexed = (text: string | undefined): string | undefined =>
    search && text !== undefined ? storable(text, "text") : undefined;

  const appendFor = (owners: readonly LogOwner[], entry: SharedLogEntry<T>): WriteOp => ({
    do: "append",
    owners,
    entry: {
      id: storable(entry.id, "id"),
      at: wholeTime(entry.at),
      value: storable(codec.encode(entry.value), "value"),
      text: indexed(entry.text),
      series: entry.series,
      sameBefore: entry.sameBefore,
    },
  });
  const appendOp = (owner: string, entry: LogEntry<T>): WriteOp =>
    appendFor([storableOwner({ owner, with: entry.with })], entry);
  const appendSharedOp = (owners: readonly LogOwner[], entry: SharedLogEntry<T>): WriteOp =>
    appendFor(eachOnce(owners, name, entry.id), entry);
  const replaceOp = (owner: string, entryId: string, value: T, text?: string): WriteOp => ({
    do: "replace",
    owner: storable(owner, "owner"),
    id: storable(entryId, "id"),
    value: storable(codec.encode(value), "value"),
    text: indexed(text),
  });
  const removeOp = (owner: string, ids: readonly string[]): WriteOp => ({
    do: "remove",
    owner: storable(owner, "owner"),
    ids: ids.map((entryId) => storable(entryId, "id")),
  });
  const clearOp = (owner: string): WriteOp => ({ do: "clear", owner: storable(owner, "owner") });

  const entry = ([entryId, at, peer, text]: LogRow): LogEntry<T> => {
    const value = codec.decode(text);
    return peer === null ? { id: entryId, at, value } : { id: entryId, at, with: peer, value };
  };

  const checked = (query: LogQuery): LogQuery => {
    checkLimit(query.limit);
    storable(query.after ?? "", "id");
    storable(query.before ?? "", "id");
    storable(query.with ?? "", "JID");
    for (const entryId of query.ids ?? []) storable(entryId, "id");
    if (query.text !== undefined && !search) {
      throw new TypeError(`cannot search ${name} for text: open it with "search: true"`);
    }
    return query;
  };

  async function expireOwner(before: number, owner: string): Promise<number> {
    let removed = 0;
    for (;;) {
      const op: WriteOp = { do: "expire", owner, before, limit: EXPIRED_AT_ONCE };
      const some = await driver.write(id, op);
      removed += some;
      if (some < EXPIRED_AT_ONCE) return removed;
    }
  }

  async function expireAll(before: number): Promise<number> {
    let removed = 0;
    let page: OwnersPage = { limit: EXPIRED_OWNERS };
    for (;;) {
      const owners = await driver.call("owners", id, page);
      const counts = await Promise.all(owners.map((owner) => expireOwner(before, owner)));
      for (const count of counts) removed += count;
      const last = owners.at(-1);
      if (last === undefined) return removed;
      page = { after: last, limit: EXPIRED_OWNERS };
    }
  }

  const write = (op: WriteOp): Write => ({ store: name, op });
  return {
    append: (owner, added) => attempt(() => driver.done(id, appendOp(owner, added))),
    appendShared: (owners, added) => attempt(() => driver.done(id, appendSharedOp(owners, added))),
    async get(owner, entryId) {
      const row = await driver.call("find", id, storable(owner, "owner"), storable(entryId, "id"));
      return row && entry(row);
    },
    replace: async (owner, entryId, value, text) =>
      (await driver.write(id, replaceOp(owner, entryId, value, text))) > 0,
    remove: (owner, ids) => attempt(() => driver.write(id, removeOp(owner, ids))),
    expire: (before, owner) =>
      attempt(() => {
        wholeTime(before);
        return owner === undefined
          ? expireAll(before)
          : expireOwner(before, storable(owner, "owner"));
      }),
    async read(owner, query = {}) {
      const rows = await driver.call("read", id, storable(owner, "owner"), checked(query));
      return rows.map(entry);
    },
    count: (owner, query = {}) =>
      attempt(() => driver.call("count", id, storable(owner, "owner"), checked(query))),
    owners: (page: OwnersPage = {}) =>
      attempt(() => {
        checkLimit(page.limit);
        storable(page.after ?? "", "owner");
        return driver.call("owners", id, page);
      }),
    clear: (owner) => attempt(() => driver.done(id, clearOp(owner))),
    write: {
      append: (owner, added) => write(appendOp(owner, added)),
      appendShared: (owners, added) => write(appendSharedOp(owners, added)),
      replace: (owner, entryId, value, text) => write(replaceOp(owner, entryId, value, text)),
      remove: (owner, ids) => write(removeOp(owner, ids)),
      clear: (owner) => write(clearOp(owner)),
    },
  };
}

function storableOwner(owner: LogOwner): LogOwner {
  storable(owner.owner, "owner");
  if (owner.with !== undefined) storable(owner.with, "JID");
  return owner;
}

/** A message to oneself names its owner twice: there is one log it can be in. */
function eachOnce(owners: readonly LogOwner[], store: string, id: string): readonly LogOwner[] {
  if (owners.length === 0) {
    throw new RangeError(
      `cannot append ${quote(id)} to ${store}: no owner was named; name one at least`,
    );
  }
  for (const one of owners) storableOwner(one);
  const isFirst = ({ owner }: LogOwner, place: number): boolean =>
    owners.findIndex((one) => one.owner === owner) === place;
  return owners.every(isFirst) ? owners : owners.filter(isFirst);
}

function wholeTime(at: number): number {
  if (Number.isSafeInteger(at)) return at;
  throw new RangeError(`cannot use ${at} as a time: give whole milliseconds since 1970`);
}
