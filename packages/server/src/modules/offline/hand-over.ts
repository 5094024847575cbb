import { hintsOf, type Jid, type Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import {
  archiveAware,
  contactBlocked,
  type HandedMessage,
  type MessageEvent,
} from "../../im/contract.ts";
import type { Hold, Session } from "../../sessions/session.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";
import { BATCH, Backlog, type Found } from "./backlog.ts";
import { type OfflineMessages, retrievesItself } from "./contract.ts";
import { delayed } from "./delayed.ts";
import { Deliveries, type Position } from "./deliveries.ts";
import { retrieval, type Taken } from "./retrieval.ts";
import { bytesOf, type Spool } from "./spool.ts";

/** Bytes sent at once, so that no client is given more than it can take. */
const BATCH_BYTES = 262_144;
/** Milliseconds after which what changed is stored; after a crash so much is handed over again. */
const SAVE_MS = 100;
const CHAT_STATES = "http://jabber.org/protocol/chatstates";

export const positions: MapSpec<Position> = {
  shape: "map",
  name: "offline/positions",
  version: 1,
  codec: { encode: (position) => JSON.stringify(position), decode: (text) => JSON.parse(text) },
};

/** The one position of an account. */
const KEY = "position";

interface AccountState {
  readonly account: Jid;
  readonly deliveries: Deliveries;
  /** A session is being handed what waits. */
  giving: boolean;
  /** What is to be removed from the spool, once nobody reads it page by page. */
  readonly done: { readonly id: string; readonly spooled: number }[];
}

/** Hands over what waits for an account, and knows what its clients have. */
export class HandOver {
  readonly #host: Host;
  readonly #spool: Spool;
  readonly #backlog: Backlog;
  readonly #positions: MapStore<Position>;
  /** Accounts that have sessions with messages. */
  readonly #accounts: Map<string, Maybe<AccountState>> = new Map();
  readonly #unsaved: Set<AccountState> = new Set();
  #saving = false;

  constructor(host: Host, spool: Spool, store: MapStore<Position>) {
    this.#host = host;
    this.#spool = spool;
    this.#backlog = new Backlog(host, spool);
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
    if (direction !== "received" || !deservesKeeping(stanza)) return undefined;
    if (keeping.kept !== undefined) {
      const { kept } = keeping;
      this.#with(account, ({ deliveries }) => deliveries.record(kept, undefined));
      return undefined;
    }
    if (hintsOf(stanza).has("no-store")) return undefined;
    return after(this.#spool.add(stanza, account), (spooled) => {
      if (spooled === undefined) return undefined;
      keeping.kept = spooled.kept;
      const { kept, bytes } = spooled;
      this.#with(account, ({ deliveries }) => deliveries.record(kept, bytes));
      return spooled.stanza;
    });
  }

  handed({ account, kept, sessions }: HandedMessage): void {
    if (sessions.length === 0) return;
    void after(this.#known(account), ({ deliveries }) => deliveries.hand(kept, sessions.length));
  }

  taken({ jid }: Session, ids: readonly string[]): void {
    this.#with(jid.bare, (state) => this.#take(state, ids));
  }

  #take(state: AccountState, ids: readonly string[]): void {
    this.#count(state, ids);
    if (!state.giving) this.#clearSpool(state);
    if (state.deliveries.changed) this.#saveSoon(state);
  }

  #count({ deliveries, done }: AccountState, ids: readonly string[]): void {
    for (const id of ids) {
      const news = deliveries.take(id);
      if (news?.spooled !== undefined) done.push({ id, spooled: news.spooled });
    }
  }

  async #takeAndStore(state: AccountState, messages: readonly Taken[]): Promise<void> {
    const { account, deliveries, done } = state;
    const unmet = messages.filter(({ id }) => !deliveries.knows(id));
    for (const { id, spooled } of unmet) {
      if (spooled === undefined) deliveries.takeUnmet(id);
      else done.push({ id, spooled });
    }
    this.#count(
      state,
      messages.map(({ id }) => id),
    );
    await Promise.all([this.#store(state), this.#spool.remove(account, done.splice(0))]);
  }

  #clearSpool(state: AccountState): void {
    this.#spool.remove(state.account, state.done.splice(0)).catch((error: unknown) => {
      this.#host.log.error("messages that were delivered could not be removed", { error });
    });
  }

  // ── sessions that come and go ──────────────────────────────────────────────

  /** What a session had not acknowledged goes to another one, or waits for the next. */
  left({ jid }: Session, ids: readonly string[]): void {
    this.#with(jid.bare, (state) => {
      for (const id of ids) state.deliveries.leave(id);
      const heir = this.#heirOf(state.account);
      if (heir) void this.give(heir);
    });
    this.#forgetIfAlone(jid.bare);
  }

  ended(session: Session): void {
    const account = session.jid.bare;
    // what the session left is told after this
    setImmediate(() => {
      const heir = session.get(retrievesItself) ? this.#heirOf(account) : undefined;
      if (heir) void this.give(heir);
      this.#forgetIfAlone(account);
    });
  }

  /** A client has come back: it takes what others have left meanwhile. */
  resumed(session: Session): void {
    if ((session.priority ?? -1) < 0) return;
    this.#with(session.jid.bare, ({ deliveries }) => {
      if (deliveries.left().length > 0) void this.give(session);
    });
  }

  #heirOf(account: Jid): Session | undefined {
    const taking = this.#host.sessions
      .of(account)
      .filter(({ priority = -1, hibernating }) => priority >= 0 && !hibernating);
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

  /** Hands over what waits, before anything newer. */
  async give(session: Session): Promise<void> {
    const account = session.jid.bare;
    // XEP-0013 §2.2
    if (this.#host.sessions.of(account).some((one) => one.get(retrievesItself))) return;
    const hold = session.hold();
    let state: AccountState | undefined;
    try {
      const found = await this.#known(account);
      if (found.giving) return;
      state = found;
      state.giving = true;
      if (session.get(archiveAware)) this.#skipArchived(state);
      if (await this.#giveBacklog(session, hold, state)) await this.#giveLeft(session, hold, state);
    } finally {
      hold.release();
      if (state) {
        state.giving = false;
        this.#clearSpool(state);
        this.#saveSoon(state);
      }
      this.#forgetIfAlone(account);
    }
  }

  /** The client fetches from the archive what came until now. */
  #skipArchived({ deliveries }: AccountState): void {
    // entries of this very millisecond may still come
    deliveries.skip({ id: "", at: this.#host.clock.now() - 1 });
  }

  /** @returns false if the client has left meanwhile. */
  async #giveBacklog(session: Session, hold: Hold, state: AccountState): Promise<boolean> {
    const { account, deliveries, done } = state;
    if (deliveries.complete) return true;
    deliveries.beginReading();
    try {
      for await (const page of this.#backlog.pages(account, deliveries.upTo)) {
        const fresh: Found[] = [];
        for (const found of page) {
          const { id, at, spooled } = found;
          const isNew = !deliveries.knows(id);
          if (deliveries.meet(found, spooled)) {
            deliveries.hand({ id, at }, 1);
            fresh.push(found);
          } else if (isNew && spooled !== undefined) {
            done.push({ id, spooled }); // a client has it, and it was not removed before a crash
          }
        }
        if (!(await this.#hand(session, hold, state, fresh))) return false;
      }
      deliveries.completed();
      return true;
    } finally {
      deliveries.endReading();
    }
  }

  /** What came since the account has sessions, and none of them took. */
  async #giveLeft(session: Session, hold: Hold, state: AccountState): Promise<void> {
    const { account, deliveries } = state;
    for (let left = deliveries.left(); left.length > 0; left = deliveries.left()) {
      const page = left.slice(0, BATCH);
      const messages = await this.#backlog.find(
        account,
        page.map(({ id }) => id),
      );
      for (const { id } of page) deliveries.hand({ id, at: 0 }, 1);
      // what is nowhere any more (expired, removed) waits for nobody
      const found = new Set(messages.map(({ id }) => id));
      this.#take(
        state,
        page.map(({ id }) => id).filter((id) => !found.has(id)),
      );
      if (!(await this.#hand(session, hold, state, messages))) return;
    }
  }

  /**
   * Hands messages over, as much at once as the client takes without trouble.
   * @returns false if the client has left meanwhile.
   */
  async #hand(
    session: Session,
    hold: Hold,
    state: AccountState,
    messages: readonly Found[],
  ): Promise<boolean> {
    let bytes = 0;
    for (const [at, found] of messages.entries()) {
      const query = { account: state.account, other: found.stanza.from };
      if (await this.#host.run(contactBlocked, query)) {
        this.#take(state, [found.id]); // XEP-0191 §3.3: of whom was blocked since, nothing comes
        continue;
      }
      const message = delayed(found, this.#host.domain);
      hold.send(message, found.id);
      bytes += bytesOf(message);
      if (bytes < BATCH_BYTES) continue;
      bytes = 0;
      if (await taken(session)) continue;
      for (const { id } of messages.slice(at + 1)) state.deliveries.leave(id); // it never got them
      return false;
    }
    return taken(session);
  }

  // ── what is known of accounts ──────────────────────────────────────────────

  /** Does something with what is known of an account, if anything is. */
  #with(account: Jid, action: (state: AccountState) => void): void {
    const known = this.#accounts.get(account.toString());
    if (known !== undefined) void after(known, action);
  }

  #known(account: Jid): Maybe<AccountState> {
    return this.#accounts.get(account.toString()) ?? this.#open(account);
  }

  #open(account: Jid): Promise<AccountState> {
    const key = account.toString();
    const opening = this.#positions.get(key, KEY).then((stored): AccountState => {
      const state = { account, deliveries: new Deliveries(stored?.value), giving: false, done: [] };
      this.#accounts.set(key, state);
      return state;
    });
    this.#accounts.set(key, opening);
    opening.catch((error: unknown) => {
      this.#accounts.delete(key);
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
    this.#with(account, (state) => this.#unsaved.delete(state));
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
    if (!state.deliveries.changed) return;
    state.deliveries.changed = false;
    const { account, deliveries } = state;
    await this.#positions.put(account.toString(), KEY, deliveries.position());
  }
}

/** Settles with whether the network took what was sent; otherwise the client has left. */
function taken(session: Session): Promise<boolean> {
  return session.flushed().then(
    () => true,
    () => false,
  );
}

/** XEP-0160 §3. */
export function deservesKeeping(message: Stanza): boolean {
  if (message.type !== "chat" && message.type !== "normal") return false;
  // RFC 6121 §8.5.3.2.1: to a resource that is gone, only chat falls back to the account.
  if (message.type === "normal" && message.to?.isBare === false) return false;
  return message.payload.some((element) => element.ns !== CHAT_STATES && element.ns !== SIDS);
}

const SIDS = "urn:xmpp:sid:0";
