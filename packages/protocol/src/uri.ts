/**
 * XMPP URIs and IRIs: RFC 5122, with the actions of XEP-0147 (1.2).
 *
 * Reading takes both; writing makes URIs, which are good everywhere.
 */
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { quoted } from "./reading.ts";

/** What to do with an address (RFC 5122 §2.5, XEP-0147 §3). */
export interface XmppUriQuery {
  /** The query type, such as `message` or `join`; empty if the query has pairs only. */
  readonly action: string;
  /** Key and value in their order; a key may come more than once. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
}

/** The parts of an XMPP URI (RFC 5122 §2.2), decoded. At least one of `account` and `to` is there. */
export interface XmppUri {
  /** The authority: the account to act as, instead of one's own (RFC 5122 §2.3). */
  readonly account?: Jid | undefined;
  /** The entity to interact with (RFC 5122 §2.4). */
  readonly to?: Jid | undefined;
  readonly query?: XmppUriQuery | undefined;
  readonly fragment?: string | undefined;
}

/** An address may have 3071 octets, percent-encoded thrice that; the rest is for the query. */
const MAX_LENGTH = 32_768;

/**
 * Reads an XMPP URI or IRI.
 *
 * A query of pairs alone, `?omemo-sid-1=…`, is in use although RFC 5122 §2.2 wants a query type
 * first; it is read with an empty action.
 *
 * @throws StanzaError `bad-request` for what is not such a URI, `jid-malformed` for its addresses.
 * @example parseXmppUri("xmpp:romeo@example.net?message;body=Here%27s").query?.action // "message"
 */
export function parseXmppUri(text: string): XmppUri {
  if (text.length > MAX_LENGTH || !/^xmpp:[^\0- \x7f]*$/i.test(text)) throw refusal(text);
  const [beforeFragment, fragment] = cut(text.slice(5), "#");
  const [hierarchy, query] = cut(beforeFragment, "?");
  let account: Jid | undefined;
  let path: string | undefined = hierarchy;
  if (hierarchy.startsWith("//")) {
    const [authority, rest] = cut(hierarchy.slice(2), "/");
    account = readAddress(authority, text);
    // RFC 5122 §2.2: the authority names an account, and has no place for a resource.
    if (account.local === "") throw refusal(text);
    path = rest;
  }
  return {
    account,
    to: path === undefined ? undefined : readAddress(path, text),
    query: query === undefined ? undefined : readQuery(query, text),
    fragment: fragment === undefined ? undefined : decode(fragment, text),
  };
}

/**
 * Writes an XMPP URI: addresses as they are, all else in UTF-8 and percent-encoded where RFC 5122
 * §2.2 asks for it.
 *
 * @throws TypeError for a URI without an address, and for an action or key that has other
 * characters than letters, digits and `-._~`, since those cannot be encoded.
 */
export function formatXmppUri(uri: XmppUri): string {
  const { account, to, query, fragment } = uri;
  let path: string;
  if (account !== undefined) {
    if (account.local === "" || !account.isBare) {
      throw new TypeError(
        `the authority of an XMPP URI is an account, not "${account.toString()}"`,
      );
    }
    path = `//${writeAddress(account)}${to === undefined ? "" : `/${writeAddress(to)}`}`;
  } else if (to !== undefined) {
    path = writeAddress(to);
  } else {
    throw new TypeError("an XMPP URI names an account to act as or an entity to interact with");
  }
  return `xmpp:${path}${query === undefined ? "" : `?${writeQuery(query)}`}${
    fragment === undefined ? "" : `#${encode(fragment)}`
  }`;
}

/** RFC 5122 §2.4. The parts are taken apart before they are decoded, so that `%40` is no separator. */
function readAddress(path: string, uri: string): Jid {
  const [bare, resource] = cut(path, "/");
  const at = bare.indexOf("@");
  const local = at < 0 ? "" : decode(bare.slice(0, at), uri);
  if (at === 0 || resource === "") throw refusal(uri);
  const domain = decode(bare.slice(at + 1), uri);
  return Jid.of(local, domain, resource === undefined ? "" : decode(resource, uri));
}

function writeAddress(jid: Jid): string {
  // An IP literal keeps its brackets and colons (RFC 3986 §3.2.2).
  const host = jid.domain.startsWith("[") ? jid.domain : encode(jid.domain);
  const local = jid.local === "" ? "" : `${encode(jid.local)}@`;
  return `${local}${host}${jid.isBare ? "" : `/${encode(jid.resource)}`}`;
}

function readQuery(query: string, uri: string): XmppUriQuery {
  const segments = query.split(";");
  const action = segments[0]?.includes("=") ? "" : readName(segments.shift() ?? "", uri);
  const pairs = segments.map((segment): readonly [string, string] => {
    const [key, value] = cut(segment, "=");
    if (value === undefined) throw refusal(uri);
    return [readName(key, uri), decode(value, uri)];
  });
  return { action, pairs };
}

function writeQuery({ action, pairs }: XmppUriQuery): string {
  let text = writeName(action);
  for (const [key, value] of pairs) text += `;${writeName(key)}=${encode(value)}`;
  return text;
}

/** RFC 5122 §2.2: query type and keys are unreserved characters; nothing in them is encoded. */
function readName(name: string, uri: string): string {
  if (/[^\w.~\x80-\u{10ffff}-]/u.test(name)) throw refusal(uri);
  return name;
}

function writeName(name: string): string {
  if (/^[\w.~-]*$/.test(name)) return name;
  throw new TypeError(`"${name}" cannot be an action or a key of an XMPP URI`);
}

/** Percent-encodes all but unreserved characters (RFC 3986 §2.3), which every component allows. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Undoes percent-encoding; what is not UTF-8, or may not be in XML, is refused. */
function decode(text: string, uri: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw refusal(uri);
  }
  if (!/^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(decoded)) throw refusal(uri);
  return decoded;
}

/** The text before and after the first separator; the second is undefined if there is none. */
function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function refusal(text: string): StanzaError {
  return new StanzaError(
    "bad-request",
    `${quoted(text)} is not an XMPP URI: expected xmpp:[node@]host[/resource][?action;key=value]`,
  );
}
