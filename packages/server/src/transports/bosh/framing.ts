import type { StreamErrorCondition } from "@rookery/protocol";
import { elementFraming, type Framing, STREAM_PREFIXES } from "@rookery/stream";
import { serialize } from "@rookery/xml";
import { HTTPBIND } from "./namespaces.ts";

/**
 * What stands inside a `<body/>`: elements that declare their namespaces, but for the prefix
 * `stream`, which the `<body/>` declares (XEP-0206 §2). A stream has neither start nor end there
 * (§3): attributes of the `<body/>` say what they would.
 */
export const boshFraming: Framing = {
  header: () => "",
  close: "",
  element: (element) => serialize(element, HTTPBIND, STREAM_PREFIXES),
  stanza: (xml) => elementFraming.stanza(xml),
};

/** Whether a text of this framing needs the prefix `stream` around it. */
export function hasStreamPrefix(text: string): boolean {
  return text.startsWith("<stream:");
}

/** The condition, if a text of this framing is a stream error. */
export function streamErrorIn(text: string): StreamErrorCondition | undefined {
  return ERROR.exec(text)?.[1] as StreamErrorCondition | undefined;
}

const ERROR = /^<stream:error><([a-z-]+)/u;
