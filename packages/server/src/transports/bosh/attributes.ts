import { quoted } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { BindingError } from "./binding-error.ts";
import { XBOSH } from "./namespaces.ts";

/**
 * The `rid` of a request (XEP-0124 §14.1).
 * @throws BindingError `bad-request` if it is none that a number can hold.
 */
export function readRid(header: Element): number {
  const text = header.attr("rid");
  const rid = text !== undefined && RID.test(text) ? Number(text) : 0;
  if (rid > 0 && rid <= Number.MAX_SAFE_INTEGER) return rid;
  throw new BindingError(
    "bad-request",
    `rid=${quoted(text ?? "")} is no request ID; take an integer from 1 to 9007199254740991`,
  );
}

/**
 * A number of seconds or of requests, at most `most` however large it was.
 * @returns undefined if it was left out.
 * @throws BindingError `bad-request`
 */
export function readCount(header: Element, name: string, most: number): number | undefined {
  const text = header.attr(name);
  if (text === undefined) return undefined;
  if (COUNT.test(text)) return Math.min(Number(text), most);
  throw new BindingError("bad-request", `${name}=${quoted(text)} is no whole number`);
}

/** `type='terminate'` (XEP-0124 §13). */
export function isTerminate(header: Element): boolean {
  return header.attr("type") === "terminate";
}

/** The request asks for a new stream (XEP-0206 §5). */
export function isRestart(header: Element): boolean {
  const text = header.attr(`{${XBOSH}}restart`);
  return text === "true" || text === "1";
}

/** `pause` in seconds (XEP-0124 §10). @throws BindingError `bad-request` */
export function readPause(header: Element): number | undefined {
  return readCount(header, "pause", Number.MAX_SAFE_INTEGER);
}

const RID = /^\d{1,16}$/u;
const COUNT = /^\d{1,400}$/u;
