import { createHash } from "node:crypto";

/** Names a content, without the quotes of a header. */
export function etagOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/**
 * True if the client has a content already (RFC 9110 §13.1.2).
 * @param header `If-None-Match`; @param etag with its quotes.
 */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag || one === "*");
}
