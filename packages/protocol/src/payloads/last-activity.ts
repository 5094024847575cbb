/** Last Activity: XEP-0012 (2.0). */
import { el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { quoted, requiredAttr } from "../reading.ts";

const LAST_NS = "jabber:iq:last";

/** How long an entity has been away, idle or up; which of them, its address tells (XEP-0012 §2). */
export interface LastActivity {
  /** Whole seconds, not negative. */
  readonly seconds: number;
  /** What an account said when it went offline (XEP-0012 §3); an empty text is none. */
  readonly status?: string | undefined;
}

/** The `<query/>` of a request. */
export const lastActivityRequest: Codec<Marker> = marker(LAST_NS, "query");

/** The `<query/>` of an answer. @throws StanzaError `bad-request` without a number of seconds. */
export const lastActivity: Codec<LastActivity> = codec<LastActivity>({
  ns: LAST_NS,
  name: "query",
  read: (query) => ({
    seconds: readSeconds(requiredAttr(query, "seconds")),
    status: query.text || undefined,
  }),
  write: ({ seconds, status }) => el(LAST_NS, "query", { seconds: String(seconds) }, status),
});

/** `xs:unsignedLong`, as far as a number is exact. */
function readSeconds(text: string): number {
  const seconds = /^[ \t\r\n]*\d{1,16}[ \t\r\n]*$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new StanzaError("bad-request", `seconds are a whole number, not ${quoted(text)}`);
}
