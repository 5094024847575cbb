import { NS } from "@rookery/protocol";
import { Element, type Node } from "@rookery/xml";

/**
 * An element as it was received, with `jabber:client` in place of the content namespace of its
 * stream (RFC 6120 §4.8.2), which everything above a stream knows as the only one.
 *
 * The way back needs nothing: `serialize(element, "jabber:client")` declares no namespace for what is
 * in it, so that on the stream it is in the content namespace. What names `jabber:client` itself, as
 * a forwarded message does, stays what it is on both ways.
 *
 * @param contentNs such as `jabber:component:accept`.
 * @returns the same element if nothing in it is of that namespace.
 */
export function toClientNs(element: Element, contentNs: string): Element {
  if (contentNs === NS.client) return element;
  let frame: Frame = { element, next: 0, children: undefined, parent: undefined };
  // Elements can be nested deeper than functions can call each other: no recursion.
  for (;;) {
    const child: Node | undefined = frame.element.children[frame.next++];
    if (child === undefined) {
      const done = renamed(frame, contentNs);
      const { parent } = frame;
      if (parent === undefined) return done;
      replace(parent, frame.element, done);
      frame = parent;
    } else if (typeof child !== "string") {
      frame = { element: child, next: 0, children: undefined, parent: frame };
    }
  }
}

/** An element whose children are gone through. */
interface Frame {
  readonly element: Element;
  /** Index of the child that is next. */
  next: number;
  /** Its children, once one of them has changed. */
  children: Node[] | undefined;
  readonly parent: Frame | undefined;
}

function renamed({ element, children }: Frame, contentNs: string): Element {
  if (element.ns !== contentNs) {
    return children === undefined ? element : element.withChildren(children);
  }
  return new Element(NS.client, element.name, element.attrs, children ?? element.children);
}

/** Puts the child that was gone through last in its place. */
function replace(parent: Frame, before: Element, after: Element): void {
  if (before === after) return;
  parent.children ??= [...parent.element.children];
  parent.children[parent.next - 1] = after;
}
