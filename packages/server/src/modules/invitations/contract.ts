/** Invitations for others: the page they lead to, the command line, modules of one's own. */
export {
  type Invitation,
  type InvitationKind,
  type Invitations,
  type InvitedRegistrant,
  invitations,
  type MadeInvitation,
  type NewInvitation,
} from "../../registration/invitations.ts";

/** Where the page of an invitation is, below the address of the web; the token follows. */
export const LANDING_PATH = "/invite/";
