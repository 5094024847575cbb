/** Rosters (RFC 6121 §2) with their versions (§2.6), in storage and in memory. */
import { type Jid, type RosterSet, StanzaError } from "@rookery/protocol";
import type { Random } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import type { Maybe } from "../hooks.ts";
import type { MapStore, Storage, Write } from "../storage/api.ts";
import { RosterCache } from "./roster-cache.ts";
import {
  NO_CONTENT,
  type RosterChange,
  type RosterContent,
  type RosterItem,
} from "./roster-item.ts";
import { checkRosterSet, type RosterLimits, rosterLimits } from "./roster-limits.ts";
import { type RosterRecord, rosterRecords } from "./roster-record.ts";
import { type Roster, type RosterPlan, RosterState } from "./roster-state.ts";
import { RosterVersions } from "./roster-versions.ts";
import { RosterWrites } from "./roster-writes.ts";

export type { RosterChange, RosterContent, RosterItem } from "./roster-item.ts";
export { subscriptionOf, withSubscription } from "./roster-item.ts";
export { writeRequest } from "./roster-pending.ts";
export type { Roster } from "./roster-state.ts";

/** What rosters are made with. */
export interface RostersOptions {
  readonly storage: Storage;
  readonly random: Random;
  readonly limits: RosterLimits;
  /** How many contacts are held in memory, of all accounts together. */
  readonly cachedContacts?: number;
}

/** What became of a change. The roster in memory has it already. */
export interface RosterUpdate {
  readonly previous: RosterItem | undefined;
  readonly item: RosterItem | undefined;
  /** What is to be pushed to the account's interested resources; undefined if they see no change. */
  readonly change: RosterChange | undefined;
  /** Settles when the change is stored. If it rejects, the change is taken back. */
  readonly committed: Promise<void>;
}

/** About 50 MB at most. */
const CACHED_CONTACTS = 100_000;
const TAG_BYTES = 9;

/** Opens the rosters in a storage, with the limits of the server. */
export function openRosters(services: {
  readonly storage: Storage;
  readonly random: Random;
  readonly limits: Limits;
}): Promise<Rosters> {
  const { storage, random, limits } = services;
  return Rosters.open({ storage, random, limits: rosterLimits(limits) });
}

/**
 * The rosters of all accounts. What is in memory changes at once, so that the next stanza sees it,
 * and is written behind; a roster whose write failed is read anew from storage.
 *
 * Accounts are named by their bare JIDs, contacts too.
 *
 * @example
 * const { change, committed } = await rosters.set(romeo, { jid: juliet, name: "Juliet", groups: [] });
 */
export class Rosters {
  readonly #storage: Storage;
  readonly #store: MapStore<RosterRecord>;
  readonly #random: Random;
  readonly #limits: RosterLimits;
  readonly #cache: RosterCache<RosterState>;
  readonly #loading: Map<string, Promise<RosterState>> = new Map();
  /** Of the epochs that begin now. */
  #tag: string;

  private constructor(options: RostersOptions, store: MapStore<RosterRecord>) {
    this.#storage = options.storage;
    this.#store = store;
    this.#random = options.random;
    this.#limits = options.limits;
    this.#cache = new RosterCache(options.cachedContacts ?? CACHED_CONTACTS);
    this.#tag = this.#newTag();
  }

  static async open(options: RostersOptions): Promise<Rosters> {
    return new Rosters(options, await options.storage.map(rosterRecords));
  }

  /** The roster of an account, empty if nothing is stored. */
  get(account: Jid): Maybe<Roster> {
    return this.#live(account);
  }

  /**
   * Changes what is kept of a contact.
   *
   * @param change gets what is kept and gives what is to be kept; undefined removes the contact. It
   * may throw, and then nothing changes.
   * @throws StanzaError `resource-constraint` if the roster, or the list of requests, is full. Like
   * what `change` throws it is thrown at once or rejects, as the result is there at once or later.
   */
  update(
    account: Jid,
    contact: Jid,
    change: (old: RosterItem | undefined) => RosterContent | undefined,
  ): Maybe<RosterUpdate> {
    return this.#change(account, contact, change, false);
  }

  /**
   * Adds a contact, or changes its name and groups, as a client asks (§2.3, §2.4). There is always
   * something to push (§2.4.2), even if the client asked for what is so already.
   *
   * @throws StanzaError as `checkRosterSet` and `update` do; `not-allowed` for the account itself.
   */
  set(account: Jid, set: Omit<RosterSet, "remove">): Maybe<RosterUpdate> {
    const { jid, name = "", groups } = set;
    if (jid.bare.equals(account)) {
      throw new StanzaError("not-allowed", `"${account.toString()}" cannot be a contact of itself`);
    }
    checkRosterSet(name, groups, this.#limits);
    const wanted = { name: owned(name), groups: groups.map(owned), listed: true };
    return this.#change(account, jid, (old) => ({ ...NO_CONTENT, ...old, ...wanted }), true);
  }

  /**
   * Removes a contact as a client asks (§2.5). What it was stands in `previous`; what is to be said
   * to it then, `removal` of `subscription.ts` knows.
   *
   * @throws StanzaError `item-not-found` if clients do not see such a contact (§2.5.3).
   */
  remove(account: Jid, contact: Jid): Maybe<RosterUpdate> {
    const gone = (old: RosterItem | undefined): undefined => {
      if (old?.listed) return undefined;
      throw new StanzaError("item-not-found", `"${contact.toString()}" is not in the roster`, {
        type: "modify",
      });
    };
    return this.#change(account, contact, gone, true);
  }

  /** Removes everything of an account; it settles after the commit. */
  clear(account: Jid): Promise<void> {
    const cleared = this.#store.clear(account.toString());
    this.forget(account, cleared);
    return cleared;
  }

  /**
   * Forgets what is in memory of an account that is being removed from storage by other ways.
   *
   * @param cleared what `Storage.clear` gave; to be called in the same moment, so that no change
   * comes in between.
   */
  forget(account: Jid, cleared: Promise<void>): void {
    const key = account.toString();
    this.#cache.get(key)?.writes.drop(cleared);
    this.#cache.delete(key);
    this.#loading.delete(key);
  }

  #change(
    account: Jid,
    contact: Jid,
    change: (old: RosterItem | undefined) => RosterContent | undefined,
    always: boolean,
  ): Maybe<RosterUpdate> {
    const roster = this.#live(account);
    // asked for again when it is there, for it may be gone again before its turn comes
    if (roster instanceof Promise) {
      return roster.then(() => this.#change(account, contact, change, always));
    }
    const previous = roster.get(contact);
    const content = change(previous);
    const options = { always, tag: this.#tag, limits: this.#limits };
    const plan = roster.plan(contact, content, options);
    if (plan === undefined) {
      const { committed } = roster.writes;
      return { previous, item: previous, change: undefined, committed };
    }
    const writes = this.#writesOf(account, plan);
    const size = roster.size;
    const made = roster.make(plan);
    const committed = roster.writes.add(writes);
    this.#cache.grown(account.toString(), roster.size - size);
    return { previous, item: plan.item, change: plan.shown ? made : undefined, committed };
  }

  #writesOf(account: Jid, plan: RosterPlan): ReadonlyMap<string, Write> {
    const owner = account.toString();
    const { write } = this.#store;
    const writes = new Map<string, Write>();
    for (const [key, record] of plan.records) {
      writes.set(key, record ? write.put(owner, key, record) : write.delete(owner, key));
    }
    return writes;
  }

  #live(account: Jid): Maybe<RosterState> {
    const key = account.toString();
    return this.#cache.get(key) ?? this.#loading.get(key) ?? this.#load(account, key);
  }

  #load(account: Jid, key: string): Promise<RosterState> {
    const loading = this.#read(account, key).then(
      (roster) => {
        // unless the account was cleared meanwhile: then what was read is no more
        if (this.#loading.get(key) === loading) {
          this.#loading.delete(key);
          this.#cache.set(key, roster);
        }
        return roster;
      },
      (error: unknown) => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
        throw error;
      },
    );
    this.#loading.set(key, loading);
    return loading;
  }

  async #read(account: Jid, key: string): Promise<RosterState> {
    const stored = await this.#store.range(key);
    const writes = new RosterWrites({
      commit: (all) => this.#storage.batch(all),
      failed: () => {
        if (this.#cache.get(key) === roster) this.#cache.delete(key);
        // what was told of the lost versions must not be taken for what comes in their place
        this.#tag = this.#newTag();
      },
    });
    const first = RosterVersions.first(this.#newTag(), this.#tag);
    const roster = new RosterState(account, stored, first, writes);
    return roster;
  }

  #newTag(): string {
    return Buffer.from(this.#random.bytes(TAG_BYTES)).toString("base64url");
  }
}

/** A copy in memory of its own: a part of a received text would keep all of that text alive. */
function owned(text: string): string {
  return Buffer.from(text).toString();
}
