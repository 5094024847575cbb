/** The elements of FAST (XEP-0484 0.2.0). */
import { type Codec, codec, formatDateTime, parseDateTime, StanzaError } from "@rookery/protocol";
import { el } from "@rookery/xml";
import { SaslError } from "./error.ts";

/** The namespace of FAST. */
export const FAST_NS = "urn:xmpp:fast:0";

/** `<fast/>` within the offer of SASL2: the mechanisms that take a token, best first (§3.1). */
export const fastOffer: Codec<readonly string[]> = codec<readonly string[]>({
  ns: FAST_NS,
  name: "fast",
  read: (element) => element.elements(FAST_NS, "mechanism").map((child) => child.text),
  write: (mechanisms) =>
    el(FAST_NS, "fast", {}, ...mechanisms.map((name) => el(FAST_NS, "mechanism", {}, name))),
});

/** That a client authenticates by a token (§3.4). */
export interface FastUse {
  /** Grows with every try of a token, so that none can be repeated. */
  readonly count?: number | undefined;
  /** The token is to be used for the last time (§3.6). */
  readonly invalidate: boolean;
}

/** `<fast/>` within `<authenticate/>`. Reading throws SaslError `malformed-request`. */
export const fastUse: Codec<FastUse> = codec<FastUse>({
  ns: FAST_NS,
  name: "fast",
  read: (element) => ({
    count: readCount(element.attr("count")),
    invalidate: readFlag(element.attr("invalidate")),
  }),
  write: ({ count, invalidate }) =>
    el(FAST_NS, "fast", {
      count: count?.toString(),
      invalidate: invalidate ? "true" : undefined,
    }),
});

/** `<request-token/>` within `<authenticate/>`: the mechanism that a token is wanted for (§3.2). */
export const fastRequest: Codec<string> = codec<string>({
  ns: FAST_NS,
  name: "request-token",
  read: (element) => element.attr("mechanism") ?? "",
  write: (mechanism) => el(FAST_NS, "request-token", { mechanism }),
});

/** A token that the server gives (§3.3). */
export interface FastGrant {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiry: number;
}

/** `<token/>` within `<success/>`. Reading throws StanzaError `bad-request`. */
export const fastGrant: Codec<FastGrant> = codec<FastGrant>({
  ns: FAST_NS,
  name: "token",
  read(element) {
    const token = element.attr("token");
    if (!token) throw new StanzaError("bad-request", "<token/> has no token");
    return { token, expiry: parseDateTime(element.attr("expiry") ?? "") };
  },
  write: ({ token, expiry }) => el(FAST_NS, "token", { expiry: formatDateTime(expiry), token }),
});

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d{1,15}$/u.test(text)) return count;
  throw new SaslError("malformed-request", "the count of <fast/> is a number (XEP-0484 §3.4)");
}

function readFlag(text: string | undefined): boolean {
  return text === "true" || text === "1";
}
