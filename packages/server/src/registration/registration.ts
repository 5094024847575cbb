/**
 * What the module `registration` offers: here, and not in the module, since the pages of the web
 * reach it from above.
 */
import type { Jid } from "@rookery/protocol";
import type { ModuleRef } from "../host.ts";
import type { Write } from "../storage/api.ts";

/** What lets somebody make one account where not everybody may. */
export interface RegistrationPass {
  /** The localpart that the account has to have; undefined if the registrant chooses. */
  readonly username: string | undefined;
  /** The account is to administer the server. */
  readonly admin: boolean;
  /**
   * Writes that use the pass up, to be committed with the account and not without it. Asked again
   * if others changed it meanwhile.
   * @throws StanzaError if it is used up.
   */
  redeem(account: Jid): Promise<readonly Write[]>;
  /** The account is there. What is awaited here is done before the registrant hears of it. */
  redeemed(account: Jid): Promise<void>;
}

/** Who wants to make an account. */
export interface Registrant {
  /** The localpart, as typed. */
  readonly name: string;
  readonly password: string;
  /** The address it comes from, for the limits. */
  readonly address: string;
  readonly pass?: RegistrationPass | undefined;
}

/** Making accounts in one's own name, by whatever way. */
export interface Registration {
  /** True if somebody with this pass, or without any, may make an account here at all. */
  isOpenTo(pass: RegistrationPass | undefined): boolean;
  /**
   * Makes an account. It is committed, with all that its pass brings, when the promise resolves. The
   * caller has to see to it that the password did not come in the clear.
   *
   * @throws StanzaError `not-allowed` without the pass that is needed, `conflict` for a name that is
   * taken or reserved, `not-acceptable` for a name or a password that cannot be, `resource-constraint`
   * beyond the limits, or as the pass does. The text is for people.
   */
  register(registrant: Registrant): Promise<Jid>;
  /**
   * To be asked before something that can be tried again and again, as a token.
   * @throws StanzaError `resource-constraint` for an address that has failed too often.
   */
  checkTries(address: string): void;
  /** Counts a try that failed. */
  failed(address: string): void;
}

/** For `requires` and `host.use`. */
export const registration: ModuleRef<Registration> = { name: "registration" };
