import { NS, quoted } from "@rookery/protocol";
import { type AttributeValues, type Element, el, type StreamOpen } from "@rookery/xml";
import type { Limits } from "../../config/limits.ts";
import { readCount } from "./attributes.ts";
import { BindingError } from "./binding-error.ts";
import { XBOSH } from "./namespaces.ts";

/** Requests that we keep waiting at once; more bring a client nothing. */
const MOST_HELD = 2;

/** What client and server have agreed on at the beginning of a session (XEP-0124 §7). */
export interface Settings {
  /** The version that both speak; undefined for a client from before there were any. */
  readonly version: string | undefined;
  /** Seconds until a request is answered, even if there is nothing to say. */
  readonly wait: number;
  /** Requests that are kept waiting at once. */
  readonly hold: number;
  /** Requests that may be unanswered at once. */
  readonly requests: number;
  /** The client asks from time to time instead of waiting (§12). */
  readonly polls: boolean;
  /** Least number of seconds from one empty request to the next. */
  readonly polling: number;
  /** Seconds without any request after which the session ends. */
  readonly inactivity: number;
  /** Seconds that a client may announce to be away. */
  readonly maxPause: number;
  /** The client says which responses it has got (§9.2). */
  readonly acknowledges: boolean;
  readonly contentType: string;
}

/**
 * What a client gets of what it asks for.
 * @param header the first `<body/>`.
 * @throws BindingError `bad-request`
 */
export function agree(header: Element, limits: Limits): Settings {
  const wait = readCount(header, "wait", limits.boshWaitSeconds) ?? limits.boshWaitSeconds;
  const asked = readCount(header, "hold", MOST_HELD) ?? 1;
  const polls = wait === 0 || asked === 0;
  const hold = polls ? 0 : asked;
  const polling = limits.boshPollSeconds;
  const inactivity = limits.boshInactivitySeconds;
  return {
    version: readVersion(header.attr("ver")),
    wait: polls ? 0 : wait,
    hold,
    requests: hold + 1,
    polls,
    polling,
    inactivity: polls ? 2 * (inactivity + polling) : inactivity,
    maxPause: limits.boshPauseSeconds,
    acknowledges: header.attr("ack") === "1",
    contentType: readContentType(header.attr("content")),
  };
}

/** What the first response says of a session (XEP-0124 §7.2, XEP-0206 §4). */
export function announce(sid: string, first: Element, settings: Settings): AttributeValues {
  return {
    sid,
    wait: `${settings.wait}`,
    requests: `${settings.requests}`,
    ver: settings.version,
    polling: `${settings.polling}`,
    inactivity: `${settings.inactivity}`,
    hold: `${settings.hold}`,
    maxpause: `${settings.maxPause}`,
    ack: first.attr("rid"),
    from: first.attr("to"),
    [`{${XBOSH}}version`]: "1.0",
    [`{${XBOSH}}restartlogic`]: "true",
  };
}

/**
 * The stream header that a request stands for: the first one, or one that restarts (XEP-0206 §3, §5).
 * @param first what holds for a restart that does not say it again.
 */
export function streamOpen(header: Element, first: Element): StreamOpen {
  const said = (name: string): string | undefined => header.attr(name) ?? first.attr(name);
  const attrs = {
    to: said("to"),
    from: said("from"),
    version: said(`{${XBOSH}}version`) ?? "1.0",
    "xml:lang": said("xml:lang"),
  };
  return { event: "open", header: el(NS.streams, "stream", attrs), defaultNs: NS.client };
}

/** The newest version of the protocol. */
const MAJOR = 1;
const MINOR = 11;

/** The lower one of the client's version and ours. */
function readVersion(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, major, minor] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined || Number(major) < 1) {
    throw new BindingError("bad-request", `ver=${quoted(text)} is no version such as 1.11`);
  }
  const ours = Number(major) > MAJOR || Number(minor) > MINOR;
  return ours ? `${MAJOR}.${MINOR}` : `${Number(major)}.${Number(minor)}`;
}

const VERSION = /^(\d{1,9})\.(\d{1,9})$/u;

/** What clients want responses to be called, who take no other. It is UTF-8 all the same. */
function readContentType(text: string | undefined): string {
  if (text === undefined) return "text/xml; charset=utf-8";
  if (MEDIA_TYPE.test(text)) return text;
  throw new BindingError("bad-request", `content=${quoted(text)} is no media type in UTF-8`);
}

const MEDIA_TYPE = /^[a-z]{1,20}\/[a-z\d.+-]{1,60}(?:; ?charset=utf-8)?$/iu;
