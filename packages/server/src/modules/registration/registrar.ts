import { Jid, quoted, StanzaError } from "@rookery/protocol";
import { AccountError } from "../../accounts/accounts.ts";
import type { Host } from "../../host.ts";
import { StorageConflict } from "../../storage/api.ts";
import { nameHeld, type Registrant, type Registration, type RegistrationPass } from "./contract.ts";

/** Fits into every message that a client logs in with. */
export const PASSWORD_LENGTH = 1024;
/** So often others may win the race for a pass of several uses before a registrant is turned away. */
const TRIES = 8;

/** Makes accounts for people: one way for streams and web pages, with the same checks and limits. */
export class Registrar implements Registration {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  isOpenTo(pass: RegistrationPass | undefined): boolean {
    const { mode } = this.#host.registration;
    return mode === "open" || (mode === "invite" && pass !== undefined);
  }

  checkTries(address: string): void {
    if (this.#host.registration.rate.isTired(address)) throw tooMany(address);
  }

  failed(address: string): void {
    this.#host.registration.rate.failed(address);
  }

  async register({ name, password, address, pass }: Registrant): Promise<Jid> {
    if (!this.isOpenTo(pass)) throw this.refusal();
    this.checkTries(address);
    const account = this.#account(name, pass);
    checkPassword(password);
    if (await this.#isTaken(account, pass)) throw this.#conflict(account, address);
    const place = this.#host.registration.rate.take(address);
    if (typeof place !== "function") throw tooMany(place === "address" ? address : undefined);
    try {
      await this.#create(account, password, pass);
    } catch (error) {
      place();
      throw this.#explained(error, account, address);
    }
    await pass?.redeemed(account);
    const facts = { account: account.toString(), address, admin: pass?.admin ?? false };
    this.#host.log.info("somebody made an account", facts);
    return account;
  }

  /** What somebody is told who may not make an account. */
  refusal(): StanzaError {
    const { mode } = this.#host.registration;
    return new StanzaError(
      "not-allowed",
      mode === "invite"
        ? `accounts of ${this.#host.domain} are made with an invitation; ask somebody there for one`
        : `accounts of ${this.#host.domain} are made by its administrators; ask them for one`,
    );
  }

  /** RFC 7622 §3.3: names that are the same are the same account. */
  #account(name: string, pass: RegistrationPass | undefined): Jid {
    let account: Jid;
    try {
      account = Jid.of(name, this.#host.domain.domain);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      throw new StanzaError("not-acceptable", `${quoted(name)} cannot be a name; choose another`);
    }
    if (account.local === "") throw new StanzaError("not-acceptable", "choose a name");
    if (pass?.username === undefined || pass.username === account.local) return account;
    throw new StanzaError(
      "not-acceptable",
      `the invitation is for the name ${quoted(pass.username)}, not for ${quoted(account.local)}`,
    );
  }

  /** Told alike: what is reserved is nobody's business. */
  async #isTaken(account: Jid, pass: RegistrationPass | undefined): Promise<boolean> {
    const { registration, accounts } = this.#host;
    // what an administrator has named is the administrator's to decide
    const decided = pass?.admin === true || pass?.username !== undefined;
    if (!decided && registration.isReserved(account.local)) return true;
    // or whoever comes first would administer the server
    if (!decided && this.#host.isConfiguredAdmin(account)) return true;
    if (await accounts.exists(account)) return true;
    return (await this.#host.run(nameHeld, { account, pass })) === true;
  }

  async #create(account: Jid, password: string, pass: RegistrationPass | undefined): Promise<void> {
    for (let tries = 1; ; tries++) {
      const alongside = (await pass?.redeem(account)) ?? [];
      const options = { admin: pass?.admin ?? false, alongside };
      try {
        await this.#host.administration.create(account, password, options);
        return;
      } catch (error) {
        if (!(error instanceof StorageConflict) || tries >= TRIES) throw error;
      }
    }
  }

  #explained(error: unknown, account: Jid, address: string): unknown {
    if (error instanceof StorageConflict) {
      return new StanzaError(
        "resource-constraint",
        "many are using this invitation at once; try again",
      );
    }
    if (!(error instanceof AccountError)) return error;
    if (error.problem === "exists") return this.#conflict(account, address);
    return new StanzaError("not-acceptable", error.message);
  }

  #conflict(account: Jid, address: string): StanzaError {
    this.failed(address);
    const name = quoted(account.local);
    return new StanzaError("conflict", `the name ${name} is not to be had; choose another`);
  }
}

/** @throws StanzaError `not-acceptable` for a password that is none. */
function checkPassword(password: string): void {
  if (password !== "" && password.length <= PASSWORD_LENGTH) return;
  throw new StanzaError("not-acceptable", `a password has from 1 to ${PASSWORD_LENGTH} characters`);
}

/** @param address the one that made too many, or undefined if it was all together. */
function tooMany(address: string | undefined): StanzaError {
  const who = address === undefined ? "the server takes" : `${address} may make`;
  return new StanzaError(
    "resource-constraint",
    `${who} no more new accounts now; try again in an hour`,
    { type: "wait" },
  );
}
