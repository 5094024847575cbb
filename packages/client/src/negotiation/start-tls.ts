/** STARTTLS: RFC 6120 §5. */
import { NS } from "@rookery/protocol";
import { el } from "@rookery/xml";
import { ClientError } from "../errors.ts";
import { nextElement, unexpected } from "./conversation.ts";
import type { Step } from "./step.ts";

/**
 * Puts TLS under the stream if it has none and must have it. That the server does not offer it may
 * be somebody else's doing: there is no way on then.
 */
export const startTls: Step = async ({ channel, requireTls }, features) => {
  if (channel.security !== undefined || !requireTls) return "continue";
  if (channel.startTls === undefined || features.child(NS.tls, "starttls") === undefined) {
    throw new ClientError("tls-required", "the server does not offer STARTTLS (RFC 6120 §5)");
  }
  channel.send(el(NS.tls, "starttls"));
  const answer = await nextElement(channel);
  if (answer.is(NS.tls, "failure")) {
    throw new ClientError("tls-required", "the server cannot do TLS now (RFC 6120 §5.4.2.2)");
  }
  if (!answer.is(NS.tls, "proceed")) throw unexpected(answer, "<proceed/>");
  await channel.startTls();
  return "restart";
};
