import { type Codec, type Jid, type Stanza, StanzaError } from "@rookery/protocol";
import type { Maybe } from "./hooks.ts";
import { type IqHandler, IqHandlers } from "./iq.ts";
import type { Destination, Router } from "./router.ts";
import type { SessionTable } from "./sessions/table.ts";

/** A domain of its own that a module speaks for, such as `upload.example.org`. */
export interface Service {
  readonly domain: Jid;
  /** Answers requests to the domain with this payload. */
  iq<T>(type: "get" | "set", codec: Codec<T>, handler: IqHandler<T>): void;
}

/** A service that only answers requests: messages to it come back, presence is of no interest. */
export class ServiceDomain implements Service, Destination {
  readonly domain: Jid;
  readonly #iq: IqHandlers;
  readonly #sessions: Pick<SessionTable, "get">;

  constructor(domain: Jid, router: Router, sessions: Pick<SessionTable, "get">) {
    this.domain = domain;
    this.#iq = new IqHandlers(router);
    this.#sessions = sessions;
  }

  iq<T>(type: "get" | "set", codec: Codec<T>, handler: IqHandler<T>): void {
    this.#iq.add("host", type, codec, handler);
  }

  /** @throws StanzaError `service-unavailable` for what nothing here handles (RFC 6120 §8.4). */
  deliver(stanza: Stanza): Maybe<void> {
    if (stanza.isRequest) {
      if (stanza.to?.local !== "") throw new StanzaError("service-unavailable");
      const session = this.#sessions.get(stanza.from);
      return this.#iq.answer(stanza, ["host"], this.domain, session);
    }
    if (stanza.kind === "message" && stanza.type !== "error") {
      throw new StanzaError("service-unavailable", `${this.domain} takes no messages`);
    }
  }
}
