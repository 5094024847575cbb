/** The errors of Publish-Subscribe: XEP-0060 (1.30.0). */
import { type Element, el } from "@rookery/xml";
import { StanzaError, type StanzaErrorCondition, type StanzaErrorType } from "../../errors.ts";

const ERRORS_NS = "http://jabber.org/protocol/pubsub#errors";

/** The conditions of XEP-0060, without `unsupported`: see {@link pubsubUnsupported}. */
export type PubSubErrorCondition =
  | "closed-node"
  | "configuration-required"
  | "invalid-jid"
  | "invalid-options"
  | "invalid-payload"
  | "invalid-subid"
  | "item-forbidden"
  | "item-required"
  | "jid-required"
  | "max-items-exceeded"
  | "max-nodes-exceeded"
  | "nodeid-required"
  | "not-in-roster-group"
  | "not-subscribed"
  | "payload-required"
  | "payload-too-big"
  | "pending-subscription"
  | "precondition-not-met"
  | "presence-subscription-required"
  | "subid-required"
  | "too-many-subscriptions"
  | "unsupported-access-model";

/**
 * An error with a condition of pubsub and the general one that goes with it.
 *
 * @param general another general condition, where XEP-0060 has several: `not-authorized` of one who
 * may not see what they are not subscribed to (§6.5.9.3), `not-acceptable` of a node that has to be
 * created with a name (§8.1.2).
 */
export function pubsubError(
  specific: PubSubErrorCondition,
  text: string,
  general?: StanzaErrorCondition,
): StanzaError {
  const [condition, type] = CONDITIONS[specific];
  const element = el(ERRORS_NS, specific);
  return general === undefined || general === condition
    ? new StanzaError(condition, text, { type, specific: element })
    : new StanzaError(general, text, { specific: element });
}

/** `feature-not-implemented`, with the name of the feature without its namespace: "publish-options". */
export function pubsubUnsupported(feature: string, text: string): StanzaError {
  return new StanzaError("feature-not-implemented", text, {
    specific: el(ERRORS_NS, "unsupported", { feature }),
  });
}

/** What an error says in the terms of pubsub, or undefined. */
export function pubsubConditionOf(
  error: StanzaError,
): PubSubErrorCondition | "unsupported" | undefined {
  const specific: Element | undefined = error.specific;
  if (specific?.ns !== ERRORS_NS) return undefined;
  return specific.name === "unsupported" || isCondition(specific.name) ? specific.name : undefined;
}

function isCondition(name: string): name is PubSubErrorCondition {
  return Object.hasOwn(CONDITIONS, name);
}

/** Each condition with the general one and the type that the examples of XEP-0060 have with it. */
const CONDITIONS: Readonly<
  Record<PubSubErrorCondition, readonly [StanzaErrorCondition, StanzaErrorType]>
> = {
  "closed-node": ["not-allowed", "cancel"],
  "configuration-required": ["not-acceptable", "modify"],
  "invalid-jid": ["bad-request", "modify"],
  "invalid-options": ["bad-request", "modify"],
  "invalid-payload": ["bad-request", "modify"],
  "invalid-subid": ["not-acceptable", "modify"],
  "item-forbidden": ["bad-request", "modify"],
  "item-required": ["bad-request", "modify"],
  "jid-required": ["bad-request", "modify"],
  "max-items-exceeded": ["not-allowed", "cancel"],
  "max-nodes-exceeded": ["conflict", "cancel"],
  "nodeid-required": ["bad-request", "modify"],
  "not-in-roster-group": ["not-authorized", "auth"],
  "not-subscribed": ["unexpected-request", "cancel"],
  "payload-required": ["bad-request", "modify"],
  "payload-too-big": ["not-acceptable", "modify"],
  "pending-subscription": ["not-authorized", "auth"],
  "precondition-not-met": ["conflict", "cancel"],
  "presence-subscription-required": ["not-authorized", "auth"],
  "subid-required": ["bad-request", "modify"],
  "too-many-subscriptions": ["policy-violation", "wait"],
  "unsupported-access-model": ["not-acceptable", "modify"],
};
