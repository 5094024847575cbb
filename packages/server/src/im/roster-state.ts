import { Jid, type Stanza, StanzaError } from "@rookery/protocol";
import type { CachedRoster } from "./roster-cache.ts";
import {
  belongsInRoster,
  looksLike,
  type RosterChange,
  type RosterContent,
  type RosterItem,
} from "./roster-item.ts";
import type { RosterLimits } from "./roster-limits.ts";
import { readRequest } from "./roster-pending.ts";
import { type RosterRecord, VERSIONS_KEY } from "./roster-record.ts";
import { RosterVersions } from "./roster-versions.ts";
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

/** A contact that was removed, for clients that do not know it yet. */
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
  /** In the order of their removal. */
  readonly #removed = new Map<string, Removed>();
  #versions: RosterVersions;
  #listed = 0;
  #pending = 0;
  #subscribers: readonly Jid[] | undefined;
  #subscriptions: readonly Jid[] | undefined;

  /** @param tag of the first epoch, if nothing is stored. */
  constructor(
    account: Jid,
    stored: Iterable<{ readonly key: string; readonly value: RosterRecord }>,
    tag: string,
    writes: RosterWrites,
  ) {
    this.account = account;
    this.writes = writes;
    this.#versions = RosterVersions.first(tag);
    const removed: Removed[] = [];
    for (const { key, value } of stored) {
      if (value.is === "versions") this.#versions = value.versions;
      else if (value.is === "removed")
        removed.push({ jid: Jid.parse(key), changed: value.changed });
      else this.#keep(key, { ...value.content, jid: Jid.parse(key), changed: value.changed });
    }
    removed.sort((one, other) => one.changed - other.changed);
    for (const one of removed) this.#removed.set(one.jid.toString(), one);
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
    for (const item of this.#contacts.values()) {
      if (item.listed && item.changed > since) changes.push(item);
    }
    for (const removed of this.#removed.values()) {
      if (removed.changed > since) changes.push(removed);
    }
    changes.sort((one, other) => one.changed - other.changed);
    return changes.map(({ jid, changed }) => ({
      jid,
      item: this.get(jid),
      version: this.#versions.text(changed),
    }));
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
    const wanted = content && withListing(content, previous);
    const shown = always || isShown(previous, wanted);
    if (!shown && previous?.pendingIn === wanted?.pendingIn) return undefined;
    this.#checkRoom(previous, wanted, limits);

    const records = new Map<string, RosterRecord | undefined>();
    let versions = shown ? this.#versions.next(tag) : this.#versions;
    const changed = shown ? versions.current : (previous?.changed ?? 0);
    if (wanted) records.set(key, { is: "contact", content: wanted, changed });
    else records.set(key, previous?.listed ? { is: "removed", changed } : undefined);
    if (shown) {
      const oldest = wanted ? undefined : this.#tooManyRemoved(key, limits);
      if (oldest) {
        records.set(oldest.jid.toString(), undefined);
        versions = versions.forgetting(oldest.changed);
      }
      records.set(VERSIONS_KEY, { is: "versions", versions });
    }
    const item = wanted && { ...wanted, jid: previous?.jid ?? contact, changed };
    return { contact: previous?.jid ?? contact, previous, item, versions, shown, records };
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
    const asks = wanted?.pendingIn !== undefined && previous?.pendingIn === undefined;
    if (asks && isFull(this.#pending, limits.pendingIn)) {
      throw new StanzaError(
        "resource-constraint",
        "too many subscription requests wait for an answer; try again later",
      );
    }
  }

  /** The removed contact that has to be forgotten if another is removed. */
  #tooManyRemoved(key: string, limits: RosterLimits): Removed | undefined {
    if (this.#removed.has(key) || this.#removed.size < limits.removed) return undefined;
    return this.#removed.values().next().value;
  }

  #keep(key: string, item: RosterItem): void {
    this.#contacts.set(key, item);
    if (item.listed) this.#listed++;
    if (item.pendingIn !== undefined) this.#pending++;
  }

  #drop(item: RosterItem): void {
    this.#contacts.delete(item.jid.toString());
    if (item.listed) this.#listed--;
    if (item.pendingIn !== undefined) this.#pending--;
  }

  #those(wanted: (item: RosterItem) => boolean): readonly Jid[] {
    const found: Jid[] = [];
    for (const item of this.#contacts.values()) if (wanted(item)) found.push(item.jid);
    return found;
  }
}

function isFull(count: number, limit: number): boolean {
  return limit > 0 && count >= limit;
}

/** A contact that is in the roster stays there until it is removed. */
function withListing(content: RosterContent, previous: RosterItem | undefined): RosterContent {
  const { name, groups, subscription, ask, approved, pendingIn } = content;
  const listed = previous?.listed === true || belongsInRoster(content);
  return { name, groups, subscription, ask, approved, pendingIn, listed };
}

function isShown(previous: RosterItem | undefined, wanted: RosterContent | undefined): boolean {
  if (previous === undefined || wanted === undefined) {
    return (previous?.listed ?? false) || (wanted?.listed ?? false);
  }
  return !looksLike(previous, wanted);
}
