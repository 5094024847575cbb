/** The names of a certificate that stand for a person (RFC 5280 §4.2.1.6, RFC 6120 §13.7.1.4). */
export interface PersonalNames {
  /** id-on-xmppAddr, as written. */
  readonly xmpp: readonly string[];
  /** rfc822Name, as written. */
  readonly email: readonly string[];
}

const NONE: PersonalNames = { xmpp: [], email: [] };
const SUBJECT_ALT_NAME = "551d11"; // 2.5.29.17
const XMPP_ADDR = "2b06010505070805"; // 1.3.6.1.5.5.7.8.5
const OID = 0x06;
const UTF8_STRING = 0x0c;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
/** `[3]` of TBSCertificate: the extensions. */
const EXTENSIONS = 0xa3;
const OTHER_NAME = 0xa0;
const RFC822_NAME = 0x81;
const EXPLICIT = 0xa0;

/** One element of DER: its tag, and what is in it. */
interface Der {
  readonly tag: number;
  readonly content: Buffer;
}

/**
 * Reads the names from the certificate itself: the text that Node makes of them cannot be told apart
 * from a name with commas in it.
 *
 * @param raw DER; what is not well-formed has no names.
 */
export function personalNames(raw: Uint8Array): PersonalNames {
  const names = subjectAltNames(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  if (names === undefined) return NONE;
  const xmpp: string[] = [];
  const email: string[] = [];
  for (const { tag, content } of names) {
    if (tag === RFC822_NAME) email.push(content.toString("latin1"));
    else if (tag === OTHER_NAME) {
      const address = xmppAddr(content);
      if (address !== undefined) xmpp.push(address);
    }
  }
  return { xmpp, email };
}

/** Certificate → tbsCertificate → extensions → the one with the names. */
function subjectAltNames(raw: Buffer): readonly Der[] | undefined {
  const tbs = inside(only(raw, SEQUENCE), SEQUENCE);
  const extensions = inside(tbs, EXTENSIONS);
  for (const { content } of elements(only(extensions, SEQUENCE)) ?? []) {
    const parts = elements(content) ?? [];
    if (parts[0]?.tag !== OID || parts[0].content.toString("hex") !== SUBJECT_ALT_NAME) continue;
    const value = parts.at(-1); // a flag (critical) may be between
    if (value?.tag === OCTET_STRING) return elements(only(value.content, SEQUENCE));
  }
  return undefined;
}

function xmppAddr(otherName: Buffer): string | undefined {
  const [type, value] = elements(otherName) ?? [];
  if (type?.tag !== OID || type.content.toString("hex") !== XMPP_ADDR) return undefined;
  if (value?.tag !== EXPLICIT) return undefined;
  const text = only(value.content, UTF8_STRING);
  return text?.toString("utf8");
}

/** The content of the first element, which has this tag. */
function only(der: Buffer | undefined, tag: number): Buffer | undefined {
  const first = elements(der)?.[0];
  return first?.tag === tag ? first.content : undefined;
}

/** The content of the first element with this tag among several. */
function inside(der: Buffer | undefined, tag: number): Buffer | undefined {
  return elements(der)?.find((element) => element.tag === tag)?.content;
}

/** What stands in one place, one after the other; undefined if it is not well-formed. */
function elements(der: Buffer | undefined): readonly Der[] | undefined {
  if (der === undefined) return undefined;
  const found: Der[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at] as number;
    let length = der[at + 1];
    let start = at + 2;
    if (length === undefined) return undefined;
    if (length >= 0x80) {
      const octets = length - 0x80;
      if (octets < 1 || octets > 3 || start + octets > der.length) return undefined;
      length = der.readUIntBE(start, octets);
      start += octets;
    }
    if (start + length > der.length) return undefined;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
