import { StanzaError } from "@rookery/protocol";
import { type Invitation, type Invitations, invitations } from "../registration/invitations.ts";
import type { VirtualHost } from "../virtual-host.ts";
import { AdminError, type AdminErrorCode } from "./errors.ts";

/** An invitation as administrators ask for it. */
export interface InvitationWish {
  /** Where it is for; the main domain if left out. */
  readonly domain?: string;
  /** The account it makes administers the server. */
  readonly admin?: boolean;
  /** The localpart that the account gets; whoever is invited chooses if left out. */
  readonly name?: string;
  /** How many accounts it makes; one if left out. */
  readonly uses?: number;
  /** How many days it is valid. */
  readonly days?: number;
  /** The one for a server without accounts; it takes the place of an earlier one. */
  readonly first?: boolean;
}

/** What is told of an open invitation. */
export interface InvitationFacts {
  readonly id: string;
  readonly domain: string;
  readonly kind: "account" | "contact";
  /** The account that invites; absent if it is the server's operator. */
  readonly inviter?: string;
  /** The localpart that is kept for who is invited. */
  readonly name?: string;
  readonly admin: boolean;
  /** How often it can be used yet. */
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** An invitation that was just made, with its links. */
export interface InvitationMade extends InvitationFacts {
  /** For clients. */
  readonly uri: string;
  /** For browsers; absent where there is no web. */
  readonly url?: string;
}

/** Makes an invitation of a host. @throws AdminError */
export async function createInvitation(
  host: VirtualHost,
  { admin, name, uses, days, first }: InvitationWish,
): Promise<InvitationMade> {
  const wanted = { kind: "account", admin, username: name, uses, days, first } as const;
  const { invitation, links } = await invitationsOf(host).create(wanted).catch(explain);
  return {
    ...factsOf(invitation),
    uri: links.uri,
    ...(links.landingUrl !== undefined && { url: links.landingUrl }),
  };
}

/** All open invitations of a host, oldest first. @throws AdminError */
export async function listInvitations(host: VirtualHost): Promise<readonly InvitationFacts[]> {
  return (await invitationsOf(host).list()).map(factsOf);
}

/** Takes an invitation back. @returns false if the host has none of this id. @throws AdminError */
export function revokeInvitation(host: VirtualHost, id: string): Promise<boolean> {
  return invitationsOf(host).revoke(id);
}

function invitationsOf(host: VirtualHost): Invitations {
  const offer = host.modules.offer(invitations);
  if (offer !== undefined) return offer;
  throw new AdminError(
    "refused",
    "the module invitations is left out; take `invitations: false` out of `modules`",
  );
}

function factsOf(invitation: Invitation): InvitationFacts {
  const { id, domain, kind, inviter, username, admin, uses, expires } = invitation;
  return {
    id,
    domain: domain.toString(),
    kind,
    ...(inviter && { inviter: inviter.toString() }),
    ...(username !== undefined && { name: username }),
    admin,
    uses,
    expires,
  };
}

function explain(error: unknown): never {
  if (!(error instanceof StanzaError)) throw error;
  throw new AdminError(codeOf(error), error.message);
}

function codeOf({ condition }: StanzaError): AdminErrorCode {
  switch (condition) {
    case "conflict":
      return "already-exists";
    case "bad-request":
    case "jid-malformed":
      return "bad-request";
    default:
      return "refused";
  }
}
