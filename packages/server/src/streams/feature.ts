import type { Element } from "@rookery/xml";
import { type Collect, collect, type Maybe } from "../hooks.ts";
import type { Session } from "../sessions/session.ts";
import { flag, type Slot } from "../sessions/slot.ts";
import type { C2sStream } from "./c2s.ts";

export type { C2sStream };

/** Something that is negotiated on a client's stream (RFC 6120 §4.3): STARTTLS, SASL, binding … */
export interface StreamFeature {
  readonly name: string;
  /** The namespace of the elements that it answers; with `byIq`, of the payloads. */
  readonly ns: string;
  /**
   * It is asked for by IQs to the server or to nobody, not by elements of its own: true for resource
   * binding.
   */
  readonly byIq?: boolean;
  /** What is offered now in `<stream:features/>`, or undefined if it is not to be negotiated now. */
  offer(stream: C2sStream): Element | undefined;
  /**
   * Answers an element of the client, offered or not: it has to look whether its time has come.
   * @throws StreamError to end the stream.
   */
  negotiate?(stream: C2sStream, element: Element): Maybe<void>;
}

/** Features that modules add to the streams of their host; they come after the built-in ones. */
export const streamFeatures: Collect<C2sStream, StreamFeature> = collect("stream-features");

/** True if a client may send a password on the stream: nobody else reads it there. */
export function mayTakePasswords({ connection, services }: C2sStream): boolean {
  return connection.tls !== undefined || services.auth.plainWithoutTls;
}

/** As {@link mayTakePasswords}, of the stream that a session was bound on. */
export const isConfidential: Slot<boolean> = flag("confidential");

/**
 * What Bind 2 switches on, or tells, together with the binding of a resource (XEP-0386 §3.2).
 *
 * Whatever stanzas are sent to the session before its client is told of it wait for that.
 */
export interface BindInline {
  /** What it is announced by if it can be asked for, and the namespace of the elements that ask. */
  readonly ns: string;
  /** Takes the element of a client that asked; gives what it is answered, if anything. */
  ask?(session: Session, element: Element): Maybe<Element | undefined | void>;
  /** What every client is told that binds a resource, asked or not. */
  tell?(session: Session): Maybe<Element | undefined>;
}

/** What modules add to Bind 2, in the order it is announced and done. */
export const bindInline: Collect<C2sStream, BindInline> = collect("bind-inline");
