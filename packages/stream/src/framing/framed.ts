import { NS } from "@rookery/protocol";
import { el, serialize } from "@rookery/xml";
import { STREAM_PREFIXES } from "../header.ts";
import type { Framing } from "./framing.ts";

/** The namespace of `<open/>` and `<close/>` (RFC 7395 §3.3). */
export const FRAMING_NS = "urn:ietf:params:xml:ns:xmpp-framing";

/**
 * Every element stands alone and declares its namespaces itself, as nothing is around it (RFC 7395
 * §3.3): WebSocket.
 */
export const elementFraming: Framing = {
  header({ from, to, id, version = { major: 1, minor: 0 }, lang }) {
    const attrs = {
      from,
      to,
      id,
      version: `${version.major}.${version.minor}`,
      "xml:lang": lang,
    };
    return serialize(el(FRAMING_NS, "open", attrs));
  },
  close: `<close xmlns='${FRAMING_NS}'/>`,
  element(element) {
    if (element.ns !== NS.streams) return serialize(element);
    // many clients look for the prefix (RFC 6120 §4.8.5); what is inside is in scope of it too
    return declare(serialize(element, "", STREAM_PREFIXES), `stream:${element.name}`, PREFIX);
  },
  stanza(xml) {
    const name = stanzaName(xml);
    return name === undefined ? xml : declare(xml, name, DEFAULT);
  },
};

const PREFIX = ` xmlns:stream='${NS.streams}'`;
const DEFAULT = ` xmlns='${NS.client}'`;

/** Puts a declaration behind the name of the outermost element. */
function declare(xml: string, name: string, declaration: string): string {
  const end = name.length + 1;
  return `${xml.slice(0, end)}${declaration}${xml.slice(end)}`;
}

/** Which of the three stanzas a text is, if one without a declaration (RFC 6120 §8). */
function stanzaName(xml: string): string | undefined {
  for (const name of STANZAS) {
    if (xml.startsWith(name, 1))
      return xml.startsWith(" xmlns=", name.length + 1) ? undefined : name;
  }
  return undefined;
}

const STANZAS = ["message", "presence", "iq"];
