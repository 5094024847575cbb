import type { Origins } from "./origins.ts";
import { empty, type HttpReply, type ReplyHeaders } from "./reply.ts";
import type { Cors } from "./router.ts";

/** Tells browsers which pages may read an answer (the Fetch standard, CORS protocol). */
export function corsHeaders(
  cors: Cors,
  origin: string | undefined,
  origins: Origins,
): ReplyHeaders {
  if (cors === "any") {
    return { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
  }
  if (cors === "own") return {};
  if (origin === undefined || !origins.isListed(origin)) return { vary: "Origin" };
  return {
    "access-control-allow-origin": origin,
    "cross-origin-resource-policy": "cross-origin",
    vary: "Origin",
  };
}

/** The answer to `OPTIONS`, by which browsers ask before they send what is not simple. */
export function preflight(
  { methods, cors }: { readonly methods: readonly string[]; readonly cors: Cors },
  origin: string | undefined,
  origins: Origins,
): HttpReply {
  const allow = methods.join(", ");
  const open = cors === "any" || (cors === "configured" && origins.isListed(origin ?? ""));
  if (!open || origin === undefined) return empty(204, { allow });
  return empty(204, {
    allow,
    "access-control-allow-methods": allow,
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": MAX_AGE_SECONDS,
  });
}

/** Browsers take two hours at most. */
const MAX_AGE_SECONDS = 7200;
