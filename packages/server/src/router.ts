import { type Stanza, StanzaError } from "@rookery/protocol";
import type { Maybe } from "./hooks.ts";
import type { Log } from "./log.ts";

/** What a domain's stanzas are given to: a host, a service, a component, another server. */
export interface Destination {
  /** @throws StanzaError to have the sender answered. */
  deliver(stanza: Stanza): Maybe<void>;
}

/**
 * The one way out for every stanza (RFC 6120 §10): by the domain of its `to`.
 *
 * It never throws: what goes wrong becomes an error to the sender.
 */
export class Router {
  readonly #destinations: Map<string, Destination> = new Map();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Makes a destination answer for a domain.
   * @returns a function that gives the domain up.
   * @throws Error if the domain is claimed already.
   */
  claim(domain: string, destination: Destination): () => void {
    if (this.#destinations.has(domain)) throw new Error(`the domain ${domain} is claimed already`);
    this.#destinations.set(domain, destination);
    return () => {
      if (this.#destinations.get(domain) === destination) this.#destinations.delete(domain);
    };
  }

  /** True if something answers for a domain. */
  isClaimed(domain: string): boolean {
    return this.#destinations.has(domain);
  }

  /** Sends a stanza on its way; it must be addressed. The promise, if any, is of local handling. */
  route(stanza: Stanza): Maybe<void> {
    return this.guard(stanza, this.#deliver);
  }

  /** Does something with a stanza; what is thrown is answered to the sender. */
  guard(stanza: Stanza, work: (stanza: Stanza) => Maybe<void>): Maybe<void> {
    try {
      const done = work(stanza);
      if (!(done instanceof Promise)) return;
      return done.catch((error: unknown) => this.refuse(stanza, error));
    } catch (error) {
      this.refuse(stanza, error);
    }
  }

  /** Answers the sender with an error (RFC 6120 §8.3), unless the stanza is an answer itself. */
  refuse(stanza: Stanza, error: unknown): void {
    if (!(error instanceof StanzaError)) this.report(stanza, error);
    const answer = stanza.error(
      error instanceof StanzaError
        ? error
        : new StanzaError("internal-server-error", "", { type: "wait" }),
    );
    if (answer !== undefined) void this.route(answer);
  }

  /** Tells the log of a fault of ours, where the sender is not to be answered (again). */
  report(stanza: Stanza, error: unknown): void {
    this.#log.error("a stanza could not be handled", { error, kind: stanza.kind });
  }

  readonly #deliver = (stanza: Stanza): Maybe<void> => {
    const { to } = stanza;
    if (to === undefined) throw new Error("a stanza without an address cannot be routed");
    const destination = this.#destinations.get(to.domain);
    if (destination === undefined) {
      throw new StanzaError(
        "remote-server-not-found",
        `${to.domain} is not served here, and other servers are not reached`,
      );
    }
    return destination.deliver(stanza);
  };
}
