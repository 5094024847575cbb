/**
 * Compares as the UTF-8 bytes of both compare, which is the order of code points; JavaScript's
 * own order differs where surrogates meet U+E000 and above.
 */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogate = isSurrogate(x);
    return surrogate === isSurrogate(y) ? x - y : surrogate ? 1 : -1;
  }
  return a.length - b.length;
}

/** The smallest text after all that begin with `prefix`, or undefined if there is none. */
export function endOfPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point === 0x10ffff) continue;
    const next = point === 0xd7ff ? 0xe000 : point + 1;
    return characters.join("") + String.fromCodePoint(next);
  }
  return undefined;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
