/** In-Band Registration before login: XEP-0077 §3.1.1, §8. */
import {
  defineForm,
  type FormDefinition,
  REGISTER_NS,
  type RegisterQuery,
  registerFeature,
  registerQuery,
  type Stanza,
  StanzaError,
  StreamError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Host } from "../../host.ts";
import { answerBeforeLogin } from "../../streams/answer-iq.ts";
import { type C2sStream, mayTakePasswords, type StreamFeature } from "../../streams/feature.ts";
import { type RegistrationPass, registrationPass } from "./contract.ts";
import type { Registrar } from "./registrar.ts";

const INSTRUCTIONS = "Choose a name and a password for your account.";

/** What is asked for when the fields come as a form (§4). */
const form: FormDefinition<{
  readonly username: { readonly type: "text-single" };
  readonly password: { readonly type: "text-private" };
}> = defineForm({
  formType: REGISTER_NS,
  fields: {
    username: { type: "text-single" },
    password: { type: "text-private" },
  },
});

/** What a stream has tried. */
interface Tried {
  failures: number;
  registered: boolean;
}

/** Makes accounts on streams that have not logged in. */
export class RegistrationFeature implements StreamFeature {
  readonly name: string = "register";
  readonly ns: string = REGISTER_NS;
  readonly byIq: boolean = true;
  readonly #host: Host;
  readonly #registrar: Registrar;
  readonly #tried: WeakMap<C2sStream, Tried> = new WeakMap();

  constructor(host: Host, registrar: Registrar) {
    this.#host = host;
    this.#registrar = registrar;
  }

  offer(stream: C2sStream): Element | undefined {
    const { mode } = this.#host.registration;
    const isOffered = stream.user === undefined && mode !== "closed" && mayTakePasswords(stream);
    return isOffered ? registerFeature.write({}) : undefined;
  }

  negotiate(stream: C2sStream, element: Element): void | Promise<void> {
    return answerBeforeLogin(
      stream,
      element,
      (iq) => this.#answer(stream, iq),
      () => this.#endIfTired(stream),
    );
  }

  #answer(stream: C2sStream, iq: Stanza): Promise<Element | undefined> | Element | undefined {
    const { mode } = this.#host.registration;
    if (mode === "closed") {
      throw new StanzaError("service-unavailable", "accounts are made by the administrators here");
    }
    if (!mayTakePasswords(stream)) {
      throw new StanzaError("not-authorized", "TLS comes before a registration: XEP-0077 §11");
    }
    const query = registerQuery.read(iq.payload[0] as Element);
    return after(this.#host.run(registrationPass, stream), (pass) =>
      iq.type === "get" ? this.#describe(stream, pass) : this.#register(stream, query, pass),
    );
  }

  /** §3.1: what is asked for. */
  #describe(stream: C2sStream, pass: RegistrationPass | undefined): Element {
    if (!this.#registrar.isOpenTo(pass)) throw this.#registrar.refusal();
    stream.extendLogin(this.#host.limits.registrationSeconds);
    return registerQuery.write({
      instructions: INSTRUCTIONS,
      fields: { username: pass?.username ?? "", password: "" },
    });
  }

  async #register(
    stream: C2sStream,
    query: RegisterQuery,
    pass: RegistrationPass | undefined,
  ): Promise<undefined> {
    if (query.remove === true) {
      throw new StanzaError("unexpected-request", "log in to the account that is to be removed");
    }
    if (query.form?.type === "cancel") return undefined;
    const tried = this.#tried.get(stream) ?? { failures: 0, registered: false };
    this.#tried.set(stream, tried);
    if (tried.registered) {
      throw new StanzaError("not-acceptable", "there is an account already; log in to it");
    }
    try {
      const { username = "", password = "" } = query.form ? form.read(query.form) : query.fields;
      const { address } = stream.connection;
      await this.#registrar.register({ name: username, password, address, pass });
      tried.registered = true;
    } catch (error) {
      tried.failures++;
      throw error;
    }
  }

  /** §3.1.1: whoever tries for too long is sent away. */
  #endIfTired(stream: C2sStream): void {
    const failures = this.#tried.get(stream)?.failures ?? 0;
    if (failures < stream.services.limits.authenticationTries) return;
    stream.close(new StreamError("policy-violation", "too many failed attempts to register"));
  }
}
