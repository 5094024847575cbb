/** Resource binding: RFC 6120 §7. */
import { bind, NS, StanzaError } from "@rookery/protocol";
import { el } from "@rookery/xml";
import { ClientError } from "../errors.ts";
import { nextElement, unexpected } from "./conversation.ts";
import type { Step } from "./step.ts";

const ID = "bind";

/** Binds the resource that is asked for, or lets the server make one up. */
export const bindResource: Step = async (login, features) => {
  const { channel, jid } = login;
  if (login.bound !== undefined) return "continue"; // together with authentication
  if (features.child(NS.bind, "bind") === undefined) {
    throw new ClientError("protocol", "the server does not offer to bind a resource");
  }
  const wish = bind.write({ resource: jid.resource || undefined });
  channel.send(el(NS.client, "iq", { type: "set", id: ID }, wish));
  const answer = await nextElement(channel);
  if (!answer.is(NS.client, "iq") || answer.attr("id") !== ID) {
    throw unexpected(answer, "the bound resource");
  }
  if (answer.attr("type") !== "result") {
    const error = answer.child(NS.client, "error");
    throw error ? StanzaError.read(error) : new StanzaError("undefined-condition");
  }
  const bound = bind.in(answer)?.jid;
  if (bound === undefined || bound.isBare) {
    throw new ClientError("protocol", "the server bound no full JID");
  }
  login.bound = bound;
  return "continue";
};
