import type { Element } from "@rookery/xml";
import { type Collect, collect, type Maybe } from "../hooks.ts";
import type { C2sStream } from "./c2s.ts";

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
