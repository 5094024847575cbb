import type { Jid } from "@rookery/protocol";
import type { Session } from "./session.ts";

const NONE: readonly Session[] = [];

/** The sessions of this node, by account and resource. */
export class SessionTable {
  /** By bare JID; arrays are replaced, never changed, so that a walk over one is undisturbed. */
  readonly #accounts: Map<string, readonly Session[]> = new Map();
  #size = 0;
  #added = 0;

  /** How many sessions there are. */
  get size(): number {
    return this.#size;
  }

  /** All sessions of an account, oldest first. */
  of(account: Jid): readonly Session[] {
    return this.#accounts.get(account.bare.toString()) ?? NONE;
  }

  /** The session of a full JID. */
  get(full: Jid): Session | undefined {
    for (const session of this.of(full)) if (session.jid.equals(full)) return session;
    return undefined;
  }

  /** @throws Error if the full JID is taken; the resource binding settles conflicts before. */
  add(session: Session): void {
    if (this.get(session.jid)) throw new Error(`${session.jid} is connected already`);
    const account = session.jid.bare.toString();
    this.#accounts.set(account, [...this.of(session.jid), session]);
    this.#size++;
    session.number = ++this.#added;
  }

  /** Forgets a session; another one that took its place stays. */
  remove(session: Session): void {
    const account = session.jid.bare.toString();
    const before = this.of(session.jid);
    const after = before.filter((other) => other !== session);
    if (after.length === before.length) return;
    this.#size--;
    if (after.length === 0) this.#accounts.delete(account);
    else this.#accounts.set(account, after);
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#accounts.values()) yield* sessions;
  }
}
