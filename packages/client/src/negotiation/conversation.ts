import { NS, StreamError } from "@rookery/protocol";
import { readStreamHeader, type StreamHeader, type StreamHeaderFields } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Channel, Received } from "../channel.ts";
import { ClientError } from "../errors.ts";

/** Sends the header of a stream and gives that of the server (RFC 6120 §4.2). */
export function openStream(
  channel: Channel,
  fields: Omit<StreamHeaderFields, "contentNs">,
  expected: ExpectedHeader,
): Promise<StreamHeader> {
  channel.open(fields);
  return readHeader(channel, expected);
}

/** What the header of a server has to be. */
interface ExpectedHeader {
  readonly contentNs: string;
  readonly lowestMajor: number;
}

/** The header of the server's stream, after ours was sent. */
export async function readHeader(
  channel: Channel,
  { contentNs, lowestMajor }: ExpectedHeader,
): Promise<StreamHeader> {
  const item = await nextItem(channel);
  if (!("event" in item) || item.event !== "open") throw unexpected(item, "a stream header");
  return readStreamHeader(item, contentNs, lowestMajor);
}

/**
 * The next element that the server sends before stanzas flow.
 * @throws StreamError if the server ends the stream, ClientError `lost` if it ends the connection
 */
export async function nextElement(channel: Channel): Promise<Element> {
  const item = await nextItem(channel);
  if ("event" in item) throw unexpected(item, "an element");
  if (item.is(NS.streams, "error")) throw StreamError.read(item);
  return item;
}

/** The error for what the protocol does not have here. */
export function unexpected(item: Received, expected: string): ClientError {
  const what =
    "event" in item
      ? item.event === "close"
        ? "the end of the stream"
        : "a stream header"
      : `<${item.name} xmlns='${item.ns}'/>`;
  return new ClientError("protocol", `expected ${expected} from the server, got ${what}`);
}

async function nextItem(channel: Channel): Promise<Received> {
  const item = await channel.next();
  if (item !== undefined) return item;
  const text = "the server closed the connection before the login was complete";
  throw new ClientError("lost", text, channel.error);
}
