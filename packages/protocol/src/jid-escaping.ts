/**
 * JID Escaping (XEP-0106 1.1.1): localparts that people see with characters that RFC 7622 §3.3.1 does
 * not allow in them. Escaped localparts are what travels and what is compared; the unescaped form is
 * for display and for gateways only.
 */
import { StanzaError } from "./errors.ts";

/** The feature by which an entity says that it escapes and unescapes (XEP-0106 §6). */
export const JID_ESCAPING = "jid\\20escaping";

/**
 * Makes a localpart of a text such as a person types it or another system has it. A backslash is
 * escaped only where what it begins would read as an escape (§4.1 rule 7).
 *
 * @param text the localpart alone, without "@" and domain; URIs decoded before.
 * @throws StanzaError `jid-malformed` if it begins or ends with a space (§4.1 rule 6).
 */
export function escapeLocalpart(text: string): string {
  if (text.startsWith(" ") || text.endsWith(" ")) {
    throw new StanzaError(
      "jid-malformed",
      "a localpart that begins or ends with a space cannot be escaped (XEP-0106 §4.1); remove the space",
    );
  }
  return text.replace(TO_ESCAPE, (char) => `\\${char.charCodeAt(0).toString(16)}`);
}

/**
 * What a localpart is shown as. Sequences that are no escapes stay as they are (§4.3), and so does
 * `\20` at either end, where no escaped localpart has it.
 */
export function unescapeLocalpart(localpart: string): string {
  return localpart.replace(ESCAPED, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Case is significant: only lower-case hex digits (§3.1). */
const TO_ESCAPE = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/gu;
const ESCAPED = /\\((?<!^\\)20(?!$)|22|26|27|2f|3a|3c|3e|40|5c)/gu;
