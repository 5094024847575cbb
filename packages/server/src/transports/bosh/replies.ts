import type { HttpReply } from "../../http/reply.ts";
import type { BindingCondition } from "./binding-error.ts";
import { type BodyContent, NO_CONTENT, writeBody } from "./body-writer.ts";

/** What a response is called unless a client asks otherwise (XEP-0124 §7.1). */
export const TEXT_XML = "text/xml; charset=utf-8";

/**
 * A response with a `<body/>`.
 *
 * Its content comes from anybody who writes to the client, and XML may hold scripts: a browser that
 * is brought to show a response as a page must run nothing of it in our origin.
 */
export function bodyReply(body: string, contentType: string = TEXT_XML, status = 200): HttpReply {
  return { status, headers: { ...SAFE, "content-type": contentType }, body };
}

/** How a session looks to a client when something ends it. */
export interface Ending {
  readonly condition: BindingCondition | undefined;
  /** The client named the version that it speaks; else it may know the codes of HTTP alone. */
  readonly versioned: boolean;
  readonly contentType: string;
}

/** The end of a session (XEP-0124 §17.2), or its code of HTTP for clients before that (§17.1). */
export function endReply(
  { condition, versioned, contentType }: Ending,
  content: BodyContent = NO_CONTENT,
): HttpReply {
  const status = versioned || condition === undefined ? 200 : (LEGACY.get(condition) ?? 200);
  return bodyReply(writeBody({ type: "terminate", condition }, content), contentType, status);
}

const LEGACY: ReadonlyMap<BindingCondition, number> = new Map([
  ["bad-request", 400],
  ["policy-violation", 403],
  ["item-not-found", 404],
]);

const SAFE = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
};
