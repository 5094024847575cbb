import type { X509Certificate } from "node:crypto";
import type { ChannelBindings, Framing } from "@rookery/stream";
import type { Element, ParserLimits, StreamClose, StreamOpen } from "@rookery/xml";

/** What TLS gave a connection; its texts are empty where TLS ended before us. */
export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  /** What authentication can be bound to (RFC 5802 §6). */
  readonly bindings: ChannelBindings;
  /**
   * That of the client, if it has shown one: it has the key, but who vouches for it is not looked at
   * here (XEP-0178).
   */
  readonly certificate?: X509Certificate | undefined;
}

/**
 * One connection of a client, whatever transport it came by: elements in, text out.
 *
 * Elements are pulled, so that a stream which waits for something simply does not read; the
 * transport then stops reading from the network.
 */
export interface Connection {
  /** The peer's address, for limits and the log. */
  readonly address: string;
  /** What TLS negotiated, or undefined in the clear. */
  readonly tls: TlsFacts | undefined;
  /** How what is sent is written here; each text that is sent is one thing of it. */
  readonly framing: Framing;
  /** STARTTLS is possible. */
  readonly canStartTls: boolean;
  /** Bytes written and not taken by the network yet. */
  readonly queuedBytes: number;
  /** When the peer connected, by the server's clock. */
  readonly since: number;
  /** When bytes were last heard from the peer, by the server's clock. */
  readonly heardAt: number;
  /** The peer sends nothing more; what it sent before may still be there to read. */
  readonly ended: boolean;

  /** Bytes received since the connection began. */
  readonly receivedBytes: number;

  /** Called when there may be something to read, or the peer has ended. */
  onReadable: () => void;
  /** Called once, when the connection is gone; nothing is called after it. */
  onClose: () => void;

  /** The next thing on the stream, if it is there. @throws XmlError */
  read(): Element | StreamOpen | StreamClose | undefined;
  /** Stops taking bytes from the network, so that the peer is slowed down. */
  pause(): void;
  resume(): void;
  /** Bounds on what is read from now on. */
  limit(limits: ParserLimits): void;
  /** A new stream begins on the same connection; bytes already received belong to it. */
  restart(): void;
  /** Queues one thing as `framing` writes it; all of one turn of the event loop is written at once. */
  send(text: string): void;
  /** Settles when everything sent so far was taken by the network; rejects if it never will be. */
  flushed(): Promise<void>;
  /**
   * Sends `proceed` and goes on with TLS as the server. When the handshake fails the connection is
   * cut off, as there is no stream left to say anything on (RFC 6120 §5.4.3.2).
   *
   * @throws StreamError `policy-violation`, and sends nothing, if more was received in the clear
   * than was read: it must not be taken for what comes by TLS.
   */
  startTls(proceed: string): Promise<void>;
  /**
   * Writes what is queued, then closes; a peer that does not take it is cut off after a while.
   * Nothing is sent or read after it.
   */
  close(): void;
  /** Cuts the connection off. */
  destroy(): void;
}
