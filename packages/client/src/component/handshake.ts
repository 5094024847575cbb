/** The stream of a component: XEP-0114 (1.6). */
import { type Jid, NS } from "@rookery/protocol";
import type { Crypto } from "@rookery/stream";
import { el } from "@rookery/xml";
import type { Channel } from "../channel.ts";
import { ClientError } from "../errors.ts";
import { nextElement, openStream, unexpected } from "../negotiation/conversation.ts";

/** The content namespace of the stream of a component that connects to its server. */
export const COMPONENT_NS = "jabber:component:accept";

const encoder = new TextEncoder();

/**
 * Opens the stream and proves that the secret is known (XEP-0114 §3).
 * @throws StreamError such as `not-authorized`, `host-unknown` or `conflict`; ClientError
 */
export async function shakeHands(
  channel: Channel,
  {
    domain,
    secret,
    crypto,
  }: { readonly domain: Jid; readonly secret: string; readonly crypto: Crypto },
): Promise<void> {
  const fields = { to: domain.toString(), version: { major: 0, minor: 9 } };
  const { id } = await openStream(channel, fields, { contentNs: COMPONENT_NS, lowestMajor: 0 });
  if (!id) throw new ClientError("protocol", "the server gave its stream no id (XEP-0114 §3)");
  channel.send(el(NS.client, "handshake", {}, await proof(crypto, id, secret)));
  const answer = await nextElement(channel);
  if (!answer.is(NS.client, "handshake")) throw unexpected(answer, "<handshake/>");
}

/** SHA-1 of stream id and secret, in lower-case hexadecimal digits. */
async function proof(crypto: Crypto, id: string, secret: string): Promise<string> {
  const digest = await crypto.hash("SHA-1", encoder.encode(id + secret));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
