/** Stream management: XEP-0198 (1.6.3). */
import { quoted, SM_NS, StanzaError, StreamError, smAnswer, smFeature } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";
import { enableManagement, resumeSession } from "./contract.ts";
import type { Management } from "./management.ts";

/** Offers stream management, and answers all its elements. */
export const streamManagement: StreamFeature = {
  name: "sm",
  ns: SM_NS,
  offer: (stream) =>
    stream.user !== undefined && stream.session === undefined ? smFeature.write({}) : undefined,
  negotiate(stream, element): Maybe<void> {
    switch (element.name) {
      case "enable":
        return enable(stream, element);
      case "resume":
        return resume(stream, element);
      case "r":
        return managementOf(stream, element).answer();
      case "a":
        return managementOf(stream, element).acknowledge(handledOf(element));
      default:
        throw notUnderstood(element);
    }
  },
};

function enable(stream: C2sStream, element: Element): void {
  if (stream.management !== undefined) {
    throw new StreamError("policy-violation", "stream management is on already"); // §3
  }
  stream.sendElement(enableManagement(stream, element));
}

async function resume(stream: C2sStream, element: Element): Promise<void> {
  const resumed = await resumeSession(stream, element);
  stream.sendElement(resumed.answer);
  resumed.afterwards();
}

function managementOf(stream: C2sStream, element: Element): Management {
  if (stream.management !== undefined) return stream.management;
  throw new StreamError(
    stream.session === undefined ? "not-authorized" : "unsupported-stanza-type",
    `<${element.name}/> came before stream management was switched on`,
  );
}

function handledOf(element: Element): number {
  try {
    return smAnswer.read(element).h;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    throw new StreamError("undefined-condition", error.message);
  }
}

function notUnderstood({ name, ns }: Element): StreamError {
  return new StreamError(
    "unsupported-stanza-type",
    `<${name}/> of ${quoted(ns)} is not understood`,
  );
}
