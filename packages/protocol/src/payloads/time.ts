/** Entity Time: XEP-0202 (2.0). */
import { el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { formatDateTime, formatOffset, parseDateTime, parseOffset } from "../datetime.ts";
import { requiredText } from "../reading.ts";

const TIME_NS = "urn:xmpp:time";

/** The time where an entity is. */
export interface EntityTime {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly utc: number;
  /** Minutes ahead of UTC. It tells where the entity is; 0 keeps that private (XEP-0082 §6). */
  readonly offset: number;
}

/** The `<time/>` of a request. */
export const timeRequest: Codec<Marker> = marker(TIME_NS, "time");

/** The `<time/>` of an answer. @throws StanzaError `bad-request` for bad or missing times. */
export const entityTime: Codec<EntityTime> = codec<EntityTime>({
  ns: TIME_NS,
  name: "time",
  read: (time) => ({
    utc: parseDateTime(requiredText(time, "utc")),
    offset: parseOffset(requiredText(time, "tzo")),
  }),
  write: ({ utc, offset }) =>
    el(
      TIME_NS,
      "time",
      {},
      el(TIME_NS, "tzo", {}, formatOffset(offset)),
      el(TIME_NS, "utc", {}, formatDateTime(utc)),
    ),
});
