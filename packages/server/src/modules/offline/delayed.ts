import { delay, type Jid, type Stanza } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { KeptMessage } from "../../im/contract.ts";

/** A message that waited, with the time it came at and no other claim of ours about it (XEP-0203 §4). */
export function delayed({ stanza, at }: KeptMessage, host: Jid): Stanza {
  const ours = (node: Element | string): boolean =>
    typeof node !== "string" &&
    node.is(delay.ns, delay.name) &&
    node.attr("from") === host.toString();
  const children = stanza.children.filter((node) => !ours(node));
  const stamp = delay.write({ stamp: at, from: host, reason: "Offline Storage" });
  return stanza.with({ children: [...children, stamp] });
}
