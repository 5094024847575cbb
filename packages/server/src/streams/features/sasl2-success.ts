import { type Jid, SM_NS, StreamError } from "@rookery/protocol";
import { bind2Request, type Sasl2Authenticate, sasl2Success } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { C2sStream } from "../c2s.ts";
import { resumeSession } from "../stream-management/contract.ts";
import { bindWith } from "./bind2.ts";
import { grantToken } from "./fast.ts";

/**
 * Lets a client in that has authenticated, and does what it asked for together with that: the session
 * it had before, or else a new one, and a token (XEP-0388 §2.6.1, XEP-0386 §3.2).
 *
 * @param data what the mechanism says last.
 * @throws StreamError if no session can be had.
 */
export async function letIn(
  stream: C2sStream,
  account: Jid,
  request: Sasl2Authenticate,
  data: Uint8Array | undefined,
): Promise<void> {
  stream.authenticated(account);
  const session = await takeSession(stream, account, request);
  if (stream.closed) return;
  const granted = await grantToken(stream, account, request);
  stream.sasl.reset();
  if (stream.closed) return;
  if (granted === "signed-out") {
    const error = new StreamError("not-authorized", "this client was signed out");
    stream.close(error, { final: true });
    return;
  }
  const identity = stream.session?.jid ?? account;
  const inline = [...session.answers, ...(granted.token ? [granted.token] : [])];
  stream.sendElement(sasl2Success.write({ data, identity, inline }));
  stream.offerFeatures();
  session.afterwards();
}

interface Taken {
  readonly answers: readonly Element[];
  afterwards(): void;
}

/** The session that is resumed; else one that is bound, if that is asked for. */
async function takeSession(
  stream: C2sStream,
  account: Jid,
  { inline, userAgent }: Sasl2Authenticate,
): Promise<Taken> {
  const answers: Element[] = [];
  const resume = inline.find((element) => element.is(SM_NS, "resume"));
  if (resume !== undefined) {
    const former = await resumeSession(stream, resume);
    answers.push(former.answer);
    if (former.resumed || stream.closed) {
      return { answers, afterwards: () => former.afterwards() };
    }
  }
  const bind = bind2Request.in({ children: inline });
  if (bind === undefined) return { answers, afterwards() {} };
  const bound = await bindWith(stream, account, { ...bind, device: userAgent?.id });
  return { answers: [...answers, bound.answer], afterwards: () => bound.afterwards() };
}
