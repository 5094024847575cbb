import { type Jid, NS } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { ClientError } from "../errors.ts";
import { bindResource } from "./bind.ts";
import { nextElement, openStream, unexpected } from "./conversation.ts";
import { authenticate } from "./sasl.ts";
import { startTls } from "./start-tls.ts";
import type { Login, Step } from "./step.ts";

/** In the order in which they are due. */
const STEPS: readonly Step[] = [startTls, authenticate, bindResource];
/** Streams that one login may open: in the clear, by TLS, authenticated. */
const MAX_STREAMS = 5;

/** Negotiates the stream of a client (RFC 6120 §4.3) and gives the JID that was bound. */
export async function logIn(login: Login): Promise<Jid> {
  for (let n = 0; n < MAX_STREAMS; n++) {
    const features = await openClientStream(login);
    if ((await negotiate(login, features)) === "continue" && login.bound !== undefined) {
      return login.bound;
    }
  }
  throw new ClientError(
    "protocol",
    `the server restarts the stream more than ${MAX_STREAMS} times`,
  );
}

async function negotiate(login: Login, features: Element): Promise<"restart" | "continue"> {
  for (const step of STEPS) {
    if ((await step(login, features)) === "restart") return "restart";
  }
  return "continue";
}

async function openClientStream({ channel, jid }: Login): Promise<Element> {
  // RFC 6120 §4.7.1: `from` is not said in the clear
  const from = channel.security === undefined ? undefined : jid.bare.toString();
  const fields = { to: jid.domain, from, lang: "en" };
  await openStream(channel, fields, { contentNs: NS.client, lowestMajor: 1 });
  const features = await nextElement(channel);
  if (!features.is(NS.streams, "features")) throw unexpected(features, "<features/>");
  return features;
}
