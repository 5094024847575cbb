import { NS } from "@rookery/protocol";
import { type Element, serialize } from "@rookery/xml";
import { STREAM_PREFIXES, type StreamHeaderFields, writeStreamHeader } from "../header.ts";

/**
 * How the things of a stream are written on a transport. Each text that is given is one thing: a
 * header, an element, an end.
 */
export interface Framing {
  /** What opens a stream (RFC 6120 §4.2). */
  header(fields: StreamHeaderFields): string;
  /** What closes it (RFC 6120 §4.4). */
  readonly close: string;
  /** An element that is no stanza: features, errors, what is negotiated. */
  element(element: Element): string;
  /**
   * A stanza, from its text for a stream of the namespace `jabber:client`, as `toXml()` gives it;
   * the text of an element that declares its namespace stays as it is.
   */
  stanza(xml: string): string;
}

/** A stream of bytes that is one XML document (RFC 6120 §4): TCP. */
export const documentFraming: Framing = {
  header: writeStreamHeader,
  close: "</stream:stream>",
  element: (element) => serialize(element, NS.client, STREAM_PREFIXES),
  stanza: (xml) => xml,
};
