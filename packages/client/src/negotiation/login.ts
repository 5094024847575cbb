import { type Jid, NS } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { ClientError } from "../errors.ts";
import { bindResource } from "./bind.ts";
import { nextElement, readHeader, unexpected } from "./conversation.ts";
import { authenticate } from "./sasl.ts";
import { authenticate2 } from "./sasl2.ts";
import { startTls } from "./start-tls.ts";
import type { Login, Step } from "./step.ts";
import { comeBack, earlyToken } from "./token.ts";

/** In the order in which they are due. */
const STEPS: readonly Step[] = [startTls, authenticate2, authenticate, bindResource];
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

async function negotiate(login: Login, offered: Element): Promise<"restart" | "continue"> {
  let features = offered;
  for (const step of STEPS) {
    const next = await step(login, features);
    if (next === "restart") return next;
    if (next !== "continue") features = next;
  }
  return "continue";
}

/** With a token, the client is let in by what it says before anything was answered. */
async function openClientStream(login: Login): Promise<Element> {
  const { channel, jid } = login;
  const early = await earlyToken(login);
  // RFC 6120 §4.7.1: `from` is not said in the clear
  const from = channel.security === undefined ? undefined : jid.bare.toString();
  channel.open({ to: jid.domain, from, lang: "en" });
  if (early !== undefined) channel.send(early.element);
  await readHeader(channel, { contentNs: NS.client, lowestMajor: 1 });
  const features = await nextElement(channel);
  if (!features.is(NS.streams, "features")) throw unexpected(features, "<features/>");
  return early === undefined ? features : comeBack(login, early, features);
}
