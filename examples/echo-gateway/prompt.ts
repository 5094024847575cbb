/** How clients learn the address of a contact: `jabber:iq:gateway`, XEP-0100 §6.3. */
import { type Codec, codec, StanzaError } from "@rookery/protocol";
import { el } from "@rookery/xml";
import { addressOf } from "./addresses.ts";
import type { GatewayParts } from "./parts.ts";

const GATEWAY_NS = "jabber:iq:gateway";

/** The `<query/>`: empty, with what to ask people for, with what they have said, or with an address. */
export interface GatewayQuery {
  /** What the thing is called; in a request, what somebody has entered. */
  readonly prompt?: string | undefined;
  /** The question itself. */
  readonly desc?: string | undefined;
  readonly jid?: string | undefined;
}

/** Any application of a protocol can be described so; see `Codec`. */
export const gatewayQuery: Codec<GatewayQuery> = codec<GatewayQuery>({
  ns: GATEWAY_NS,
  name: "query",
  read: (query) => ({
    prompt: query.child(GATEWAY_NS, "prompt")?.text,
    desc: query.child(GATEWAY_NS, "desc")?.text,
    jid: query.child(GATEWAY_NS, "jid")?.text,
  }),
  write: ({ desc, prompt, jid }) => {
    const child = (name: string, text: string | undefined) =>
      text === undefined ? undefined : el(GATEWAY_NS, name, {}, text);
    return el(
      GATEWAY_NS,
      "query",
      {},
      child("desc", desc),
      child("prompt", prompt),
      child("jid", jid),
    );
  },
});

export function servePrompt({ component, network }: GatewayParts): void {
  component.disco.feature(GATEWAY_NS);
  component.iq("get", gatewayQuery, () =>
    gatewayQuery.write({
      desc: `Please enter the name of the person at the ${network.name} you would like to contact.`,
      prompt: "Contact ID",
    }),
  );
  component.iq("set", gatewayQuery, ({ query }) => {
    const contact = query.prompt?.trim() ?? "";
    if (contact === "") throw new StanzaError("not-acceptable", "the name is empty");
    return gatewayQuery.write({ jid: addressOf(contact, component.jid).toString() });
  });
}
