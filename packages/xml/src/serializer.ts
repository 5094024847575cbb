import type { Node } from "./element.ts";
/** Canonical XML of a node inside an element whose default namespace is `defaultNs`. */
export function serialize(_node: Node, _defaultNs = ""): string { throw new Error("to be written"); }
