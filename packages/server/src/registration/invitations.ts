/**
 * What an invitation is, and what the module `invitations` offers: here, and not in the module, since
 * the command line reaches it from below.
 */
import type { InvitationLinks, Jid } from "@rookery/protocol";
import type { ModuleRef } from "../host.ts";

/** To make an account, or to be in touch with the inviter (and make an account for it). */
export type InvitationKind = "account" | "contact";

/** What is told of an invitation. Whoever has its token may use it; the token itself is not kept. */
export interface Invitation {
  /** Names it for those who administer it; of no use for anything else. */
  readonly id: string;
  readonly kind: InvitationKind;
  /** The domain it is for. */
  readonly domain: Jid;
  /** The account that invites; undefined if it is the server's operator. */
  readonly inviter: Jid | undefined;
  /** The localpart that is kept for who is invited. */
  readonly username: string | undefined;
  /** The account that is made administers the server. */
  readonly admin: boolean;
  /** An account may be made with it, as things stand. */
  readonly register: boolean;
  /** The inviter and the new account become contacts. */
  readonly subscribe: boolean;
  /** How often it can be used yet; at least once. */
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
}

/** An invitation to be made. */
export interface NewInvitation {
  readonly kind: InvitationKind;
  /** A bare JID of the domain; an invitation to be in touch needs one. */
  readonly inviter?: Jid | undefined;
  readonly username?: string | undefined;
  readonly admin?: boolean | undefined;
  /** Inviter and account become contacts; true if left out. */
  readonly subscribe?: boolean | undefined;
  /** Once if left out. */
  readonly uses?: number | undefined;
  /** How long it is valid; `days` of the module's options if left out. */
  readonly days?: number | undefined;
  /** The one for a server without accounts: it takes the place of an earlier one. */
  readonly first?: boolean | undefined;
}

/** An invitation with its token, which is told this once. */
export interface MadeInvitation {
  readonly invitation: Invitation;
  readonly token: string;
  readonly links: InvitationLinks;
}

/** Somebody who makes an account on the page of an invitation. */
export interface InvitedRegistrant {
  readonly token: string;
  /** The localpart, as typed. */
  readonly name: string;
  readonly password: string;
  /** The address it comes from, for the limits. */
  readonly address: string;
}

export interface Invitations {
  /**
   * Makes an invitation; it is committed when the promise resolves.
   * @throws StanzaError `not-allowed` where nobody may make accounts, `conflict` for a name that is
   * not to be had, `resource-constraint` if too many are open, `bad-request` for what cannot be.
   */
  create(wanted: NewInvitation): Promise<MadeInvitation>;
  /**
   * What a token is good for; undefined if it is unknown, used up or expired. Tries are to be bounded
   * by who asks for others: tokens have 130 random bits, so that guessing them leads nowhere.
   */
  lookUp(token: string): Promise<Invitation | undefined>;
  /** The `xmpp:` URI and the web page of an invitation. */
  links(invitation: Invitation, token: string): InvitationLinks;
  /** Open invitations, those of one account or all of the domain, oldest first. */
  list(inviter?: Jid): Promise<readonly Invitation[]>;
  /**
   * Takes an invitation back.
   * @param inviter whose it must be; anyone's if left out.
   * @returns false if there is none.
   */
  revoke(id: string, inviter?: Jid): Promise<boolean>;
  /**
   * Makes an account with an invitation, with the checks and limits of In-Band Registration. The
   * caller has to see to it that the password did not come in the clear.
   *
   * @returns the new account.
   * @throws StanzaError as `Registration.register` does, or `item-not-found` for a token that is no
   * good. The text is for people.
   */
  register(registrant: InvitedRegistrant): Promise<Jid>;
}

/** For `requires` and `host.use`. */
export const invitations: ModuleRef<Invitations> = { name: "invitations" };
