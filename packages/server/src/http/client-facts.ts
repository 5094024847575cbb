import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { type Networks, plainAddress } from "../config/networks.ts";
import type { TlsFacts } from "../transports/connection.ts";
import { secureElsewhere } from "../transports/tls-facts.ts";
import { HttpError } from "./reply.ts";

/** Whose request it is and how it came, where proxies stand between. */
export interface ClientFacts {
  readonly address: string;
  /** Nobody could read it underway: TLS, here or at a trusted proxy, or it never left this machine. */
  readonly secure: boolean;
  /** What to tell a stream of it; undefined if it is not secure. */
  readonly tls: TlsFacts | undefined;
  /** As the client asked for it, with a port where it named one. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** What is known of a connection. */
export interface Peer {
  /** Who connected, or who a PROXY header says did. */
  readonly address: string;
  /** What TLS negotiated on it; undefined in the clear. */
  readonly tls: TlsFacts | undefined;
}

/** What a proxy says of a request that it passes on. */
interface Hop {
  readonly address: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/**
 * Finds out whose request it is. `Forwarded` (RFC 7239) and `X-Forwarded-*` are read from the
 * nearest proxy outwards, as far as each is a trusted one; what others say there is ignored.
 *
 * @throws HttpError 400 if a trusted proxy says what cannot be understood, or two things at once.
 */
export function clientFacts(
  peer: Peer,
  headers: IncomingHttpHeaders,
  proxies: Networks,
): ClientFacts {
  const ownHost = headers.host ?? "";
  const own = peer.tls === undefined ? "http" : "https";
  if (!proxies.has(peer.address)) {
    const { address } = peer;
    const secure = peer.tls !== undefined || isLocal(address, headers);
    const tls = peer.tls ?? (secure ? secureElsewhere : undefined);
    return { address, secure, tls, host: ownHost, scheme: own };
  }
  const hops = agreed(forwarded(headers), xForwarded(headers));
  let address = peer.address;
  let proto: string | undefined;
  let host: string | undefined;
  for (const hop of hops.toReversed()) {
    if (!proxies.has(address)) break;
    proto = hop.proto ?? proto;
    host = hop.host ?? host;
    if (hop.address === undefined) break; // hidden on purpose (RFC 7239 §6.3)
    address = hop.address;
  }
  const scheme = proto === undefined ? own : proto;
  if (scheme !== "http" && scheme !== "https") {
    throw new HttpError(400, "the proxy names a scheme that is neither http nor https");
  }
  const secure = scheme === "https";
  return {
    address,
    secure,
    tls: secure ? secureElsewhere : undefined,
    host: host ?? ownHost,
    scheme,
  };
}

/**
 * A request from this machine to itself, which no proxy has passed on: `http://localhost` is safe,
 * but a proxy that nobody told us about must not make it look so.
 */
function isLocal(address: string, headers: IncomingHttpHeaders): boolean {
  if (!isLoopback(address) || !isLocalName(headers.host ?? "")) return false;
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  const { origin } = headers;
  return origin === undefined || isLocalName(URL.parse(origin)?.host ?? "");
}

const PROXY_HEADERS = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

function isLoopback(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/** A `Host` that stands for this machine (RFC 6761 §6.3). */
function isLocalName(host: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  return name === "localhost" || name.endsWith(".localhost") || isLoopback(unbracketed(name));
}

/** A proxy that adds one kind of header may pass on the other as its client wrote it. */
function agreed(
  standard: readonly Hop[] | undefined,
  usual: readonly Hop[] | undefined,
): readonly Hop[] {
  if (standard === undefined || usual === undefined) return standard ?? usual ?? [];
  if (standard.at(-1)?.address === usual.at(-1)?.address) return standard;
  throw new HttpError(
    400,
    "Forwarded and X-Forwarded-For name different clients; the proxy has to remove the one it does not set",
  );
}

function xForwarded(headers: IncomingHttpHeaders): readonly Hop[] | undefined {
  const addresses = list(headers["x-forwarded-for"]);
  const proto = list(headers["x-forwarded-proto"]).at(-1)?.toLowerCase();
  const host = list(headers["x-forwarded-host"]).at(-1);
  if (addresses.length === 0) {
    return proto === undefined && host === undefined
      ? undefined
      : [{ address: undefined, proto, host }];
  }
  return addresses.map((text, index) => {
    const nearest = index === addresses.length - 1;
    return {
      address: node(text),
      proto: nearest ? proto : undefined,
      host: nearest ? host : undefined,
    };
  });
}

function list(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return [value]
    .flat()
    .flatMap((text) => text.split(","))
    .map((text) => text.trim());
}

/** RFC 7239 §4. */
function forwarded({ forwarded: value }: IncomingHttpHeaders): readonly Hop[] | undefined {
  if (value === undefined) return undefined;
  return splitOutsideQuotes(value, ",").map((element) => {
    const pairs = new Map<string, string>();
    for (const pair of splitOutsideQuotes(element, ";")) {
      const parts = /^\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+))\s*$/.exec(pair);
      if (parts === null) throw new HttpError(400, "the header Forwarded cannot be read");
      const name = (parts[1] ?? "").toLowerCase();
      if (pairs.has(name)) throw new HttpError(400, "the header Forwarded says something twice");
      pairs.set(name, parts[3] ?? (parts[2] ?? "").replaceAll(/\\(.)/g, "$1"));
    }
    const from = pairs.get("for");
    return {
      address: from === undefined ? undefined : node(from),
      proto: pairs.get("proto")?.toLowerCase(),
      host: pairs.get("host"),
    };
  });
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quoted) at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** The address of a node (RFC 7239 §6), without its port; undefined for one that is hidden. */
function node(text: string): string | undefined {
  if (text.toLowerCase() === "unknown" || text.startsWith("_")) return undefined;
  const plain = isIP(text) === 6 ? text : unbracketed(text.replace(/:(?:\d{1,5}|_[\w.-]+)$/, ""));
  if (isIP(plain) === 0) throw new HttpError(400, "a proxy names a client that is no IP address");
  return plainAddress(plain);
}

function unbracketed(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
