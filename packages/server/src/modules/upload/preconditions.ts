import type { IncomingHttpHeaders } from "node:http";

/** What a request may be bound to: a file never changes. */
export interface Validators {
  /** Strong, in quotes (RFC 9110 §8.8.3). */
  readonly etag: string;
  /** In milliseconds since 1970. */
  readonly modified: number;
}

/** What becomes of a conditional request (RFC 9110 §13.2.2); undefined where the answer is sent. */
export function precondition(
  headers: IncomingHttpHeaders,
  { etag, modified }: Validators,
): 304 | 412 | undefined {
  const match = headers["if-match"];
  if (match !== undefined) {
    if (!names(match, etag, false)) return 412;
  } else {
    const unmodified = dateOf(headers["if-unmodified-since"]);
    if (unmodified !== undefined && seconds(modified) > unmodified) return 412;
  }
  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined) return names(noneMatch, etag, true) ? 304 : undefined;
  const since = dateOf(headers["if-modified-since"]);
  return since !== undefined && seconds(modified) <= since ? 304 : undefined;
}

/** True if a range may be sent: the client has the rest of this very file (RFC 9110 §13.1.5). */
export function mayResume(
  { "if-range": condition }: IncomingHttpHeaders,
  { etag, modified }: Validators,
): boolean {
  if (condition === undefined) return true;
  const text = String(condition).trim();
  return text.startsWith('"') ? text === etag : dateOf(text) === seconds(modified);
}

/** True if a list of entity tags names one; weakly where it does not matter (RFC 9110 §8.8.3.2). */
function names(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((one) => {
    const tag = one.trim();
    return tag === etag || (weak && tag === `W/${etag}`);
  });
}

/** A date of HTTP in seconds; undefined for what is none. */
function dateOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : seconds(time);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
