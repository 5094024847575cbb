/** Result Set Management: XEP-0059 (1.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "./codec.ts";
import { StanzaError } from "./errors.ts";
import { readCount } from "./reading.ts";

const RSM_NS = "http://jabber.org/protocol/rsm";

/** UIDs are made by whoever answers; ours are far shorter, so a longer one was never handed out. */
const MAX_UID_LENGTH = 1024;

/** Which page of a result set is asked for. */
export interface ResultSetRequest {
  /** At most so many items; 0 asks for the count alone (XEP-0059 §2.7). The responder has its own bound. */
  readonly max?: number | undefined;
  /** The page that follows the item of this UID; never empty. */
  readonly after?: string | undefined;
  /** The page that precedes the item of this UID; empty for the last page (XEP-0059 §2.5). */
  readonly before?: string | undefined;
  /** The page that starts at this position (XEP-0059 §2.6). */
  readonly index?: number | undefined;
}

/** Which page of a result set an answer holds. */
export interface ResultSetPage {
  /** The UID of the first and the last item; absent in an empty page. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  /** The position of the first item in the whole set; may be approximate. */
  readonly index?: number | undefined;
  /** How many items the whole set has; may be approximate. */
  readonly count?: number | undefined;
}

/**
 * The `<set/>` of a request. An empty `<after/>` is read as absent: both mean the first page
 * (XEP-0059 §2.2). Together with a UID, an index contradicts it and is refused.
 */
export const resultSetRequest: Codec<ResultSetRequest> = codec<ResultSetRequest>({
  ns: RSM_NS,
  name: "set",
  read(set) {
    const request = {
      max: count(set, "max"),
      after: uid(set, "after") || undefined,
      before: uid(set, "before"),
      index: count(set, "index"),
    };
    if (request.index !== undefined && (request.after ?? request.before) !== undefined) {
      throw new StanzaError("bad-request", "a page is asked for by index or by UID, not by both");
    }
    return request;
  },
  write: ({ max, after, before, index }) =>
    el(
      RSM_NS,
      "set",
      {},
      child("after", after),
      child("before", before),
      child("index", index),
      child("max", max),
    ),
});

/** The `<set/>` of an answer. */
export const resultSetPage: Codec<ResultSetPage> = codec<ResultSetPage>({
  ns: RSM_NS,
  name: "set",
  read(set) {
    const index = set.child(RSM_NS, "first")?.attr("index");
    return {
      first: uid(set, "first"),
      last: uid(set, "last"),
      index: index === undefined ? undefined : readCount(index, "the index of a page"),
      count: count(set, "count"),
    };
  },
  write: ({ first, last, index, count }) =>
    el(
      RSM_NS,
      "set",
      {},
      first === undefined ? undefined : el(RSM_NS, "first", { index: index?.toString() }, first),
      child("last", last),
      child("count", count),
    ),
});

function child(name: string, value: string | number | undefined): Element | undefined {
  return value === undefined ? undefined : el(RSM_NS, name, {}, String(value));
}

function count(set: Element, name: string): number | undefined {
  const element = set.child(RSM_NS, name);
  return element === undefined ? undefined : readCount(element.text, `<${name}/>`);
}

function uid(set: Element, name: string): string | undefined {
  const text = set.child(RSM_NS, name)?.text;
  if (text !== undefined && text.length > MAX_UID_LENGTH) {
    throw new StanzaError("bad-request", `<${name}/> has more than ${MAX_UID_LENGTH} characters`);
  }
  return text;
}
