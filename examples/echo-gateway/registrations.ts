import type { Jid } from "@rookery/protocol";
import type { Credentials } from "./network.ts";

/** Somebody who uses the gateway. */
export interface Registration extends Credentials {
  /** The bare address: there is one registration for each (XEP-0100 §4.2). */
  readonly user: Jid;
  /** Contacts whose subscription requests the user has seen, so that nobody is asked twice. */
  readonly contacts: readonly string[];
}

/**
 * Where registrations are kept. A real gateway keeps them on a disk, where nobody else can read them:
 * it needs the passwords (XEP-0100 §9).
 */
export interface Registrations {
  get(user: Jid): Promise<Registration | undefined>;
  /** Adds or replaces the one of its user. */
  put(registration: Registration): Promise<void>;
  delete(user: Jid): Promise<void>;
  all(): AsyncIterable<Registration>;
}

/** Registrations that are forgotten when the program ends. */
export class MemoryRegistrations implements Registrations {
  readonly #all: Map<string, Registration> = new Map();

  async get(user: Jid): Promise<Registration | undefined> {
    return this.#all.get(user.toString());
  }

  async put(registration: Registration): Promise<void> {
    this.#all.set(registration.user.toString(), registration);
  }

  async delete(user: Jid): Promise<void> {
    this.#all.delete(user.toString());
  }

  async *all(): AsyncGenerator<Registration> {
    yield* this.#all.values();
  }
}
