/**
 * Base64 (RFC 4648 §4), strictly: with padding, nothing outside the alphabet (RFC 6120 §13.9.1) and
 * only the canonical form, so that no two texts mean the same bytes.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;
const ASCII = new TextDecoder();
const CODES = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));
/** The value of each ASCII character, 64 or more for what is not in the alphabet. */
const VALUES = new Uint8Array(128).fill(0x80);
for (const [value, code] of CODES.entries()) VALUES[code] = value;

/** Bytes as base64. */
export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  const whole = bytes.length - (bytes.length % 3);
  let to = 0;
  for (let i = 0; i < whole; i += 3) {
    const group = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2);
    codes[to++] = at(CODES, group >> 18);
    codes[to++] = at(CODES, (group >> 12) & 63);
    codes[to++] = at(CODES, (group >> 6) & 63);
    codes[to++] = at(CODES, group & 63);
  }
  if (whole < bytes.length) {
    const two = whole + 1 < bytes.length;
    const group = (at(bytes, whole) << 16) | (two ? at(bytes, whole + 1) << 8 : 0);
    codes[to++] = at(CODES, group >> 18);
    codes[to++] = at(CODES, (group >> 12) & 63);
    codes[to++] = two ? at(CODES, (group >> 6) & 63) : PAD;
    codes[to++] = PAD;
  }
  return ASCII.decode(codes);
}

/** The bytes of canonical base64, or undefined for anything else: also for white space. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array();
  const padding =
    text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const whole = padding === 0 ? length : length - 4;
  let to = 0;
  let wrong = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = valueAt(text, i + 2);
    const d = valueAt(text, i + 3);
    wrong |= a | b | c | d;
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  if (padding > 0) {
    const a = valueAt(text, whole);
    const b = valueAt(text, whole + 1);
    const c = padding === 1 ? valueAt(text, whole + 2) : 0;
    wrong |= a | b | c;
    bytes[to++] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[to++] = (b << 4) | (c >> 2);
    // RFC 4648 §3.5: the bits that are left over are zero
    if ((padding === 1 ? c & 3 : b & 15) !== 0) return undefined;
  }
  return wrong < 64 ? bytes : undefined;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function valueAt(text: string, index: number): number {
  return VALUES[text.charCodeAt(index)] ?? 0x80;
}
