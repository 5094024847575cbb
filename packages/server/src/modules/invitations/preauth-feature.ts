/** Pre-Authenticated In-Band Registration: XEP-0445 §3, §4. */
import { ibrTokenFeature, preauth, type Stanza, StanzaError, StreamError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Host } from "../../host.ts";
import { answerBeforeLogin } from "../../streams/answer-iq.ts";
import { type C2sStream, mayTakePasswords, type StreamFeature } from "../../streams/feature.ts";
import type { RegistrationPass } from "../registration/contract.ts";
import type { InvitationService } from "./service.ts";

/** Takes the tokens of clients that have not logged in. */
export class PreauthFeature implements StreamFeature {
  readonly name: string = "ibr-token";
  readonly ns: string = preauth.ns;
  readonly byIq: boolean = true;
  readonly #host: Host;
  readonly #service: InvitationService;
  readonly #shown: WeakMap<C2sStream, RegistrationPass> = new WeakMap();
  readonly #failures: WeakMap<C2sStream, number> = new WeakMap();

  constructor(host: Host, service: InvitationService) {
    this.#host = host;
    this.#service = service;
  }

  /** What the client on a stream has shown. */
  passOf(stream: C2sStream): RegistrationPass | undefined {
    return this.#shown.get(stream);
  }

  offer(stream: C2sStream): Element | undefined {
    const { mode } = this.#host.registration;
    const isOffered = stream.user === undefined && mode !== "closed" && mayTakePasswords(stream);
    return isOffered ? ibrTokenFeature.write({}) : undefined;
  }

  negotiate(stream: C2sStream, element: Element): void | Promise<void> {
    return answerBeforeLogin(
      stream,
      element,
      (iq) => this.#take(stream, iq),
      () => this.#endIfTired(stream),
    );
  }

  async #take(stream: C2sStream, iq: Stanza): Promise<undefined> {
    if (iq.type !== "set")
      throw new StanzaError("bad-request", "a token is sent by an IQ of type set");
    if (!mayTakePasswords(stream)) {
      throw new StanzaError("not-authorized", "TLS comes before a registration");
    }
    const { token } = preauth.read(iq.payload[0] as Element);
    try {
      this.#shown.set(stream, await this.#service.passOf(token, stream.connection.address));
    } catch (error) {
      this.#failures.set(stream, (this.#failures.get(stream) ?? 0) + 1);
      throw error;
    }
  }

  #endIfTired(stream: C2sStream): void {
    if ((this.#failures.get(stream) ?? 0) < stream.services.limits.authenticationTries) return;
    stream.close(new StreamError("policy-violation", "too many invitations that are not valid"));
  }
}
