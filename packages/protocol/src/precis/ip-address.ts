/** True for the dotted-decimal form of RFC 3986 §3.2.2: four numbers to 255 without leading zeros. */
export function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

/**
 * The canonical text (RFC 5952) of an IPv6 address without brackets, or undefined if it is none.
 *
 * Zone identifiers (RFC 6874) are refused: they mean something on one machine only, which an address
 * that others see cannot.
 */
export function canonicalIPv6(text: string): string | undefined {
  const groups = text.length <= LONGEST_IPV6 ? parseIPv6(text.toLowerCase()) : undefined;
  return groups === undefined ? undefined : formatIPv6(groups);
}

/** The eight groups of an address (RFC 4291 §2.2). */
function parseIPv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  if (tail === undefined) return before?.length === 8 ? before : undefined;
  const after = parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const zeros = 8 - before.length - after.length;
  // "::" stands for one group at least (RFC 3986 §3.2.2)
  if (zeros < 1) return undefined;
  return [...before, ...Array.from({ length: zeros }, () => 0), ...after];
}

function parseGroups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (IPV6_GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else if (mayEndInIPv4 && i === parts.length - 1 && isIPv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else return undefined;
  }
  return groups;
}

function formatIPv6(groups: readonly number[]): string {
  // IPv4-mapped addresses keep the dots (RFC 5952 §5)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const hex = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(":");
  const { start, length } = longestRunOfZeros(groups);
  // a single group of zeros is not shortened (RFC 5952 §4.2.2)
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The first of the longest (RFC 5952 §4.2.3). */
function longestRunOfZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/u;
const IPV6_GROUP = /^[0-9a-f]{1,4}$/u;
/** Eight groups, the last two as IPv4. */
const LONGEST_IPV6 = 45;
