import type { Stanza } from "@rookery/protocol";
import type { ChannelBindings, Maybe, StreamHeaderFields } from "@rookery/stream";
import type { Element, StreamClose, StreamOpen } from "@rookery/xml";

/** What comes from the other end. */
export type Received = Element | StreamOpen | StreamClose;

/** What TLS gives. */
export interface Security {
  /** What authentication can be bound to, if the platform tells. */
  readonly bindings?: ChannelBindings | undefined;
}

/**
 * XML in both directions, whatever carries it: bytes ({@link ByteChannel}), or messages of a WebSocket.
 * Elements are in `jabber:client` where the stream has its content namespace.
 */
export interface Channel {
  /** What protects it; undefined in the clear. */
  readonly security: Security | undefined;
  /** Why the connection ended, if it broke. */
  readonly error: Error | undefined;
  /** Bytes, more or less, that wait to be sent. */
  readonly queuedBytes: number;
  /** Sends the header of a stream; what comes from now on belongs to the new one. */
  open(header: Omit<StreamHeaderFields, "contentNs">): void;
  /**
   * What comes next, at once if it is there; undefined once the connection has ended. Nothing is
   * taken from the network as long as nobody asks. One asks at a time.
   * @throws XmlError, or rejects with it, for what cannot be read
   */
  next(): Maybe<Received | undefined>;
  /** Queues it; what is sent in one turn goes out together. Does nothing once the channel is closed. */
  send(what: Element | Stanza): void;
  /** Settles, never with an error, when little waits to be sent or the connection has ended. */
  drained(): Promise<void>;
  /** Puts TLS under the channel (RFC 6120 §5.4.3); absent where that cannot be. */
  startTls?(): Promise<void>;
  /** Says that this side has nothing more to say (RFC 6120 §4.4). */
  closeStream(): void;
  /** Ends the connection when all is sent. */
  end(): void;
  /** Ends the connection at once. */
  destroy(): void;
}

/** Makes a connection; gives up when the signal aborts. */
export type OpenChannel = (signal: AbortSignal) => Promise<Channel>;
