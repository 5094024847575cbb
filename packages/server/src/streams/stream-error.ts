import { NS, StreamError } from "@rookery/protocol";
import { STREAM_PREFIXES } from "@rookery/stream";
import { serialize, XmlError } from "@rookery/xml";

/** What ends a stream whose reading or handling threw; undefined for a fault of ours. */
export function streamErrorOf(error: unknown): StreamError | undefined {
  if (error instanceof StreamError) return error;
  return error instanceof XmlError ? new StreamError(error.condition, error.message) : undefined;
}

/** The `<stream:error/>` as it is sent, without its text if XML cannot carry that. */
export function streamErrorText(error: StreamError): string {
  try {
    return serialize(error.toElement(), NS.client, STREAM_PREFIXES);
  } catch {
    const bare = new StreamError(error.condition).toElement();
    return serialize(bare, NS.client, STREAM_PREFIXES);
  }
}
