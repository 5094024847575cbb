import { NS, StreamError } from "@rookery/protocol";
import { el, type Prefixes, type StreamOpen, serializeOpen } from "@rookery/xml";

/** A version of XMPP (RFC 6120 §4.7.5). */
export interface StreamVersion {
  readonly major: number;
  readonly minor: number;
}

/** What a stream header says (RFC 6120 §4.7); its addresses are as they came, not prepared. */
export interface StreamHeader {
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly id: string | undefined;
  /** The lower one of the peer's version and ours, which is 1.0. */
  readonly version: StreamVersion;
  readonly lang: string | undefined;
  /** The content namespace: one of those that were expected. */
  readonly defaultNs: string;
}

/**
 * Reads the header of a stream (RFC 6120 §4.7, §4.8).
 *
 * @param contentNs the content namespaces that may be spoken here.
 * @param lowestMajor the lowest major version; 0 also takes headers without a version, such as those
 *   of components (XEP-0114).
 * @throws StreamError `bad-format`, `invalid-namespace` or `unsupported-version`
 */
export function readStreamHeader(
  { header, defaultNs }: StreamOpen,
  contentNs: string | readonly string[],
  lowestMajor = 1,
): StreamHeader {
  if (header.ns !== NS.streams) {
    throw new StreamError("invalid-namespace", `a stream is of the namespace ${NS.streams}`);
  }
  if (header.name !== "stream") {
    throw new StreamError("bad-format", "a stream begins with <stream/> (RFC 6120 §4.2)");
  }
  const expected = typeof contentNs === "string" ? [contentNs] : contentNs;
  if (!expected.includes(defaultNs)) {
    throw new StreamError(
      "invalid-namespace",
      `the default namespace of this stream has to be ${expected.join(" or ")} (RFC 6120 §4.8.2)`,
    );
  }
  const version = readVersion(header.attr("version"));
  if (version === undefined || version.major < lowestMajor) {
    throw new StreamError("unsupported-version", "XMPP 1.0 is spoken here (RFC 6120 §4.7.5)");
  }
  return {
    to: header.attr("to"),
    from: header.attr("from"),
    id: header.attr("id"),
    version: lower(version, XMPP_1_0),
    lang: header.attr("xml:lang") || undefined,
    defaultNs,
  };
}

/** What a stream header is to say. */
export interface StreamHeaderFields {
  /** The content namespace (RFC 6120 §4.8.2). */
  readonly contentNs: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly id?: string | undefined;
  /** 1.0 if left out. A version before it is not written, since there it was not (RFC 6120 §4.7.5). */
  readonly version?: StreamVersion | undefined;
  readonly lang?: string | undefined;
}

/**
 * The start tag of a stream with the XML declaration before it (RFC 6120 §4.7, §11.4). What follows
 * on the stream is serialized with `contentNs` as default namespace and {@link STREAM_PREFIXES}.
 */
export function writeStreamHeader(fields: StreamHeaderFields): string {
  const { contentNs, from, to, id, version = XMPP_1_0, lang } = fields;
  const attrs = {
    from,
    to,
    id,
    version: version.major < 1 ? undefined : `${version.major}.${version.minor}`,
    "xml:lang": lang,
  };
  return serializeOpen(el(NS.streams, "stream", attrs), contentNs, STREAM_PREFIXES);
}

/** The prefix that streams use; many clients insist on it (RFC 6120 §4.8.5). */
export const STREAM_PREFIXES: Prefixes = { [NS.streams]: "stream" };

const XMPP_1_0: StreamVersion = { major: 1, minor: 0 };

/** Leading zeros are ignored; no version means 0.9. Undefined for what is not one. */
function readVersion(text: string | undefined): StreamVersion | undefined {
  if (text === undefined) return { major: 0, minor: 9 };
  const match = VERSION.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

const VERSION = /^0*(\d{1,9})\.0*(\d{1,9})$/u;

function lower(a: StreamVersion, b: StreamVersion): StreamVersion {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor) ? a : b;
}
