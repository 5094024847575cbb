/** Easy User Onboarding: what the commands of XEP-0401 (0.6.0) give, and the URIs of invitations. */
import { formatDateTime, parseDateTime } from "../datetime.ts";
import { StanzaError } from "../errors.ts";
import { defineForm, type FormDefinition } from "../form-definition.ts";
import type { Form } from "../forms.ts";
import { Jid } from "../jid.ts";
import { formatXmppUri, parseXmppUri } from "../uri.ts";

/** The nodes of the commands (XEP-0401 §3). */
export const INVITE_COMMANDS: { readonly invite: string; readonly createAccount: string } = {
  invite: "urn:xmpp:invite#invite",
  createAccount: "urn:xmpp:invite#create-account",
};

/** An invitation as its maker gets it (XEP-0401 §5.1). */
export interface InvitationLinks {
  /** The `xmpp:` URI that a client opens. */
  readonly uri: string;
  /** The page for browsers. */
  readonly landingUrl?: string | undefined;
  /** Milliseconds since 1970; absent if it does not expire. */
  readonly expires?: number | undefined;
}

const invitation: FormDefinition<{
  readonly uri: { readonly type: "text-single"; readonly label: string };
  readonly "landing-url": { readonly type: "text-single"; readonly label: string };
  readonly expire: { readonly type: "text-single"; readonly label: string };
}> = defineForm({
  formType: "urn:xmpp:invite#invitation",
  fields: {
    uri: { type: "text-single", label: "Invitation" },
    "landing-url": { type: "text-single", label: "Web page of the invitation" },
    expire: { type: "text-single", label: "Valid until" },
  },
});

/** The form that tells of an invitation. */
export function writeInvitation({ uri, landingUrl, expires }: InvitationLinks): Form {
  const form = invitation.form({
    uri,
    ...(landingUrl !== undefined && { "landing-url": landingUrl }),
    ...(expires !== undefined && { expire: formatDateTime(expires) }),
  });
  return { ...form, type: "result" };
}

/** @throws StanzaError `bad-request` for a form without a URI, or with a time that is none. */
export function readInvitation(form: Form): InvitationLinks {
  const value = (name: string): string | undefined =>
    form.fields.find((field) => field.var === name)?.values[0];
  const uri = value("uri");
  if (uri === undefined) throw new StanzaError("bad-request", "an invitation needs a URI");
  const expire = value("expire");
  return {
    uri,
    landingUrl: value("landing-url"),
    expires: expire === undefined ? undefined : parseDateTime(expire),
  };
}

/** What the URI of an invitation says. */
export type InvitationTarget =
  /** To make an account (XEP-0445 §2.1, §2.2): the address if it is decided, else the domain. */
  | { readonly kind: "account"; readonly jid: Jid; readonly token: string }
  /** To be in touch with somebody (XEP-0379 §3.2), and to make an account for it if `register`. */
  | {
      readonly kind: "contact";
      readonly jid: Jid;
      readonly token: string;
      readonly register: boolean;
    };

/**
 * Writes the URI of an invitation.
 * @example
 * invitationUri({ kind: "contact", jid: Jid.parse("romeo@example.org"), token: "TOKEN", register: true })
 * // "xmpp:romeo@example.org?roster;preauth=TOKEN;ibr=y"
 */
export function invitationUri(target: InvitationTarget): string {
  const pairs: [string, string][] = [["preauth", target.token]];
  if (target.kind === "contact" && target.register) pairs.push(["ibr", "y"]);
  const action = target.kind === "account" ? "register" : "roster";
  return formatXmppUri({ to: target.jid, query: { action, pairs } });
}

/**
 * Reads the URI of an invitation; undefined for any other XMPP URI.
 * @throws StanzaError as `parseXmppUri` does.
 */
export function readInvitationUri(uri: string): InvitationTarget | undefined {
  const { to, query } = parseXmppUri(uri);
  const pairs = new Map(query?.pairs);
  const token = pairs.get("preauth");
  if (to === undefined || !to.isBare || token === undefined || token === "") return undefined;
  if (query?.action === "register") return { kind: "account", jid: to, token };
  if (query?.action !== "roster" || to.local === "") return undefined;
  return { kind: "contact", jid: to, token, register: pairs.get("ibr") === "y" };
}
