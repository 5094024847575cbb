/** Stream Management: XEP-0198 (1.6.3). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { STANZA_ERROR_CONDITIONS, StanzaError, type StanzaErrorCondition } from "../errors.ts";
import { NS } from "../namespaces.ts";
import { quoted, readBoolean, requiredAttr } from "../reading.ts";

/** The namespace of the stream feature and of all its commands. */
export const SM_NS = "urn:xmpp:sm:3";

/** The stream feature (XEP-0198 §2). */
export const smFeature: Codec<Marker> = marker(SM_NS, "sm");

/** Asks to switch stream management on (XEP-0198 §3). */
export interface SmEnable {
  /** The stream shall be resumable (§5). */
  readonly resume: boolean;
  /** For how many seconds after a break the client would like to be able to resume; at least 1. */
  readonly max?: number | undefined;
}

/** The `<enable/>`. A `max` beyond 2³²-1 is read as that. @throws StanzaError `bad-request` */
export const smEnable: Codec<SmEnable> = codec<SmEnable>({
  ns: SM_NS,
  name: "enable",
  read: (element) => ({ resume: readResume(element), max: readMax(element) }),
  write: ({ resume, max }) =>
    el(SM_NS, "enable", { resume: resume ? "true" : undefined, max: max?.toString() }),
});

/** Stream management is on (XEP-0198 §3, §5). */
export interface SmEnabled {
  /** The SM-ID; a resumable stream has one. */
  readonly id?: string | undefined;
  readonly resume: boolean;
  /** For how many seconds after a break the stream can be resumed; at least 1. */
  readonly max?: number | undefined;
  /** Where to resume: "domainpart:port", as in RFC 6120 §4.9.3.19. */
  readonly location?: string | undefined;
}

/** The `<enabled/>`. @throws StanzaError `bad-request`, also for a resumable stream without an id. */
export const smEnabled: Codec<SmEnabled> = codec<SmEnabled>({
  ns: SM_NS,
  name: "enabled",
  read(element) {
    const resume = readResume(element);
    return {
      id: resume ? requiredAttr(element, "id") : element.attr("id"),
      resume,
      max: readMax(element),
      location: element.attr("location"),
    };
  },
  write: ({ id, resume, max, location }) =>
    el(SM_NS, "enabled", {
      id,
      resume: resume ? "true" : undefined,
      max: max?.toString(),
      location,
    }),
});

/** Which stream is or shall be resumed, and how far its sender got (XEP-0198 §5). */
export interface SmResumption {
  /** The SM-ID of the former stream. */
  readonly previd: string;
  /** How many stanzas of the peer the sender handled on it, modulo 2³². */
  readonly h: number;
}

/** The `<resume/>`. @throws StanzaError `bad-request` */
export const smResume: Codec<SmResumption> = resumption("resume");

/** The `<resumed/>`. @throws StanzaError `bad-request` */
export const smResumed: Codec<SmResumption> = resumption("resumed");

/** Stream management was not switched on, or no stream resumed. */
export interface SmFailed {
  /** Why; `undefined-condition` where it is not told. */
  readonly condition: StanzaErrorCondition;
  /** What the former stream had handled, if that is still known (XEP-0198 §5). */
  readonly h?: number | undefined;
  /** For people. */
  readonly text?: string | undefined;
}

/** The `<failed/>`; an unknown condition is read as `undefined-condition`. @throws StanzaError `bad-request` */
export const smFailed: Codec<SmFailed> = codec<SmFailed>({
  ns: SM_NS,
  name: "failed",
  read(element) {
    const names = element.elements().filter((child) => child.ns === NS.stanzaErrors);
    const name = names.find((child) => child.name !== "text")?.name;
    return {
      condition: STANZA_ERROR_CONDITIONS.find((one) => one === name) ?? "undefined-condition",
      h: element.attr("h") === undefined ? undefined : readHandled(element),
      text: element.child(NS.stanzaErrors, "text")?.text,
    };
  },
  write: ({ condition, h, text }) =>
    el(
      SM_NS,
      "failed",
      { h: h?.toString() },
      el(NS.stanzaErrors, condition),
      text === undefined ? undefined : el(NS.stanzaErrors, "text", { "xml:lang": "en" }, text),
    ),
});

/** The `<r/>`: asks how much was handled (XEP-0198 §4). */
export const smRequest: Codec<Marker> = marker(SM_NS, "r");

/** How much was handled (XEP-0198 §4). */
export interface SmAnswer {
  /** How many stanzas, modulo 2³². */
  readonly h: number;
}

/** The `<a/>`. @throws StanzaError `bad-request` unless `h` is an unsigned 32-bit integer. */
export const smAnswer: Codec<SmAnswer> = codec<SmAnswer>({
  ns: SM_NS,
  name: "a",
  read: (element) => ({ h: readHandled(element) }),
  write: ({ h }) => el(SM_NS, "a", { h: h.toString() }),
});

/**
 * What accompanies the stream error `undefined-condition` for one who claims to have handled more
 * than was sent (XEP-0198 §6).
 *
 * @param h what was claimed. @param sendCount what was sent.
 */
export function handledCountTooHigh(h: number, sendCount: number): Element {
  return el(SM_NS, "handled-count-too-high", {
    h: h.toString(),
    "send-count": sendCount.toString(),
  });
}

function resumption(name: "resume" | "resumed"): Codec<SmResumption> {
  return codec<SmResumption>({
    ns: SM_NS,
    name,
    read: (element) => ({ previd: requiredAttr(element, "previd"), h: readHandled(element) }),
    write: ({ previd, h }) => el(SM_NS, name, { previd, h: h.toString() }),
  });
}

const LARGEST = 0xffff_ffff;

function readHandled(element: Element): number {
  const text = requiredAttr(element, "h");
  const h = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (h <= LARGEST) return h;
  throw new StanzaError(
    "bad-request",
    `the "h" of <${element.name}/> is a number from 0 to ${LARGEST}, not ${quoted(text)}`,
  );
}

/** XML Schema `xs:positiveInteger`, which has no upper bound. */
function readMax(element: Element): number | undefined {
  const text = element.attr("max");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) > 0) return Math.min(Number(text), LARGEST);
  throw new StanzaError(
    "bad-request",
    `the "max" of <${element.name}/> is a number of seconds from 1, not ${quoted(text)}`,
  );
}

function readResume(element: Element): boolean {
  const text = element.attr("resume");
  const resume = text === undefined ? false : readBoolean(text);
  if (resume !== undefined) return resume;
  throw new StanzaError(
    "bad-request",
    `the "resume" of <${element.name}/> is true or false, not ${quoted(text ?? "")}`,
  );
}
