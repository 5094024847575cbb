import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Clock, Timer } from "../clock.ts";
import type { Limits } from "../config/limits.ts";
import { HttpError } from "./reply.ts";

/** How fast a body has to come. */
export interface BodyPace {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "httpBodySeconds" | "httpBodyBytesPerSecond">;
}

/** The whole body of a request. @throws HttpError as {@link bodyStream} does */
export async function wholeBody(
  request: IncomingMessage,
  maxBytes: number,
  pace: BodyPace,
): Promise<Uint8Array> {
  checkLength(request, maxBytes);
  const { httpBodySeconds } = pace.limits;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let length = 0;
  const late = (): void => reject(new HttpError(408, "the body took too long"));
  const timer = pace.clock.after(httpBodySeconds * 1000, late);
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > maxBytes) reject(tooLarge(maxBytes));
    else chunks.push(chunk);
  };
  const onEnd = (): void => resolve(Buffer.concat(chunks, length));
  const onClose = (): void => reject(brokenOff());
  request.on("data", onData).once("end", onEnd).once("close", onClose).once("error", onClose);
  try {
    return await promise;
  } finally {
    timer.cancel();
    request.off("data", onData).off("end", onEnd).off("close", onClose);
    request.pause();
  }
}

/**
 * The body as it comes; nothing is read ahead. It fails with HttpError: 413 beyond `maxBytes`, 408
 * if it comes more slowly than the limits allow, 400 if it breaks off.
 */
export function bodyStream(request: IncomingMessage, maxBytes: number, pace: BodyPace): Readable {
  checkLength(request, maxBytes);
  return new BodyStream(request, maxBytes, pace);
}

class BodyStream extends Readable {
  readonly #request: IncomingMessage;
  readonly #maxBytes: number;
  readonly #pace: BodyPace;
  #received = 0;
  #ended = false;
  /** What had been received when the pace was looked at last. */
  #before = 0;
  /** Whoever reads has kept the client waiting since then. */
  #waited = false;
  #timer: Timer | undefined = undefined;

  constructor(request: IncomingMessage, maxBytes: number, pace: BodyPace) {
    super();
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#pace = pace;
    request.on("data", this.#onData).once("end", this.#onEnd);
    request.once("close", this.#onClose).once("error", this.#onClose);
    request.pause();
    this.#watch();
    // nobody would tell of a client that went before its body was asked for
    if (request.destroyed) this.destroy(brokenOff());
  }

  override _read(): void {
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#timer?.cancel();
    const request = this.#request;
    request.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    request.pause();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#received > this.#maxBytes) return void this.destroy(tooLarge(this.#maxBytes));
    if (this.push(chunk)) return;
    this.#waited = true;
    this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#timer?.cancel();
    this.push(null);
  };

  /** Also of a request that came as a whole: what follows it may be so wrong that it is dropped. */
  readonly #onClose = (): void => {
    if (!this.#ended) this.destroy(brokenOff());
  };

  #watch(): void {
    const { clock, limits } = this.#pace;
    const { httpBodySeconds, httpBodyBytesPerSecond } = limits;
    this.#timer = clock.after(httpBodySeconds * 1000, () => {
      const came = this.#received - this.#before;
      const slow = came < httpBodySeconds * httpBodyBytesPerSecond;
      if (slow && !this.#waited && !this.#request.isPaused()) {
        return void this.destroy(new HttpError(408, "the body comes too slowly"));
      }
      this.#before = this.#received;
      this.#waited = this.#request.isPaused();
      this.#watch();
    });
  }
}

function checkLength(request: IncomingMessage, maxBytes: number): void {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `the body is larger than ${maxBytes} bytes`);
}

function brokenOff(): HttpError {
  return new HttpError(400, "the body broke off");
}
