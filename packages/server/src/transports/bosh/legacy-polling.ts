import type { HttpReply } from "../../http/reply.ts";
import { bodyReply } from "./replies.ts";

/** The beginning of a request of HTTP Polling, `identifier;key[;newkey],` (XEP-0025 §3). */
const REQUEST = /^[A-Za-z\d:-]{1,128};[^,<]{0,256},/u;

/** Whether a request that is no XML is one of HTTP Polling. */
export function isLegacyPolling(beginning: string): boolean {
  return REQUEST.test(beginning);
}

/** The protocol is obsolete and not served; what its clients know as an error (XEP-0025 §3.1.1). */
export function refuseLegacyPolling(): HttpReply {
  const { status, headers, body } = bodyReply(
    "<error>HTTP Polling (XEP-0025) is not served here; use BOSH (XEP-0124) or WebSocket (RFC 7395)</error>",
  );
  return { status, headers: { ...headers, "set-cookie": "ID=0:0" }, body };
}
