import { Element, el } from "@rookery/xml";
import { NS } from "./namespaces.ts";

/** RFC 6120 §8.3.2: what the sender may do about an error. */
export type StanzaErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

/** RFC 6120 §8.3.3: every defined condition with the type it goes with. */
const STANZA_CONDITIONS = {
  "bad-request": "modify",
  conflict: "cancel",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  gone: "cancel",
  "internal-server-error": "cancel",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "not-authorized": "auth",
  "policy-violation": "modify",
  "recipient-unavailable": "wait",
  redirect: "modify",
  "registration-required": "auth",
  "remote-server-not-found": "cancel",
  "remote-server-timeout": "wait",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
  "subscription-required": "auth",
  "undefined-condition": "cancel",
  "unexpected-request": "wait",
} as const;

export type StanzaErrorCondition = keyof typeof STANZA_CONDITIONS;

/** All conditions of stanza errors, in the order of RFC 6120 §8.3.3. */
export const STANZA_ERROR_CONDITIONS: readonly StanzaErrorCondition[] =
  Object.keys(STANZA_CONDITIONS).filter(hasCondition);

function hasCondition(name: string): name is StanzaErrorCondition {
  return Object.hasOwn(STANZA_CONDITIONS, name);
}

/** What may accompany the condition of a stanza error. */
export interface StanzaErrorDetail {
  /** Overrides the type that RFC 6120 recommends for the condition. */
  readonly type?: StanzaErrorType;
  /** The JID of the entity that reports the error (RFC 6120 §8.3.1). */
  readonly by?: string;
  /** New address for `gone` and `redirect` (RFC 6120 §8.3.3.5, §8.3.3.14). */
  readonly uri?: string;
  /** An application-specific condition (RFC 6120 §8.3.4). */
  readonly specific?: Element;
}

/** RFC 6120 §8.3. Any handler may throw it; the router answers the sender with it. */
export class StanzaError extends Error {
  override readonly name: string = "StanzaError";
  readonly condition: StanzaErrorCondition;
  readonly type: StanzaErrorType;
  readonly by: string | undefined;
  readonly uri: string | undefined;
  readonly specific: Element | undefined;

  constructor(condition: StanzaErrorCondition, text = "", detail: StanzaErrorDetail = {}) {
    super(text);
    this.condition = condition;
    this.type = detail.type ?? STANZA_CONDITIONS[condition];
    this.by = detail.by;
    this.uri = detail.uri;
    this.specific = detail.specific;
  }

  /** The `<error/>` element of a stanza. */
  toElement(): Element {
    return el(
      NS.client,
      "error",
      { type: this.type, by: this.by },
      el(NS.stanzaErrors, this.condition, {}, hasAddress(this.condition) ? this.uri : undefined),
      this.message ? el(NS.stanzaErrors, "text", { "xml:lang": "en" }, this.message) : undefined,
      this.specific,
    );
  }

  /**
   * Reads an `<error/>` element; an unknown condition becomes `undefined-condition`, an unknown
   * type the one that goes with the condition.
   */
  static read(error: Element): StanzaError {
    const { name, data, text, specific } = parts(error, NS.stanzaErrors);
    const condition = hasCondition(name) ? name : "undefined-condition";
    const type = error.attr("type");
    const by = error.attr("by");
    return new StanzaError(condition, text, {
      ...(isErrorType(type) && { type }),
      ...(by !== undefined && { by }),
      ...(data !== "" && hasAddress(condition) && { uri: data }),
      ...(specific && { specific }),
    });
  }
}

function isErrorType(type: string | undefined): type is StanzaErrorType {
  return (
    type === "auth" ||
    type === "cancel" ||
    type === "continue" ||
    type === "modify" ||
    type === "wait"
  );
}

/** Only these conditions have character data (RFC 6120 §8.3.3.5, §8.3.3.14). */
function hasAddress(condition: StanzaErrorCondition): boolean {
  return condition === "gone" || condition === "redirect";
}

/** RFC 6120 §4.9.3, all conditions that end a stream. */
export const STREAM_ERROR_CONDITIONS = [
  "bad-format",
  "bad-namespace-prefix",
  "conflict",
  "connection-timeout",
  "host-gone",
  "host-unknown",
  "improper-addressing",
  "internal-server-error",
  "invalid-from",
  "invalid-namespace",
  "invalid-xml",
  "not-authorized",
  "not-well-formed",
  "policy-violation",
  "remote-connection-failed",
  "reset",
  "resource-constraint",
  "restricted-xml",
  "see-other-host",
  "system-shutdown",
  "undefined-condition",
  "unsupported-encoding",
  "unsupported-feature",
  "unsupported-stanza-type",
  "unsupported-version",
] as const;

export type StreamErrorCondition = (typeof STREAM_ERROR_CONDITIONS)[number];

/** RFC 6120 §4.9: an error that ends the stream it is sent on. */
export class StreamError extends Error {
  override readonly name: string = "StreamError";
  readonly condition: StreamErrorCondition;
  /** The address to go to with `see-other-host` (RFC 6120 §4.9.3.19). */
  readonly host: string | undefined;
  /** An application-specific condition (RFC 6120 §4.9.4). */
  readonly specific: Element | undefined;

  constructor(
    condition: StreamErrorCondition,
    text = "",
    detail: { readonly host?: string; readonly specific?: Element } = {},
  ) {
    super(text);
    this.condition = condition;
    this.host = detail.host;
    this.specific = detail.specific;
  }

  /** The `<stream:error/>` element. */
  toElement(): Element {
    return el(
      NS.streams,
      "error",
      {},
      el(
        NS.streamErrors,
        this.condition,
        {},
        this.condition === "see-other-host" ? this.host : undefined,
      ),
      this.message ? el(NS.streamErrors, "text", { "xml:lang": "en" }, this.message) : undefined,
      this.specific,
    );
  }

  /** Reads a `<stream:error/>`; an unknown condition becomes `undefined-condition`. */
  static read(error: Element): StreamError {
    const { name, data, text, specific } = parts(error, NS.streamErrors);
    const condition = STREAM_ERROR_CONDITIONS.find((c) => c === name) ?? "undefined-condition";
    return new StreamError(condition, text, {
      ...(data !== "" && condition === "see-other-host" && { host: data }),
      ...(specific && { specific }),
    });
  }
}

/** What stanza and stream errors have in common: a condition, a text, a condition of the application. */
function parts(
  error: Element,
  ns: string,
): { name: string; data: string; text: string; specific: Element | undefined } {
  let condition: Element | undefined;
  let text: Element | undefined;
  let specific: Element | undefined;
  for (const node of error.children) {
    if (typeof node === "string") continue;
    if (node.ns !== ns) specific ??= node;
    else if (node.name === "text") text ??= node;
    else condition ??= node;
  }
  return {
    name: condition?.name ?? "",
    data: condition?.text ?? "",
    text: text?.text ?? "",
    specific,
  };
}
