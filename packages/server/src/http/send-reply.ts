import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { HttpReply, ReplyHeaders } from "./reply.ts";

/** How an answer is sent. */
export interface SendOptions {
  /** Headers beside those of the answer. */
  readonly more: ReplyHeaders;
  /** The connection ends with it. */
  readonly last: boolean;
  /** A client that takes nothing for so long is cut off. */
  readonly sendSeconds: number;
}

/** What every answer says, unless it says otherwise itself. */
const USUAL: ReplyHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Of a body that nobody wanted, so much is read, so that the client sees the answer. */
const MAX_DISCARDED = 262_144;
const MAX_DISCARD_MS = 1000;

/** Sends an answer; what is left of the request's body is not waited for. */
export function sendReply(
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  { more, last, sendSeconds }: SendOptions,
): void {
  const body = reply.body ?? "";
  if (response.headersSent || response.destroyed) {
    if (body instanceof Readable) body.destroy();
    response.destroy();
    reply.sent?.(false);
    return;
  }
  const whole = body instanceof Readable ? undefined : Buffer.from(body as string);
  const headers = { ...USUAL, ...more, ...reply.headers };
  if (whole !== undefined && reply.status !== 204 && reply.status !== 304) {
    headers["content-length"] = whole.length;
  }
  if (last || isSending(message)) headers["connection"] = "close";
  const { sent } = reply;
  response.once("close", () => {
    if (body instanceof Readable) body.destroy();
    sent?.(response.writableFinished);
  });
  // Counts only while nothing moves, and from now on: a handler that thinks for long is not a slow
  // client. Node destroys the socket then, and sets the time anew for the next request.
  message.socket.setTimeout(sendSeconds * 1000);
  response.writeHead(reply.status, headers as { [name: string]: string });
  if (message.method === "HEAD") end(message, response, Buffer.alloc(0));
  else if (whole !== undefined) end(message, response, whole);
  else pipe(body as Readable, response);
}

/** The body of the request is not there as a whole. A request without one is not complete at first, too. */
function isSending({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function pipe(body: Readable, response: ServerResponse): void {
  // an answer that breaks off must not look whole
  body.once("error", () => response.destroy());
  body.pipe(response);
}

/**
 * Ends an answer. If the client is still sending, it is let go on for a moment: closing at once
 * would make its system throw the answer away unread.
 */
function end(message: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (!isSending(message)) return void response.end(body);
  let left = MAX_DISCARDED;
  const done = (): void => {
    clearTimeout(timer);
    message.off("data", discard);
    response.end();
  };
  const discard = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left <= 0) done();
  };
  const timer = setTimeout(done, MAX_DISCARD_MS);
  message.on("data", discard).once("end", done).once("close", done);
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  message.resume();
}
