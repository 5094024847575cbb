import { el, serialize } from "@rookery/xml";
import { json } from "./reply.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpRouter } from "./router.ts";
import type { WebUrls } from "./web-urls.ts";

const XRD_NS = "http://docs.oasis-open.org/ns/xri/xrd-1.0";
/** What a browser may keep of it, in seconds. */
const CACHE = { "cache-control": "public, max-age=300" };

/** A way to connect (XEP-0156 §2.1). */
interface Link {
  readonly rel: string;
  readonly href: string;
}

/** Tells clients in browsers where to connect (XEP-0156): as XRD, and as JSON (RFC 6415 §2, §3). */
export function offerHostMeta(http: HttpRouter, webUrls: WebUrls): void {
  const cors = "any"; // XEP-0156 §4
  const linksFor = (request: HttpRequest): readonly Link[] =>
    WAYS.filter(({ path }) => http.has(request.domain, path)).map(({ rel, scheme, path }) => ({
      rel,
      href: webUrls.seenBy(request, path).replace(/^http/, scheme),
    }));
  http.add(
    undefined,
    "GET",
    "/.well-known/host-meta",
    (request) => ({
      status: 200,
      headers: { "content-type": "application/xrd+xml", ...CACHE },
      body: xrd(linksFor(request)),
    }),
    { cors },
  );
  http.add(
    undefined,
    "GET",
    "/.well-known/host-meta.json",
    (request) => json({ links: linksFor(request) }, 200, CACHE),
    { cors },
  );
}

/** The ways there may be, each at its path. */
const WAYS = [
  { rel: "urn:xmpp:alt-connections:websocket", scheme: "ws", path: "/xmpp-websocket" },
  { rel: "urn:xmpp:alt-connections:xbosh", scheme: "http", path: "/http-bind" },
] as const;

function xrd(links: readonly Link[]): string {
  const children = links.map(({ rel, href }) => el(XRD_NS, "Link", { rel, href }));
  return `<?xml version='1.0' encoding='utf-8'?>\n${serialize(el(XRD_NS, "XRD", {}, ...children))}`;
}
