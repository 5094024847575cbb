import type { Element, Node } from "@rookery/xml";
import { StanzaError } from "./errors.ts";

/**
 * The typed reading and writing of one payload: an element of one name in one namespace.
 *
 * Write the interface of the payload first and check the codec against it; `read` throws
 * `StanzaError("bad-request")` for what the specification does not allow.
 */
export interface Codec<T> {
  readonly ns: string;
  readonly name: string;
  read(element: Element): T;
  write(value: T): Element;
  /** The payload inside a stanza or element, or undefined where there is none. */
  in(parent: { readonly children: readonly Node[] }): T | undefined;
}

/** Makes a codec; the name and namespace of an element are checked before `read` is called. */
export function codec<T>(spec: {
  readonly ns: string;
  readonly name: string;
  read(element: Element): T;
  write(value: T): Element;
}): Codec<T> {
  const { ns, name } = spec;
  return {
    ns,
    name,
    write: spec.write,
    read(element) {
      if (!element.is(ns, name)) {
        throw new StanzaError(
          "bad-request",
          `expected <${name} xmlns='${ns}'/>, found <${element.name} xmlns='${element.ns}'/>`,
        );
      }
      return spec.read(element);
    },
    in(parent) {
      for (const node of parent.children) {
        if (typeof node !== "string" && node.is(ns, name)) return spec.read(node);
      }
      return undefined;
    },
  };
}
