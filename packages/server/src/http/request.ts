import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { TlsFacts } from "../transports/connection.ts";

/** A request as a handler sees it; what proxies say is taken from trusted ones only. */
export interface HttpRequest {
  /** As it came, so `HEAD` where a handler for `GET` is asked. */
  readonly method: string;
  /** As the client named it: its scheme, the host it asked, path and query. The path stays encoded. */
  readonly url: URL;
  /** What follows the path of the handler, where that ends with `/`; else "". Still encoded. */
  readonly rest: string;
  /** Names are in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Who asks, for limits and the log. */
  readonly address: string;
  /** Nobody could read it underway: TLS, here or at a trusted proxy, or it never left this machine. */
  readonly secure: boolean;
  /** What to tell a stream of TLS; undefined if the request was not secure. */
  readonly tls: TlsFacts | undefined;
  /** The served domain that was asked, by the `Host` header. */
  readonly domain: string;
  /** Aborted when the client goes away before it was answered. */
  readonly signal: AbortSignal;
  /**
   * The body as a whole.
   * @throws HttpError 413 as soon as it is seen to be larger than `maxBytes`; 408 if it does not
   *   come in time; 400 if it breaks off.
   */
  body(maxBytes: number): Promise<Uint8Array>;
  /**
   * The body as it comes, for what is too large to hold; nothing is read ahead of who reads it. It
   * fails with HttpError as `body` does, but has time as long as bytes keep coming.
   */
  stream(maxBytes: number): Readable;
}
