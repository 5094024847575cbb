import { Jid } from "@rookery/protocol";
import type { Clock, Random } from "../../clock.ts";
import type { Limits } from "../../config/limits.ts";
import type { Log } from "../../log.ts";
import { Session } from "../../sessions/session.ts";
import type { SessionTable } from "../../sessions/table.ts";
import type { MapStore, Storage } from "../../storage/api.ts";
import type { VirtualHost } from "../../virtual-host.ts";
import { Management } from "./management.ts";
import {
  presenceOf,
  type SessionRecord,
  type StoredSession,
  sentOf,
  sessionRecords,
} from "./record.ts";
import type { ManagementServices } from "./services.ts";

/** How long it is known how much a client had said whose session is gone. */
const REMEMBERED_MS = 7 * 24 * 3600 * 1000;
/** Of so many sessions of one account. */
const REMEMBERED = 50;
const PAGE = 500;
/** Milliseconds that a stop waits for what is kept back in sessions. */
const RELEASE_MS = 2000;

/** What resumption needs from the server. */
export interface ResumptionServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly log: Log;
  readonly sessions: SessionTable;
  readonly storage: Storage;
}

/** What is known of a session that can not be resumed. */
export interface Former {
  readonly handled: number;
  readonly lineage: string;
}

/**
 * The managed sessions of a server (XEP-0198): those that a client may come back to, and how much
 * others had said. SM-IDs belong to an account, can not be guessed, and end with the session.
 */
export class Resumption {
  readonly #services: ResumptionServices;
  readonly #records: MapStore<SessionRecord>;
  readonly #management: ManagementServices;
  /** Sessions that can be resumed, by SM-ID. */
  readonly #resumable: Map<string, Management> = new Map();
  /** What waits for each client that is away; the longest away is first. */
  readonly #away: Map<Management, number> = new Map();
  #awayBytes = 0;

  private constructor(services: ResumptionServices, records: MapStore<SessionRecord>) {
    this.#services = services;
    this.#records = records;
    this.#management = {
      ...services,
      progress: services.storage.progress,
      store: (management, handled) => this.#store(management, handled),
      moved: (management) => this.#moved(management),
      ended: (management) => this.#ended(management),
    };
  }

  static async open(services: ResumptionServices): Promise<Resumption> {
    return new Resumption(services, await services.storage.map(sessionRecords));
  }

  /** Makes a session a managed one, resumable if so wished and possible. */
  manage(
    session: Session,
    host: VirtualHost,
    wish: { readonly resume: boolean; readonly max?: number | undefined },
  ): Management {
    const { limits, random } = this.#services;
    const resumeSeconds = wish.resume
      ? Math.min(limits.resumeSeconds, wish.max ?? limits.resumeSeconds)
      : 0;
    const id = resumeSeconds > 0 ? random.id() : undefined;
    const management = new Management({ session, host, id, resumeSeconds }, this.#management);
    if (id !== undefined) {
      this.#resumable.set(id, management);
      // known from the start, before anything that the client says is stored
      this.#store(management, 0).catch((error: unknown) =>
        this.#services.log.error("a session could not be made known", { error }),
      );
      this.#forgetOld(session.jid.bare.toString()).catch((error: unknown) =>
        this.#services.log.warn("what is known of old sessions was not cleared", { error }),
      );
    }
    session.attach(management);
    return management;
  }

  /** The session of an SM-ID, if it is one of the account and can be resumed. */
  find(account: Jid, id: string): Management | undefined {
    const management = this.#resumable.get(id);
    return management?.session.jid.bare.equals(account) ? management : undefined;
  }

  /** What is known of a session of the account that can not be resumed any more. */
  async former(account: Jid, id: string): Promise<Former | undefined> {
    return (await this.#records.get(account.toString(), id))?.value;
  }

  // ── over a restart ─────────────────────────────────────────────────────────

  /** Stores all sessions that wait for their clients; after all streams are gone. */
  async save(): Promise<void> {
    await this.#released();
    const writes = [...this.#away.keys()].map((management) => {
      management.rest();
      const record = this.#record(management, management.handled.count);
      return this.#put(management, { ...record, session: this.#stored(management) });
    });
    for (const { status } of await Promise.allSettled(writes)) {
      if (status === "rejected") this.#services.log.error("a session could not be stored", {});
    }
  }

  /** What is kept back in sessions has come into their queues; streams that are gone hold nothing up. */
  async #released(): Promise<void> {
    const held = [...this.#away.keys()].flatMap(({ session }) => session.keptBack ?? []);
    if (held.length === 0) return;
    const late = Promise.withResolvers<void>();
    const timer = this.#services.clock.after(RELEASE_MS, late.resolve);
    await Promise.race([Promise.all(held), late.promise]);
    timer.cancel();
  }

  /**
   * Brings back the sessions that were stored, and forgets what is too old to be asked for. What can
   * not be read costs its account its sessions, and nobody else.
   */
  async restore(hosts: ReadonlyMap<string, VirtualHost>): Promise<void> {
    let after = "";
    for (;;) {
      const owners = await this.#records.owners({ after, limit: PAGE });
      // together: the accounts of a page wait for few commits, not for one each
      await Promise.all(owners.map((owner) => this.#restoreAll(hosts, owner)));
      if (owners.length < PAGE) return;
      after = owners.at(-1) ?? "";
    }
  }

  async #restoreAll(hosts: ReadonlyMap<string, VirtualHost>, owner: string): Promise<void> {
    const { clock, log } = this.#services;
    const notRestored = (error: unknown): void =>
      log.error("a stored session could not be brought back", { owner, error });
    try {
      const account = Jid.parse(owner);
      const host = hosts.get(account.domain);
      const writes: Promise<unknown>[] = [];
      for (const { key, value } of await this.#records.range(owner)) {
        const { session, ...known } = value;
        try {
          if (host && session) this.#restore(host, account, key, value, session);
        } catch (error) {
          notRestored(error);
        }
        const isOld = clock.now() - value.at > REMEMBERED_MS;
        if (isOld) writes.push(this.#records.delete(owner, key));
        else if (session) writes.push(this.#records.put(owner, key, known));
      }
      await Promise.all(writes);
    } catch (error) {
      notRestored(error);
    }
  }

  #restore(
    host: VirtualHost,
    account: Jid,
    id: string,
    { handled, lineage }: SessionRecord,
    stored: StoredSession,
  ): void {
    const { resumeSeconds, acknowledged } = stored;
    const jid = account.withResource(stored.resource);
    const presence = presenceOf(stored);
    const sent = sentOf(stored);
    const session = new Session(jid, stored.since, NOWHERE, lineage, true);
    const state = { handled, acknowledged, sent };
    const management = new Management(
      { session, host, id, resumeSeconds, state },
      this.#management,
    );
    session.attach(management);
    session.restoreSlots(stored.slots);
    session.presence = presence;
    session.priority = stored.priority;
    this.#services.sessions.add(session);
    this.#resumable.set(id, management);
    host.began(session);
    host.holds(
      session,
      sent.flatMap(({ kept }) => kept ?? []),
    );
    const seconds = (stored.until - this.#services.clock.now()) / 1000;
    management.hibernate(Math.min(Math.max(seconds, 0), resumeSeconds)); // the clock may have been put back
  }

  // ── what is stored ─────────────────────────────────────────────────────────

  #store(management: Management, handled: number): Promise<void> {
    return this.#put(management, this.#record(management, handled));
  }

  #put({ session, id }: Management, record: SessionRecord): Promise<void> {
    return this.#records.put(session.jid.bare.toString(), id ?? "", record).then(() => {});
  }

  #record({ session }: Management, handled: number): SessionRecord {
    return { handled, lineage: session.lineage, at: this.#services.clock.now() };
  }

  #stored(management: Management): StoredSession {
    const { session, resumeSeconds, acknowledged } = management;
    return {
      resource: session.jid.resource,
      since: session.since,
      until: management.until,
      resumeSeconds,
      presence: session.presence?.toXml(),
      priority: session.priority,
      slots: session.storeSlots(),
      acknowledged,
      sent: management.waiting().map(({ text, kind, kept }) => [text, kind, kept ?? null]),
    };
  }

  // ── who is away ────────────────────────────────────────────────────────────

  #moved(management: Management): void {
    const before = this.#away.get(management);
    const isAway = management.session.hibernating;
    this.#awayBytes += (isAway ? management.bytes : 0) - (before ?? 0);
    if (isAway) this.#away.set(management, management.bytes);
    else this.#away.delete(management);
    if (this.#awayBytes > this.#services.limits.hibernatedBytes) this.#makeRoom();
  }

  /** Ends the sessions that have waited longest; not at once, since someone is sending. */
  #makeRoom(): void {
    setImmediate(() => {
      for (const [management] of this.#away) {
        if (this.#awayBytes <= this.#services.limits.hibernatedBytes) return;
        management.end();
      }
    });
  }

  /** What its client had said stays known, if the session did not end with a word. */
  #ended(management: Management): void {
    const { id, session } = management;
    this.#awayBytes -= this.#away.get(management) ?? 0;
    this.#away.delete(management);
    if (id === undefined) return;
    this.#resumable.delete(id);
    if (!management.endsCleanly) return;
    void this.#records.delete(session.jid.bare.toString(), id).catch(() => {});
  }

  /** What an account is known to have said in sessions of long ago, or in too many, is forgotten. */
  async #forgetOld(owner: string): Promise<void> {
    const known = await this.#records.range(owner);
    const newestFirst = known.toSorted((a, b) => b.value.at - a.value.at);
    const since = this.#services.clock.now() - REMEMBERED_MS;
    for (const [place, { key, value }] of newestFirst.entries()) {
      if (this.#resumable.has(key)) continue;
      if (place >= REMEMBERED || value.at < since) await this.#records.delete(owner, key);
    }
  }
}

const NOWHERE = {
  send(): void {},
  close(): void {},
  flushed: (): Promise<void> => Promise.resolve(),
  maxQueuedBytes: 0,
  leftovers: () => [],
};
