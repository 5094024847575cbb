import { XmlError } from "./errors.ts";

/**
 * Bytes decoded at once. A string cut out of a larger one keeps that one alive, so that this bounds
 * what an attribute value kept for long can hold on to.
 */
const SLICE_BYTES = 16_384;

/** Chunks that were read are let go this many at a time. */
const RELEASED_CHUNKS = 256;

// Used without { stream: true } it keeps no state between two calls.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8 (RFC 3629) that comes in any chunking, always whole characters. What stands before
 * an invalid byte is still given out, whatever the chunking.
 */
export class Utf8Reader {
  #chunks: Uint8Array[] = [];
  /** Index of the chunk that is read next. */
  #next = 0;
  /** Bytes of this chunk that were read. */
  #offset = 0;
  /** The beginning of a character whose other bytes have not come. */
  #partial: Uint8Array | undefined = undefined;
  #invalid = false;
  /** What was read last is ASCII, so that its length is its number of bytes. */
  wasAscii = true;

  /** Some bytes were written and not read. */
  get pending(): boolean {
    return this.#next < this.#chunks.length || this.#partial !== undefined || this.#invalid;
  }

  /** Adds bytes, which the caller must not change afterwards. */
  write(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#chunks.push(bytes);
  }

  /**
   * The next characters, or "" until more bytes come.
   * @throws XmlError `unsupported-encoding` where no UTF-8 is (RFC 6120 §4.9.3.22)
   */
  read(): string {
    while (!this.#invalid && this.#next < this.#chunks.length) {
      const bytes = this.#slice();
      const end = bytes.length - incompleteLength(bytes);
      if (end < bytes.length) this.#partial = new Uint8Array(bytes.subarray(end));
      if (end === 0) continue;
      const text = this.#decode(bytes, end);
      if (text === "") continue;
      // Everything beyond ASCII takes more bytes than UTF-16 code units.
      this.wasAscii = text.length === end;
      return text;
    }
    if (this.#invalid) throw new XmlError("unsupported-encoding", "the bytes are not valid UTF-8");
    return "";
  }

  /** Forgets everything that was not read. */
  discard(): void {
    this.#chunks = [];
    this.#next = 0;
    this.#offset = 0;
    this.#partial = undefined;
    this.#invalid = false;
  }

  #slice(): Uint8Array {
    const chunk = this.#chunks[this.#next]!;
    const end = Math.min(this.#offset + SLICE_BYTES, chunk.length);
    const whole = this.#offset === 0 && end === chunk.length;
    const slice = whole ? chunk : chunk.subarray(this.#offset, end);
    this.#offset = end;
    if (end === chunk.length) this.#advance();
    if (this.#partial === undefined) return slice;
    const joined = joinedBytes(this.#partial, slice);
    this.#partial = undefined;
    return joined;
  }

  #advance(): void {
    this.#offset = 0;
    this.#next++;
    if (this.#next === this.#chunks.length) {
      this.#next = 0;
      if (this.#chunks.length === 1) this.#chunks.pop();
      else this.#chunks = [];
    } else if (this.#next === RELEASED_CHUNKS) {
      this.#chunks.splice(0, this.#next);
      this.#next = 0;
    }
  }

  #decode(bytes: Uint8Array, end: number): string {
    try {
      return decoder.decode(end === bytes.length ? bytes : bytes.subarray(0, end));
    } catch {
      this.#invalid = true;
      return decoder.decode(bytes.subarray(0, validLength(bytes)));
    }
  }
}

/** Bytes of UTF-8 that a part of a well-formed string takes. */
export function utf8Length(text: string, from: number, to: number): number {
  let length = to - from;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    // Either half of a surrogate pair counts for two of its four bytes.
    if (code >= 0x80) length += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return length;
}

function joinedBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Bytes at the end that begin a character without completing it, and may still become one. */
function incompleteLength(bytes: Uint8Array): number {
  const { length } = bytes;
  if (bytes[length - 1]! < 0x80) return 0;
  for (let count = 1; count <= 3 && count <= length; count++) {
    const lead = bytes[length - count]!;
    if (lead < 0x80) return 0;
    if (lead >= 0xc0) {
      return count < sequenceLength(lead) && isPrefix(bytes, length - count) ? count : 0;
    }
  }
  return 0;
}

/** Bytes before the first that is not part of a valid character. */
function validLength(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const length = sequenceLength(bytes[i]!);
    if (length === 0 || i + length > bytes.length) return i;
    if (!isPrefix(bytes.subarray(i, i + length), 0)) return i;
    i += length;
  }
  return i;
}

/** Bytes of a character by its first one; 0 if none begins so. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/** Whether all bytes from `start` on may follow the lead byte there (RFC 3629 §4: no overlong forms, no surrogates). */
function isPrefix(bytes: Uint8Array, start: number): boolean {
  const lead = bytes[start]!;
  for (let i = start + 1; i < bytes.length; i++) {
    const byte = bytes[i]!;
    const first = i === start + 1;
    const low = first && lead === 0xe0 ? 0xa0 : first && lead === 0xf0 ? 0x90 : 0x80;
    const high = first && lead === 0xed ? 0x9f : first && lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return false;
  }
  return true;
}
