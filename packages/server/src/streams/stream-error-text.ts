import { NS, StreamError } from "@rookery/protocol";
import { STREAM_PREFIXES } from "@rookery/stream";
import { serialize } from "@rookery/xml";

/** The `<stream:error/>` as it is sent, without its text if XML cannot carry that. */
export function streamErrorText(error: StreamError): string {
  try {
    return serialize(error.toElement(), NS.client, STREAM_PREFIXES);
  } catch {
    const bare = new StreamError(error.condition).toElement();
    return serialize(bare, NS.client, STREAM_PREFIXES);
  }
}
