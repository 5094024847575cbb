import {
  type SmEnable,
  type SmFailed,
  StanzaError,
  smEnable,
  smEnabled,
  smFailed,
  smResume,
  smResumed,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { C2sStream } from "../c2s.ts";

/**
 * Switches stream management on (XEP-0198 §3), asked for by an element of its own or together with
 * the binding of a resource (§8.2).
 *
 * @param element the `<enable/>`.
 * @returns the `<enabled/>`, which is to be sent before any stanza, or the `<failed/>`.
 */
export function enableManagement(stream: C2sStream, element: Element): Element {
  let wish: SmEnable;
  try {
    wish = smEnable.read(element);
  } catch (error) {
    return failedBy(error);
  }
  const { session, host } = stream;
  if (session === undefined || host === undefined) {
    return failed("unexpected-request", "a resource is bound first");
  }
  const management = stream.services.resumption.manage(session, host, wish);
  management.attach(stream);
  stream.management = management;
  const { id, resumeSeconds } = management;
  return smEnabled.write({
    id,
    resume: id !== undefined,
    max: id === undefined ? undefined : resumeSeconds,
  });
}

/** What became of the wish to resume. */
export interface Resumed {
  /** The `<resumed/>`, or the `<failed/>`. */
  readonly answer: Element;
  /** The stream goes on with the former session: no resource is bound. */
  readonly resumed: boolean;
  /** To be called once the answer was sent: what the client has not got follows it. */
  afterwards(): void;
}

/**
 * Goes on with a former session (XEP-0198 §5), asked for by an element of its own or together with
 * authentication (§8.3).
 *
 * @param element the `<resume/>`.
 * @throws StreamError if the client has handled more than it was sent (§6).
 */
export async function resumeSession(stream: C2sStream, element: Element): Promise<Resumed> {
  const { user, services } = stream;
  if (user === undefined || stream.session !== undefined) {
    return notResumed(failed("unexpected-request", "a session is resumed instead of binding one"));
  }
  let previd: string;
  let h: number;
  try {
    ({ previd, h } = smResume.read(element));
  } catch (error) {
    return notResumed(failedBy(error));
  }
  const management = services.resumption.find(user, previd);
  const handled = await management?.takeOver(stream);
  if (management === undefined || handled === undefined || stream.closed) {
    const former = await services.resumption.former(user, previd);
    // what somebody else goes on with, nobody else does
    if (management === undefined) stream.lineage = former?.lineage;
    return notResumed(smFailed.write({ condition: "item-not-found", h: former?.handled }));
  }
  management.acknowledge(h);
  management.attach(stream);
  stream.resumed(management);
  return {
    answer: smResumed.write({ previd, h: handled }),
    resumed: true,
    afterwards: () => management.replay(),
  };
}

function notResumed(answer: Element): Resumed {
  return { answer, resumed: false, afterwards() {} };
}

function failed(condition: SmFailed["condition"], text: string): Element {
  return smFailed.write({ condition, text });
}

function failedBy(error: unknown): Element {
  if (!(error instanceof StanzaError)) throw error;
  return failed(error.condition, error.message);
}
