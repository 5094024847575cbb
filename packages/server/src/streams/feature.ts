import type { Element } from "@rookery/xml";
import { type Collect, collect, type Maybe } from "../hooks.ts";
import type { C2sStream } from "./c2s.ts";

/** Something that is negotiated on a client's stream (RFC 6120 §4.3): STARTTLS, SASL, binding … */
export interface StreamFeature {
  readonly name: string;
  /** The namespace of the elements, or of the IQ payloads before a resource is bound, that it answers. */
  readonly ns: string;
  /** What is offered now in `<stream:features/>`, or undefined if it is not to be negotiated now. */
  offer(stream: C2sStream): Element | undefined;
  /** Answers an element of the client; @throws StreamError to end the stream. */
  negotiate?(stream: C2sStream, element: Element): Maybe<void>;
}

/** Features that modules add to the streams of their host; they come after the built-in ones. */
export const streamFeatures: Collect<C2sStream, StreamFeature> = collect("stream-features");
