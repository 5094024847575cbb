import { NS } from "@rookery/protocol";
import { type AttributeValues, el, serializeOpen } from "@rookery/xml";
import { HTTPBIND, XBOSH } from "./namespaces.ts";

/** Text that stands inside a `<body/>`. */
export interface BodyContent {
  readonly text: string;
  /** It has elements with the prefix `stream`, which XMPP's clients look for (XEP-0206 §2). */
  readonly streams: boolean;
}

export const NO_CONTENT: BodyContent = { text: "", streams: false };

/** The body of a response (XEP-0124 §6). Attributes of XEP-0206 are named `{urn:xmpp:xbosh}name`. */
export function writeBody(attrs: AttributeValues, { text, streams }: BodyContent): string {
  const prefixes = streams ? WITH_STREAMS : NO_PREFIXES;
  const open = serializeOpen(el(HTTPBIND, "body", attrs), HTTPBIND, {
    ...prefixes,
    ...(Object.keys(attrs).some((name) => name.startsWith(XBOSH_KEY)) && { [XBOSH]: "xmpp" }),
  }).slice(DECLARATION.length);
  return text === "" ? `${open.slice(0, -1)}/>` : `${open}${text}</body>`;
}

const DECLARATION = "<?xml version='1.0'?>";
const XBOSH_KEY = `{${XBOSH}}`;
const NO_PREFIXES = {};
const WITH_STREAMS = { [NS.streams]: "stream" };
