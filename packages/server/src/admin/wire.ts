/**
 * What is said on the admin socket: one JSON object on each line, UTF-8. Requests are answered in
 * any order; `id` tells which is which.
 */

/** `{"id":1,"command":"user.add","args":{"jid":"romeo@example.org","password":"…"}}` */
export interface Request {
  readonly id: number;
  readonly command: string;
  readonly args: unknown;
}

export type Response =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  /** The id is null where the request had none that could be read. */
  | { readonly id: number | null; readonly ok: false; readonly error: ResponseError };

interface ResponseError {
  readonly code: string;
  readonly text: string;
}

/** Bytes of one request. */
export const LONGEST_REQUEST = 65_536;
/** Bytes of one response: a page of the longest addresses. */
export const LONGEST_RESPONSE = 8_388_608;

export function writeLine(message: Request | Response): string {
  return `${JSON.stringify(message)}\n`;
}

/** The value of a line. @throws SyntaxError, or TypeError for bytes that are not UTF-8 */
export function readLine(line: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
}

/** A member of a value that came from outside; undefined if there is none. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as { readonly [name: string]: unknown })[name];
}

const LINE_FEED = 0x0a;

/** Cuts received bytes into lines, holding no more than one of the longest. */
export class Lines {
  readonly #longest: number;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** @param longest bytes of a line, without its line feed. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /**
   * Takes bytes in any pieces.
   *
   * @returns the lines that are complete, without line feeds; empty ones are left out.
   * @throws RangeError if a line is too long: what follows can not be read.
   */
  write(bytes: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#add(bytes.subarray(start, end));
      if (this.#length > 0) lines.push(this.#take());
      start = end + 1;
    }
    this.#add(bytes.subarray(start));
    return lines;
  }

  #add(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#longest) {
      throw new RangeError(`a line is longer than ${this.#longest} bytes`);
    }
    if (piece.length > 0) this.#pieces.push(piece);
  }

  #take(): Uint8Array {
    const line = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return line ?? new Uint8Array(0);
  }
}
