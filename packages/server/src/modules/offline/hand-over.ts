import { hintsOf, type Jid, type Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { archiveAware, type HandedMessage, type MessageEvent } from "../../im/contract.ts";
import type { Hold, Session } from "../../sessions/session.ts";
import { type Slot, slot } from "../../sessions/slot.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";
import { jsonCodec } from "../../storage/json-codec.ts";
import { type AccountState, newState } from "./account-state.ts";
import { Backlog } from "./backlog.ts";
import { type OfflineMessages, retrievesItself } from "./contract.ts";
import { Deliveries, type Position } from "./deliveries.ts";
import { Giving, survey } from "./giving.ts";
import { retrieval, type Taken } from "./retrieval.ts";
import type { Spool } from "./spool.ts";

/** Milliseconds after which what changed is stored; after a crash so much is handed over again. */
const SAVE_MS = 100;
const CHAT_STATES = "http://jabber.org/protocol/chatstates";

export const positions: MapSpec<Position> = {
  shape: "map",
  name: "offline/positions",
  version: 1,
  codec: jsonCodec<Position>(),
};

/** The one position of an account. */
const KEY = "position";
/** So much of what waits is looked at for clients that are not handed it. */
const SURVEY = 1000;

/** When the client of a session asked the archive last before it became available, if it did. */
const askedArchiveAt: Slot<number | undefined> = slot<number | undefined>(
  "offline/asked-archive-at",
  undefined,
);

/** Hands over what waits for an account, and knows what its clients have. */
export class HandOver {
  readonly #host: Host;
  readonly #spool: Spool;
  readonly #backlog: Backlog;
  readonly #giving: Giving;
  readonly #positions: MapStore<Position>;
  /** Accounts that have sessions with messages. */
  readonly #accounts: Map<string, Maybe<AccountState>> = new Map();
  readonly #unsaved: Set<AccountState> = new Set();
  #saving = false;

  constructor(host: Host, spool: Spool, store: MapStore<Position>) {
    this.#host = host;
    this.#spool = spool;
    this.#backlog = new Backlog(host, spool);
    this.#giving = new Giving(host, this.#backlog, (state, ids) => this.#take(state, ids));
    this.#positions = store;
  }

  /** For clients that take what waits themselves. */
  get messages(): OfflineMessages {
    return retrieval<AccountState>(this.#host, this.#backlog, {
      open: (account) => this.#known(account),
      take: (state, messages) => this.#takeAndStore(state, messages),
    });
  }

  // ── messages that come ─────────────────────────────────────────────────────

  /** Remembers a message that the archive has; puts another one into the spool. */
  keep(event: MessageEvent): Maybe<Stanza | undefined> {
    const { direction, stanza, account, keeping } = event;
    if (direction !== "received") return undefined;
    if (keeping.kept !== undefined) {
      const { kept } = keeping;
      this.#with(account, ({ deliveries }) => deliveries.record(kept, undefined));
      return undefined;
    }
    if (!deservesKeeping(stanza) || hintsOf(stanza).has("no-store")) return undefined;
    return after(this.#spool.add(stanza, account), (spooled) => {
      if (spooled === undefined) return undefined;
      keeping.kept = spooled.kept;
      const { kept, bytes } = spooled;
      this.#with(account, ({ deliveries }) => deliveries.record(kept, bytes));
      return spooled.stanza;
    });
  }

  handed({ account, kept, sessions }: HandedMessage): Maybe<void> {
    if (sessions.length === 0) return;
    const isNew = !this.#accounts.has(account.toString());
    return after(this.#known(account), (state) => {
      state.deliveries.hand(kept, sessions.length);
      // none of its sessions is handed what waits; what they have is behind them all the same. One
      // that was restored, of which it is not known when it was handed what, is when its client is back
      if (isNew && kept.at > 0) return survey(this.#backlog, state, SURVEY);
    });
  }

  taken(session: Session, ids: readonly string[]): Maybe<void> {
    return after(this.#known(session.jid.bare), (state) => {
      this.#take(state, ids);
      if (state.stalled.delete(session)) return this.give(session);
    });
  }

  #take(state: AccountState, ids: readonly string[]): void {
    this.#count(state, ids);
    if (!state.giving) this.#clearSpool(state);
    if (state.deliveries.changed) this.#saveSoon(state);
  }

  #count({ deliveries, done }: AccountState, ids: readonly string[]): void {
    for (const id of ids) {
      if (!deliveries.knows(id)) deliveries.takeUnmet(id);
      const news = deliveries.take(id);
      if (news?.spooled !== undefined) done.set(id, news.spooled);
    }
  }

  async #takeAndStore(state: AccountState, messages: readonly Taken[]): Promise<void> {
    const { deliveries, done } = state;
    for (const { id, spooled } of messages) {
      if (spooled !== undefined && !deliveries.knows(id)) done.set(id, spooled);
    }
    this.#count(
      state,
      messages.map(({ id }) => id),
    );
    await Promise.all([this.#store(state), this.#removeDone(state)]);
  }

  #clearSpool(state: AccountState): void {
    this.#removeDone(state).catch((error: unknown) => {
      this.#host.log.error("messages that were delivered could not be removed", { error });
    });
  }

  #removeDone({ account, done }: AccountState): Promise<void> {
    const gone = [...done].map(([id, spooled]) => ({ id, spooled }));
    done.clear();
    return this.#spool.remove(account, gone);
  }

  // ── sessions that come and go ──────────────────────────────────────────────

  /** What a session had not acknowledged goes to another one, or waits for the next. */
  left({ jid }: Session, ids: readonly string[]): Maybe<void> {
    const known = this.#accounts.get(jid.bare.toString());
    return (
      known &&
      after(known, (state) => {
        for (const id of ids) state.deliveries.leave(id);
        return this.#giveHeir(state);
      })
    );
  }

  ended(session: Session): void {
    const account = session.jid.bare;
    // what the session left is told after this
    setImmediate(() => {
      this.#with(account, (state) => {
        state.wanting.delete(session);
        state.stalled.delete(session);
        this.#giveHeir(state)?.catch(this.#failed);
      });
      this.#forgetIfAlone(account);
    });
  }

  /** Someone else takes what a session has left, or what it was not handed to the end. */
  #giveHeir(state: AccountState): Promise<void> | undefined {
    const heir = this.#heirOf(state.account);
    return heir && isWaiting(state) ? this.give(heir) : undefined;
  }

  /** A client has come back: it takes what others have left meanwhile, and what it was not handed yet. */
  resumed(session: Session): Maybe<void> {
    if (!takes(session)) return;
    return after(this.#known(session.jid.bare), (state) => {
      if (isWaiting(state)) return this.give(session);
    });
  }

  readonly #failed = (error: unknown): void => {
    this.#host.log.error("what waits for an account could not be handed over", { error });
  };

  #heirOf(account: Jid): Session | undefined {
    const taking = this.#host.sessions.of(account).filter(takes);
    return taking.toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))[0];
  }

  #forgetIfAlone(account: Jid): void {
    if (this.#host.sessions.of(account).length > 0) return;
    this.#with(account, (state) => {
      if (state.giving || this.#host.sessions.of(account).length > 0) return;
      if (state.deliveries.changed) this.#save(state);
      this.#accounts.delete(account.toString());
    });
  }

  /** A client asks the archive: what came until now it fetches there, if it is not available yet. */
  asksArchive(session: Session): void {
    if (!session.available) session.set(askedArchiveAt, this.#host.clock.now());
  }

  /** A session begins to take messages. What its client has fetched from the archive it is not handed. */
  takesMessages(session: Session): Promise<void> {
    if (!session.get(archiveAware)) return this.give(session);
    // entries of that very millisecond may have come later
    return this.give(session, (session.get(askedArchiveAt) ?? session.since) - 1);
  }

  /**
   * Hands over what waits, before anything newer; one session after the other.
   * @param fetched what the archive had got until this time is not handed over.
   */
  async give(session: Session, fetched = 0): Promise<void> {
    const account = session.jid.bare;
    // XEP-0013 §2.2
    if (this.#host.sessions.of(account).some((one) => one.get(retrievesItself))) return;
    const hold = session.hold();
    try {
      const state = await this.#known(account);
      if (fetched > 0) state.deliveries.skip(fetched);
      if (state.giving) state.wanting.add(session);
      else await this.#giveInTurn(state, session, hold);
    } finally {
      hold.release();
    }
  }

  async #giveInTurn(state: AccountState, first: Session, firstHold: Hold): Promise<void> {
    state.giving = true;
    let hold = firstHold;
    try {
      for (let session: Session | undefined = first; session; session = this.#nextOf(state)) {
        if (session !== first) hold = session.hold();
        const outcome = await this.#giving.give(state, session, hold);
        hold.release();
        if (outcome === "stalled") state.stalled.add(session);
      }
    } finally {
      hold.release();
      state.giving = false;
      this.#clearSpool(state);
      this.#saveSoon(state);
      this.#forgetIfAlone(state.account);
    }
  }

  /** Whose turn it is next: one that is still there, and takes messages. */
  #nextOf({ wanting }: AccountState): Session | undefined {
    for (const session of wanting) {
      wanting.delete(session);
      if (this.#host.sessions.get(session.jid) === session && takes(session)) return session;
    }
    return undefined;
  }

  // ── what is known of accounts ──────────────────────────────────────────────

  /** Does something with what is known of an account, if anything is. */
  #with(account: Jid, action: (state: AccountState) => void): void {
    const known = this.#accounts.get(account.toString());
    if (known === undefined) return;
    const done = after(known, action);
    if (done instanceof Promise) done.catch(() => {}); // that it could not be read was told
  }

  #known(account: Jid): Maybe<AccountState> {
    return this.#accounts.get(account.toString()) ?? this.#open(account);
  }

  #open(account: Jid): Promise<AccountState> {
    const key = account.toString();
    const opening = this.#positions.get(key, KEY).then((stored): AccountState => {
      const state = newState(account, new Deliveries(stored?.value));
      if (this.#accounts.get(key) === opening) this.#accounts.set(key, state);
      else state.removed = true;
      return state;
    });
    this.#accounts.set(key, opening);
    opening.catch((error: unknown) => {
      if (this.#accounts.get(key) === opening) this.#accounts.delete(key);
      this.#host.log.error("what an account has got could not be read", { error });
    });
    return opening;
  }

  #saveSoon(state: AccountState): void {
    if (!state.deliveries.changed) return;
    this.#unsaved.add(state);
    if (this.#saving) return;
    this.#saving = true;
    this.#host.after(SAVE_MS, () => {
      this.#saving = false;
      this.saveAll();
    });
  }

  /** An account was removed with all that waited for it. */
  removed(account: Jid): void {
    this.#with(account, (state) => {
      state.removed = true;
      this.#unsaved.delete(state);
    });
    this.#accounts.delete(account.toString());
    this.#spool.forget(account);
  }

  /** Stores what has changed. */
  saveAll(): void {
    for (const state of this.#unsaved) this.#save(state);
  }

  #save(state: AccountState): void {
    this.#store(state).catch((error: unknown) => {
      this.#host.log.error("what an account has got could not be stored", { error });
    });
  }

  async #store(state: AccountState): Promise<void> {
    this.#unsaved.delete(state);
    const { account, deliveries, removed } = state;
    if (!deliveries.changed || removed) return;
    deliveries.changed = false;
    try {
      await this.#positions.put(account.toString(), KEY, deliveries.position());
    } catch (error) {
      deliveries.changed = true; // it goes with what changes next
      throw error;
    }
  }
}

/** Its client is there, and wants what waits (RFC 6121 §8.5.2.1.1). */
function takes({ priority = -1, hibernating }: Session): boolean {
  return priority >= 0 && !hibernating;
}

/** Nobody holds it and nobody has it, or it is not known yet. */
function isWaiting({ deliveries }: AccountState): boolean {
  return !deliveries.complete || deliveries.left().length > 0;
}

/** XEP-0160 §3. */
export function deservesKeeping(message: Stanza): boolean {
  if (message.type !== "chat" && message.type !== "normal") return false;
  // RFC 6121 §8.5.3.2.1: to a resource that is gone, only chat falls back to the account.
  if (message.type === "normal" && message.to?.isBare === false) return false;
  return message.payload.some((element) => element.ns !== CHAT_STATES && element.ns !== SIDS);
}

const SIDS = "urn:xmpp:sid:0";
