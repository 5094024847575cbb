import type { Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { ArchiveStore } from "./store.ts";

/** How often all archives are gone through, in milliseconds, and when for the first time. */
const SWEEP_MS = 3_600_000;
const FIRST_SWEEP_MS = 60_000;
const OWNERS = 100;
/** How many messages are removed in one write, so that nobody waits for it. */
const STEP = 100;
/** An archive is counted again when it has grown by this part of what it may hold. */
const GROWTH = 100;
/** Accounts whose growth is remembered. */
const REMEMBERED = 10_000;

export interface RetentionOptions {
  /** Milliseconds; undefined for ever. */
  readonly keepMs: number | undefined;
  /** Of one account; 0 for no bound. */
  readonly messages: number;
}

/** Removes what is too old or too much, the oldest first (XEP-0313 §3.2). */
export class Retention {
  readonly #host: Host;
  readonly #store: ArchiveStore;
  readonly #options: RetentionOptions;
  /** How many messages came into each archive since it was counted. */
  readonly #grown: Map<string, number> = new Map();
  readonly #trimming: Set<string> = new Set();
  readonly #growth: number;

  constructor(host: Host, store: ArchiveStore, options: RetentionOptions) {
    this.#host = host;
    this.#store = store;
    this.#options = options;
    this.#growth = Math.max(1, Math.floor(options.messages / GROWTH));
    if (this.#isNeeded) this.#sweepIn(FIRST_SWEEP_MS);
  }

  get #isNeeded(): boolean {
    return this.#options.keepMs !== undefined || this.#options.messages > 0;
  }

  /** A message came into an archive. */
  added(owner: string): void {
    if (this.#options.messages === 0) return;
    const grown = (this.#grown.get(owner) ?? 0) + 1;
    if (grown < this.#growth) {
      if (grown === 1 && this.#grown.size >= REMEMBERED) this.#grown.clear();
      this.#grown.set(owner, grown);
      return;
    }
    this.#grown.delete(owner);
    this.#trim(owner).catch(this.#failed);
  }

  forget(account: Jid): void {
    this.#grown.delete(account.toString());
  }

  #sweepIn(ms: number): void {
    if (this.#host.signal.aborted) return;
    this.#host.after(ms, () => {
      this.#sweep()
        .catch(this.#failed)
        .finally(() => this.#sweepIn(SWEEP_MS));
    });
  }

  /** One archive after the other, each in small steps. */
  async #sweep(): Promise<void> {
    const { clock, domain, signal } = this.#host;
    const { keepMs } = this.#options;
    let after = "";
    for (;;) {
      const owners = await this.#store.owners({ after, limit: OWNERS });
      for (const owner of owners) {
        if (signal.aborted) return;
        if (!owner.endsWith(`@${domain}`)) continue; // archives of another host
        if (keepMs !== undefined) await this.#store.expire(clock.now() - keepMs, owner);
        await this.#trim(owner);
      }
      if (owners.length < OWNERS) return;
      after = owners.at(-1) ?? "";
    }
  }

  async #trim(owner: string): Promise<void> {
    const { messages } = this.#options;
    if (messages === 0 || this.#trimming.has(owner)) return;
    this.#trimming.add(owner);
    try {
      let excess = (await this.#store.count(owner)) - messages;
      while (excess > 0 && !this.#host.signal.aborted) {
        const oldest = await this.#store.read(owner, { limit: Math.min(STEP, excess) });
        if (oldest.length === 0) return;
        const ids = oldest.map(({ id }) => id);
        await this.#store.remove(owner, ids);
        excess -= oldest.length;
      }
    } finally {
      this.#trimming.delete(owner);
    }
  }

  readonly #failed = (error: unknown): void => {
    this.#host.log.error("old messages of archives could not be removed", { error });
  };
}
