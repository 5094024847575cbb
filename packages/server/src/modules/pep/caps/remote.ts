import type { Jid } from "@rookery/protocol";
import { type Interest, type InterestKeeper, NO_INTEREST } from "./interest.ts";

interface Resource {
  readonly jid: Jid;
  interest: Interest;
}

/**
 * Resources of contacts on other servers that are online, by the account that may notify them. Those
 * of this server are known by their sessions.
 */
export class RemoteResources {
  readonly #bound: number;
  /** Accounts in the order in which they got someone last. */
  readonly #accounts: Map<string, Map<string, Resource>> = new Map();
  #count = 0;

  /** @param bound of all accounts together, 0 for none; beyond it, the oldest are forgotten. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  has(account: Jid, jid: Jid): boolean {
    return this.#accounts.get(account.toString())?.has(jid.toString()) ?? false;
  }

  interestOf(account: Jid, jid: Jid): Interest {
    return this.#accounts.get(account.toString())?.get(jid.toString())?.interest ?? NO_INTEREST;
  }

  /** The resources that want to be notified of a node. */
  interested(account: Jid, node: string): readonly Jid[] {
    const found: Jid[] = [];
    for (const { jid, interest } of this.#accounts.get(account.toString())?.values() ?? []) {
      if (interest.nodes.has(node)) found.push(jid);
    }
    return found;
  }

  /** A contact is online. */
  add(account: Jid, jid: Jid): InterestKeeper {
    const key = account.toString();
    const resources = this.#accounts.get(key) ?? new Map<string, Resource>();
    this.#accounts.delete(key);
    this.#accounts.set(key, resources);
    if (!resources.has(jid.toString())) {
      resources.set(jid.toString(), { jid, interest: NO_INTEREST });
      this.#count++;
    }
    this.#shrink();
    return {
      get: () => this.#accounts.get(key)?.get(jid.toString())?.interest,
      set: (interest) => {
        const resource = this.#accounts.get(key)?.get(jid.toString());
        if (resource) resource.interest = interest;
      },
    };
  }

  /** A contact is offline: one resource, or all of a bare JID. */
  remove(account: Jid, jid: Jid): void {
    const resources = this.#accounts.get(account.toString());
    for (const [key, resource] of resources ?? []) {
      const isMeant = jid.isBare ? resource.jid.bare.equals(jid) : resource.jid.equals(jid);
      if (isMeant && resources?.delete(key)) this.#count--;
    }
    if (resources?.size === 0) this.#accounts.delete(account.toString());
  }

  forget(account: Jid): void {
    this.#count -= this.#accounts.get(account.toString())?.size ?? 0;
    this.#accounts.delete(account.toString());
  }

  #shrink(): void {
    for (const [key, resources] of this.#accounts) {
      for (const resource of resources.keys()) {
        if (this.#bound === 0 || this.#count <= this.#bound) return;
        resources.delete(resource);
        this.#count--;
      }
      if (resources.size === 0) this.#accounts.delete(key);
    }
  }
}
