import { NS, Stanza, StanzaError, StreamError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import { type Element, el } from "@rookery/xml";
import type { Maybe } from "../hooks.ts";
import type { C2sStream } from "./c2s.ts";

/**
 * Leads an IQ of a feature that makes accounts, and is for clients that have not logged in: once a
 * resource is bound it is none of the negotiation.
 *
 * @param ask gives the payload of the result, or nothing for an empty one; a StanzaError that is thrown
 * is the answer, too.
 * @param afterwards called when it is answered.
 * @throws StreamError `not-authorized` for one that has logged in, and bound nothing.
 */
export function answerBeforeLogin(
  stream: C2sStream,
  element: Element,
  ask: (iq: Stanza) => Maybe<Element | undefined | void>,
  afterwards: () => void,
): Maybe<void> {
  if (stream.session !== undefined) return passOn(stream, element);
  if (stream.user !== undefined) {
    throw new StreamError("not-authorized", "a resource is bound after authentication");
  }
  return after(answerIq(stream, element, ask), afterwards);
}

/**
 * Answers an IQ of a client that has not logged in; a StanzaError that is thrown is the answer, too.
 * The request is not sent back in an error: it may hold a password (XEP-0077 §3.3).
 */
function answerIq(
  stream: C2sStream,
  element: Element,
  ask: (iq: Stanza) => Maybe<Element | undefined | void>,
): Maybe<void> {
  const refused = (error: unknown): void => {
    if (!(error instanceof StanzaError)) throw error;
    reply(stream, element, "error", error.toElement());
  };
  try {
    // the host stands in for the client, which has no address yet
    const answer = ask(Stanza.read(element, hostOf(stream).domain));
    if (!(answer instanceof Promise)) return reply(stream, element, "result", answer);
    return answer.then((payload) => reply(stream, element, "result", payload)).catch(refused);
  } catch (error) {
    refused(error);
  }
}

/** Hands an IQ that turns out to be none of the negotiation to the host, as of a bound session. */
function passOn(stream: C2sStream, element: Element): Maybe<void> {
  const { session } = stream;
  if (session === undefined) return;
  return hostOf(stream).send(session, Stanza.read(element, session.jid));
}

function hostOf({ host }: C2sStream): NonNullable<C2sStream["host"]> {
  if (host === undefined) throw new Error("an IQ came before a stream header");
  return host;
}

function reply(
  stream: C2sStream,
  request: Element,
  type: "result" | "error",
  payload: Element | undefined | void,
): void {
  const attrs = { type, id: request.attr("id"), from: hostOf(stream).domain.toString() };
  stream.sendElement(el(NS.client, "iq", attrs, payload ?? undefined));
}
