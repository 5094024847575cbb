/** Fields that several forms of XEP-0133 have, and what is checked of their values. */
import { commandError, type FieldDefinition, type Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";

/** Fits into every message that a client logs in with. */
const PASSWORD_LENGTH = 1024;

export const ACCOUNT_JID: { readonly type: "jid-single"; readonly required: true } = {
  type: "jid-single",
  required: true,
};

export const ACCOUNT_JIDS: { readonly type: "jid-multi"; readonly required: true } = {
  type: "jid-multi",
  required: true,
};

export const PASSWORD: FieldDefinition & { readonly type: "text-private" } = {
  type: "text-private",
  required: true,
  maxLength: PASSWORD_LENGTH,
};

/** @throws StanzaError `bad-payload` for what is not a user of the host, or names a resource of one. */
export function checkAccount(host: Host, jid: Jid): Jid {
  checkUser(host, jid);
  if (jid.isBare) return jid;
  throw commandError("bad-payload", `"${jid}" has a resource; write "${jid.bare}"`);
}

/** As `checkAccount`, but a resource may be named. */
export function checkUser(host: Host, jid: Jid): Jid {
  if (jid.local !== "" && jid.domain === host.domain.domain) return jid;
  throw commandError("bad-payload", `"${jid}" is not a user of ${host.domain}`);
}
