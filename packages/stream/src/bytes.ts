const ENCODER = new TextEncoder();
/** A byte order mark is kept: what is read back must be the bytes that came. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The text of UTF-8, or undefined if it is not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes one after the other. */
export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** The exclusive or of two byte strings of one length. */
export function xor(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.map((byte, i) => byte ^ (second[i] ?? 0));
}

/** Whether two byte strings are the same, in a time that tells only whether their lengths are. */
export function equalBytes(first: Uint8Array, second: Uint8Array): boolean {
  if (first.length !== second.length) return false;
  let difference = 0;
  for (let i = 0; i < first.length; i++) {
    difference |= (first[i] ?? 0) ^ (second[i] ?? 0);
  }
  return difference === 0;
}
