import type { Kept } from "../../im/contract.ts";

/** The node of a message: opaque, unique, and in the order of time as text (XEP-0013 §2.3). */
export function nodeOf({ id, at }: Kept): string {
  return `${new Date(at).toISOString()}/${id}`;
}

/** The id of the message a node is of; whether it is one, the message tells. */
export function idOf(node: string): string {
  return node.slice(node.indexOf("/") + 1);
}
