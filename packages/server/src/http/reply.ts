import type { Readable } from "node:stream";

/** The headers of an answer, names in lower case. */
export interface ReplyHeaders {
  readonly [name: string]: string | readonly string[] | number;
}

/** What a request is answered with; see the functions below for the common ones. */
export interface HttpReply {
  readonly status: number;
  readonly headers?: ReplyHeaders | undefined;
  /** Text is sent as UTF-8. A stream is sent as fast as the client reads, and destroyed if it goes. */
  readonly body?: string | Uint8Array | Readable | undefined;
  /** Told once what became of the answer: true when the network took it, false when the client was gone. */
  readonly sent?: ((delivered: boolean) => void) | undefined;
}

/**
 * A request that cannot be done; thrown by a handler, it is what the client gets.
 *
 * @example
 * throw new HttpError(404, "there is no such file");
 */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: ReplyHeaders;

  /** @param status from 400; @param text for the client: what was asked and what to do. */
  constructor(status: number, text: string, headers: ReplyHeaders = {}) {
    super(text);
    this.name = "HttpError";
    this.status = status;
    this.headers = headers;
  }
}

/** An answer whose body is text. */
export interface TextReply extends HttpReply {
  readonly body: string;
}

/** Plain text. */
export function text(body: string, status = 200, headers: ReplyHeaders = {}): TextReply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

/** A value as JSON. */
export function json(value: unknown, status = 200, headers: ReplyHeaders = {}): HttpReply {
  const body = JSON.stringify(value);
  return { status, headers: { "content-type": "application/json", ...headers }, body };
}

/** Bytes, or a stream of them, of a media type. */
export function bytes(
  body: Uint8Array | Readable,
  type: string,
  headers: ReplyHeaders = {},
): HttpReply {
  return { status: 200, headers: { "content-type": type, ...headers }, body };
}

/**
 * A page. Its policy lets it load scripts, styles and pictures from our own origin, and talk to it;
 * nothing stands inside the page and nobody puts it into a frame. `headers` may name another policy.
 */
export function html(body: string, status = 200, headers: ReplyHeaders = {}): HttpReply {
  const own = { "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE };
  return { status, headers: { ...own, ...headers }, body };
}

/** No content. */
export function empty(status = 204, headers: ReplyHeaders = {}): HttpReply {
  return { status, headers };
}

/** Go elsewhere; with GET, whatever the method was. */
export function redirect(to: string, status: 301 | 303 = 303): HttpReply {
  return { status, headers: { location: to } };
}

const PAGE = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");
