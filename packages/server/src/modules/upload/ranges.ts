/** Some bytes of a file, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The range that a request asks for (RFC 9110 §14.1.2).
 *
 * @returns undefined where the whole file is sent: without a range, for what cannot be read, and for
 *   several ranges at once, which §14.2 lets a server ignore. They cost more than they are worth.
 *   `"unsatisfiable"` if the file has none of it.
 */
export function rangeOf(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, from = "", to = ""] =
    /^bytes=[ \t]*(\d{0,20})-(\d{0,20})[ \t]*$/i.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}
