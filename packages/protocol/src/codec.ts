import { type Element, el, type Node } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { quoted } from "./reading.ts";

/**
 * The typed reading and writing of one payload: an element of one name in one namespace.
 *
 * Write the interface of the payload first and check the codec against it; `read` throws
 * `StanzaError("bad-request")` for what the specification does not allow.
 */
export interface Codec<T> {
  readonly ns: string;
  readonly name: string;
  /** @throws StanzaError `bad-request` for another element or one that breaks its specification. */
  read(this: void, element: Element): T;
  write(this: void, value: T): Element;
  /** The first such payload inside a stanza or element, or undefined where there is none. */
  in(this: void, parent: { readonly children: readonly Node[] }): T | undefined;
}

/** Makes a codec; the name and namespace of an element are checked before `read` is called. */
export function codec<T>(spec: {
  readonly ns: string;
  readonly name: string;
  read(this: void, element: Element): T;
  write(this: void, value: T): Element;
}): Codec<T> {
  const { ns, name, read, write } = spec;
  return {
    ns,
    name,
    write,
    read(element) {
      if (!element.is(ns, name)) {
        throw new StanzaError(
          "bad-request",
          `expected <${name} xmlns='${ns}'/>, found ${quoted(element.name)} of ${quoted(element.ns)}`,
        );
      }
      return read(element);
    },
    in(parent) {
      for (const node of parent.children) {
        if (typeof node !== "string" && node.is(ns, name)) return read(node);
      }
      return undefined;
    },
  };
}

/** The value of a payload that says everything by being there. */
export type Marker = Readonly<Record<string, never>>;

const MARKER: Marker = Object.freeze({});

/**
 * The codec of an element that is empty by its specification, such as `<ping/>`. What such an
 * element contains nevertheless is ignored (RFC 6120 §8.4).
 */
export function marker(ns: string, name: string): Codec<Marker> {
  return codec<Marker>({ ns, name, read: () => MARKER, write: () => el(ns, name) });
}
