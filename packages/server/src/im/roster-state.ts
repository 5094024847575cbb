import { Jid, type Stanza, StanzaError } from "@rookery/protocol";
import type { CachedRoster } from "./roster-cache.ts";
import {
  belongsInRoster,
  looksLike,
  NO_CONTENT,
  type RosterChange,
  type RosterContent,
  type RosterItem,
} from "./roster-item.ts";
import type { RosterLimits } from "./roster-limits.ts";
import { readRequest } from "./roster-pending.ts";
import { type RosterRecord, VERSIONS_KEY } from "./roster-record.ts";
import type { RosterVersions } from "./roster-versions.ts";
import type { RosterWrites } from "./roster-writes.ts";
import { hasFrom, hasTo } from "./subscription.ts";

/**
 * The roster of an account (RFC 6121 §2), as it is now. It is to be used at once: after waiting for
 * something, it may be out of date, and must be asked for again.
 */
export interface Roster {
  readonly account: Jid;
  /** The `ver` of what it is now (§2.6), opaque. */
  readonly version: string;
  /** What is kept of a contact, listed or not. */
  get(contact: Jid): RosterItem | undefined;
  /** The contacts that clients get to see (§2.1.4). */
  items(): RosterItem[];
  /** True for one of them. */
  isContact(contact: Jid): boolean;
  /** The contacts whose requests wait for an answer (§3.1.3). */
  pending(): RosterItem[];
  /** Their requests, as they are to be delivered. */
  pendingRequests(): Stanza[];
  /** The contacts that see the account's presence; the same array until one comes or goes. */
  subscribers(): readonly Jid[];
  /** The contacts whose presence the account sees; the same array until one comes or goes. */
  subscriptions(): readonly Jid[];
  /** True if the contact sees the account's presence. */
  isSubscriber(contact: Jid): boolean;
  /** True if the account sees the contact's presence. */
  isSubscribedTo(contact: Jid): boolean;
  /**
   * What changed since a version, in order, each contact once (§2.6.3).
   *
   * @returns undefined if that is not known: the client is to get the whole roster.
   */
  changesSince(version: string): readonly RosterChange[] | undefined;
}

/** A change that was thought through, and is yet to be made. */
export interface RosterPlan {
  readonly contact: Jid;
  readonly previous: RosterItem | undefined;
  readonly item: RosterItem | undefined;
  readonly versions: RosterVersions;
  /** Whether what clients see changes. */
  readonly shown: boolean;
  /** What is to be stored, by key; undefined for what is to be deleted. */
  readonly records: ReadonlyMap<string, RosterRecord | undefined>;
}

/** A contact that was removed, and when, for clients that do not know it yet. */
interface Removed {
  readonly jid: Jid;
  readonly changed: number;
}

const NO_CHANGES: readonly RosterChange[] = [];

/** A roster in memory, and how it changes. */
export class RosterState implements Roster, CachedRoster {
  readonly account: Jid;
  /** The way of its changes into storage. */
  readonly writes: RosterWrites;
  readonly #contacts = new Map<string, RosterItem>();
  readonly #removed = new Map<string, Removed>();
  #versions: RosterVersions;
  #listed = 0;
  /** Of the contacts that clients get to see, as XML. */
  #bytes = 0;
  #pending = 0;
  #subscribers: readonly Jid[] | undefined;
  #subscriptions: readonly Jid[] | undefined;

  /** @param first the versions if nothing is stored. */
  constructor(
    account: Jid,
    stored: Iterable<{ readonly key: string; readonly value: RosterRecord }>,
    first: RosterVersions,
    writes: RosterWrites,
  ) {
    this.account = account;
    this.writes = writes;
    this.#versions = first;
    for (const { key, value } of stored) {
      if (value.is === "versions") this.#versions = value.versions;
      else if (value.is === "removed") {
        this.#removed.set(key, { jid: Jid.parse(key), changed: value.changed });
      } else this.#keep(key, { ...value.content, jid: Jid.parse(key), changed: value.changed });
    }
  }

  get version(): string {
    return this.#versions.text();
  }

  get size(): number {
    return this.#contacts.size + this.#removed.size + 1;
  }

  get idle(): boolean {
    return this.writes.idle;
  }

  get(contact: Jid): RosterItem | undefined {
    return this.#contacts.get(contact.toString());
  }

  items(): RosterItem[] {
    return [...this.#contacts.values()].filter(({ listed }) => listed);
  }

  isContact(contact: Jid): boolean {
    return this.get(contact)?.listed === true;
  }

  pending(): RosterItem[] {
    if (this.#pending === 0) return [];
    return [...this.#contacts.values()].filter(({ pendingIn }) => pendingIn !== undefined);
  }

  pendingRequests(): Stanza[] {
    return this.pending().map(({ jid, pendingIn = "" }) =>
      readRequest(this.account, jid, pendingIn),
    );
  }

  subscribers(): readonly Jid[] {
    return (this.#subscribers ??= this.#those(hasFrom));
  }

  subscriptions(): readonly Jid[] {
    return (this.#subscriptions ??= this.#those(hasTo));
  }

  isSubscriber(contact: Jid): boolean {
    const item = this.get(contact);
    return item !== undefined && hasFrom(item);
  }

  isSubscribedTo(contact: Jid): boolean {
    const item = this.get(contact);
    return item !== undefined && hasTo(item);
  }

  changesSince(version: string): readonly RosterChange[] | undefined {
    const since = this.#versions.read(version);
    if (since === undefined) return undefined;
    if (since === this.#versions.current) return NO_CHANGES;
    const changes: { readonly jid: Jid; readonly changed: number }[] = [];
    for (const item of this.#contacts.values()) if (item.changed > since) changes.push(item);
    for (const one of this.#removed.values()) if (one.changed > since) changes.push(one);
    changes.sort((one, other) => one.changed - other.changed);
    return changes.map(({ jid, changed }) => {
      const item = this.get(jid);
      return { jid, item: item?.listed ? item : undefined, version: this.#versions.text(changed) };
    });
  }

  /**
   * Thinks a change through.
   *
   * @param content what is to be kept of the contact; undefined for nothing.
   * @param always a new version even if clients see no difference, for they asked for a change.
   * @param tag of the epoch, see `roster-versions.ts`.
   * @returns undefined if nothing changes.
   * @throws StanzaError `resource-constraint` if the roster is full.
   */
  plan(
    contact: Jid,
    content: RosterContent | undefined,
    { always, tag, limits }: { always: boolean; tag: string; limits: RosterLimits },
  ): RosterPlan | undefined {
    const key = contact.toString();
    const previous = this.#contacts.get(key);
    const wanted = normal(content, previous);
    const shown = always || isShown(previous, wanted);
    if (!shown && previous?.pendingIn === wanted?.pendingIn) return undefined;
    this.#checkRoom(key, previous, wanted, limits);

    let versions = shown ? this.#versions.next(tag) : this.#versions;
    const jid = previous?.jid ?? contact;
    // one that asks after it was removed goes on to be one that was removed in that version
    const known = previous ?? this.#removed.get(key);
    const changed = shown ? versions.current : (known?.changed ?? 0);
    const records = new Map<string, RosterRecord | undefined>();
    if (wanted) records.set(key, { is: "contact", content: wanted, changed });
    else records.set(key, changed > 0 ? { is: "removed", changed } : undefined);
    if (!wanted && changed > 0) {
      const forgotten = this.#tooManyRemoved({ jid, changed }, limits);
      if (forgotten) {
        records.set(forgotten.jid.toString(), undefined);
        versions = versions.forgetting(forgotten.changed);
      }
    }
    if (versions !== this.#versions) records.set(VERSIONS_KEY, { is: "versions", versions });
    const item = wanted && { ...wanted, jid, changed };
    return { contact: jid, previous, item, versions, shown, records };
  }

  /** Makes a change; nothing may have changed since it was planned. */
  make({ contact, previous, item, versions, records }: RosterPlan): RosterChange {
    if (previous) this.#drop(previous);
    for (const [key, record] of records) {
      if (key === VERSIONS_KEY) continue;
      this.#removed.delete(key);
      if (record?.is === "removed") {
        this.#removed.set(key, { jid: contact, changed: record.changed });
      }
    }
    if (item) this.#keep(contact.toString(), item);
    if (previous?.subscription !== item?.subscription) {
      this.#subscribers = undefined;
      this.#subscriptions = undefined;
    }
    this.#versions = versions;
    return { jid: contact, item, version: versions.text() };
  }

  #checkRoom(
    contact: string,
    previous: RosterItem | undefined,
    wanted: RosterContent | undefined,
    limits: RosterLimits,
  ): void {
    if (wanted?.listed && !previous?.listed && isFull(this.#listed, limits.items)) {
      throw new StanzaError(
        "resource-constraint",
        `the roster has ${limits.items} contacts already; remove one first`,
      );
    }
    const grown = this.#bytes + bytesOf(contact, wanted) - bytesOf(contact, previous);
    if (grown > this.#bytes && limits.bytes > 0 && grown > limits.bytes) {
      throw new StanzaError(
        "resource-constraint",
        `the roster would have more than ${limits.bytes} bytes; shorten it first`,
      );
    }
    const asks = wanted?.pendingIn !== undefined && previous?.pendingIn === undefined;
    if (asks && isFull(this.#pending, limits.pendingIn)) {
      throw new StanzaError(
        "resource-constraint",
        "too many subscription requests wait for an answer; try again later",
      );
    }
  }

  /** Which of the removed contacts has to be forgotten if there is one more. */
  #tooManyRemoved(another: Removed, limits: RosterLimits): Removed | undefined {
    if (this.#removed.size < limits.removed) return undefined;
    let oldest = another;
    for (const removed of this.#removed.values()) {
      if (removed.changed < oldest.changed) oldest = removed;
    }
    return oldest;
  }

  #keep(key: string, item: RosterItem): void {
    this.#contacts.set(key, item);
    if (item.listed) this.#listed++;
    this.#bytes += bytesOf(key, item);
    if (item.pendingIn !== undefined) this.#pending++;
  }

  #drop(item: RosterItem): void {
    this.#contacts.delete(item.jid.toString());
    if (item.listed) this.#listed--;
    this.#bytes -= bytesOf(item.jid.toString(), item);
    if (item.pendingIn !== undefined) this.#pending--;
  }

  #those(wanted: (item: RosterItem) => boolean): readonly Jid[] {
    const found: Jid[] = [];
    for (const item of this.#contacts.values()) if (wanted(item)) found.push(item.jid);
    return found;
  }
}

/** What tags and other attributes of an item take. */
const ITEM_BYTES = 60;
const GROUP_BYTES = 15;

/** About how long a contact is in the roster that clients get; nothing if it is not in it. */
function bytesOf(jid: string, item: RosterContent | undefined): number {
  if (!item?.listed) return 0;
  const groups = item.groups.reduce((sum, group) => sum + GROUP_BYTES + escapedBytes(group), 0);
  return ITEM_BYTES + escapedBytes(jid) + escapedBytes(item.name) + groups;
}

/** XML writes some characters as up to six. */
function escapedBytes(text: string): number {
  return Buffer.byteLength(text) + 5 * (text.match(/[&<>'"\t\n\r]/g)?.length ?? 0);
}

function isFull(count: number, limit: number): boolean {
  return limit > 0 && count >= limit;
}

/**
 * What is to be kept of a contact: one that is in the roster stays there until it is removed, and of
 * one that is not, there is only the request.
 */
function normal(
  content: RosterContent | undefined,
  previous: RosterItem | undefined,
): RosterContent | undefined {
  if (content === undefined) return undefined;
  const { name, groups, subscription, ask, approved, pendingIn } = content;
  if (previous?.listed || belongsInRoster(content)) {
    return { name, groups, subscription, ask, approved, pendingIn, listed: true };
  }
  return pendingIn === undefined ? undefined : { ...NO_CONTENT, pendingIn };
}

function isShown(previous: RosterItem | undefined, wanted: RosterContent | undefined): boolean {
  return !looksLike(previous ?? NO_CONTENT, wanted ?? NO_CONTENT);
}
