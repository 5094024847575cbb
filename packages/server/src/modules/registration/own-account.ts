/** What people do with the account they are logged in to: XEP-0077 §3.2, §3.3. */
import {
  Jid,
  quoted,
  REGISTER_NS,
  type RegisterQuery,
  registerQuery,
  StanzaError,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { AccountError } from "../../accounts/accounts.ts";
import type { Host } from "../../host.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import { isConfidential } from "../../streams/feature.ts";
import type { Departures } from "./departures.ts";
import { PASSWORD_LENGTH } from "./registrar.ts";

/** Answers for logged-in accounts of the host, whether they ask it or themselves. */
export function offerOwnAccount(host: Host, departures: Departures): void {
  const own = new OwnAccount(host, departures);
  host.feature("host", REGISTER_NS);
  for (const target of ["own", "host"] as const) {
    host.iq(target, "get", registerQuery, (request) => own.describe(request));
    host.iq(target, "set", registerQuery, (request) => own.change(request));
  }
}

class OwnAccount {
  readonly #host: Host;
  readonly #departures: Departures;

  constructor(host: Host, departures: Departures) {
    this.#host = host;
    this.#departures = departures;
  }

  /** §3.1: who asks is registered already; the password is nobody's to read. */
  describe(request: IqRequest<RegisterQuery>): Element {
    const { local } = this.#asker(request);
    return registerQuery.write({ registered: true, fields: { username: local, password: "" } });
  }

  async change(request: IqRequest<RegisterQuery>): Promise<IqAnswer> {
    const account = this.#asker(request);
    const { query, session } = request;
    if (query.remove === true) return this.#remove(account);
    const { username, password } = query.fields;
    if (username === undefined || password === undefined || password === "") {
      throw new StanzaError(
        "bad-request",
        "another password is set by the name of the account and the password",
      );
    }
    if (session?.get(isConfidential) !== true) {
      throw new StanzaError("not-authorized", "a password is changed within TLS: XEP-0077 §3.3");
    }
    if (!isName(username, account)) {
      throw new StanzaError("not-allowed", `${quoted(username)} is not the name of ${account}`);
    }
    if (password.length > PASSWORD_LENGTH) {
      throw new StanzaError(
        "not-acceptable",
        `a password has from 1 to ${PASSWORD_LENGTH} characters`,
      );
    }
    await this.#host.administration.setPassword(account, password, session).catch(explain);
    return {};
  }

  /** §3.2: the answer comes when it is certain, and then the sessions end. */
  async #remove(account: Jid): Promise<IqAnswer> {
    if (this.#host.isConfiguredAdmin(account)) {
      // or the next owner of the name would be one
      const advice = "take it from `admins` in the configuration first";
      throw new StanzaError("not-allowed", `${account} administers the server; ${advice}`);
    }
    await this.#departures.announce(account);
    return { afterwards: () => this.#departures.complete(account) };
  }

  /** @throws StanzaError as for something that is not offered, for who has no account of this host. */
  #asker({ iq, session }: IqRequest<unknown>): Jid {
    const account = iq.from.bare;
    const isGuest = this.#host.accounts.isGuest?.(account) ?? false;
    if (session !== undefined && account.domain === this.#host.domain.domain && !isGuest) {
      return account;
    }
    throw new StanzaError("service-unavailable", `this is for accounts of ${this.#host.domain}`);
  }
}

/** True for the localpart of an account as its owner types it, or its whole address. */
function isName(text: string, account: Jid): boolean {
  if (Jid.tryParse(text)?.equals(account)) return true;
  try {
    return Jid.of(text, account.domain).equals(account);
  } catch {
    return false;
  }
}

function explain(error: unknown): never {
  if (!(error instanceof AccountError)) throw error;
  throw new StanzaError("not-acceptable", error.message);
}
