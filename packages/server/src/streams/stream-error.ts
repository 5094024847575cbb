import { StreamError } from "@rookery/protocol";
import { documentFraming, type Framing } from "@rookery/stream";
import { XmlError } from "@rookery/xml";

/** What ends a stream whose reading or handling threw; undefined for a fault of ours. */
export function streamErrorOf(error: unknown): StreamError | undefined {
  if (error instanceof StreamError) return error;
  return error instanceof XmlError ? new StreamError(error.condition, error.message) : undefined;
}

/** The `<stream:error/>` as it is sent, without its text if XML cannot carry that. */
export function streamErrorText(error: StreamError, framing: Framing = documentFraming): string {
  try {
    return framing.element(error.toElement());
  } catch {
    return framing.element(new StreamError(error.condition).toElement());
  }
}
