/** HTTP File Upload: XEP-0363 (1.2.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { formatDateTime, parseDateTime } from "../datetime.ts";
import { StanzaError } from "../errors.ts";
import { quoted, requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature and the FORM_TYPE of what service discovery tells. */
export const UPLOAD_NS = "urn:xmpp:http:upload:0";

/** The namespace of purposes; a service tells those it knows as features `…#message` (XEP-0363 §5). */
export const UPLOAD_PURPOSE_NS = "urn:xmpp:http:upload:purpose:0";

/** What a file is for (XEP-0363 §5), which tells how long it should be kept. */
export type UploadPurpose =
  | { readonly kind: "message" | "profile" | "permanent" }
  | {
      readonly kind: "ephemeral";
      /** It may go by then, in milliseconds since 1970-01-01T00:00:00Z. */
      readonly expireBefore?: number | undefined;
    };

/** Asks for a place for a file (XEP-0363 §4). */
export interface UploadRequest {
  readonly filename: string;
  /** In bytes; at least 1. */
  readonly size: number;
  readonly contentType?: string | undefined;
  readonly purpose?: UploadPurpose | undefined;
}

/**
 * The `<request/>`. A purpose that XEP-0363 does not have is read as none.
 *
 * @throws StanzaError `bad-request` without a filename, or a size that is no number of bytes.
 */
export const uploadRequest: Codec<UploadRequest> = codec<UploadRequest>({
  ns: UPLOAD_NS,
  name: "request",
  read(request) {
    const filename = requiredAttr(request, "filename");
    if (filename === "") throw new StanzaError("bad-request", "the filename of an upload is empty");
    return {
      filename,
      size: readSize(requiredAttr(request, "size"), "the size of an upload"),
      contentType: request.attr("content-type") || undefined,
      purpose: readPurpose(request),
    };
  },
  write: ({ filename, size, contentType, purpose }) =>
    el(
      UPLOAD_NS,
      "request",
      { filename, size: size.toString(), "content-type": contentType },
      purpose && writePurpose(purpose),
    ),
});

/** A header of the PUT request (XEP-0363 §4); others than these are not allowed. */
export interface UploadHeader {
  readonly name: "Authorization" | "Cookie" | "Expires";
  readonly value: string;
}

/** A place for a file (XEP-0363 §4). */
export interface UploadSlot {
  readonly put: string;
  /** In the order in which they are to be sent. */
  readonly headers: readonly UploadHeader[];
  readonly get: string;
}

/**
 * The `<slot/>`. Headers that are not allowed are left out, and line breaks are taken out,
 * since both could smuggle something into the request (XEP-0363 §4, §9).
 *
 * @throws StanzaError `bad-request` without both addresses.
 */
export const uploadSlot: Codec<UploadSlot> = codec<UploadSlot>({
  ns: UPLOAD_NS,
  name: "slot",
  read(slot) {
    const put = slot.child(UPLOAD_NS, "put");
    const get = slot.child(UPLOAD_NS, "get");
    if (put === undefined || get === undefined) {
      throw new StanzaError("bad-request", "<slot/> needs <put/> and <get/>");
    }
    return {
      put: requiredAttr(put, "url"),
      headers: put.elements(UPLOAD_NS, "header").flatMap(readHeader),
      get: requiredAttr(get, "url"),
    };
  },
  write: ({ put, headers, get }) =>
    el(
      UPLOAD_NS,
      "slot",
      {},
      el(
        UPLOAD_NS,
        "put",
        { url: put },
        ...headers.map(({ name, value }) =>
          el(UPLOAD_NS, "header", { name }, value.replaceAll(LINE_BREAKS, "")),
        ),
      ),
      el(UPLOAD_NS, "get", { url: get }),
    ),
});

/** The error for a file that is too large (XEP-0363 §6). @param maxSize in bytes. */
export function fileTooLarge(maxSize: number): StanzaError {
  return new StanzaError(
    "not-acceptable",
    `the file is too large; at most ${maxSize} bytes can be uploaded`,
    {
      type: "modify",
      specific: el(
        UPLOAD_NS,
        "file-too-large",
        {},
        el(UPLOAD_NS, "max-file-size", {}, maxSize.toString()),
      ),
    },
  );
}

/** The error for one who may try again later (XEP-0363 §6). @param stamp when, in ms since 1970. */
export function retryUpload(stamp: number, text: string): StanzaError {
  return new StanzaError("resource-constraint", text, {
    type: "wait",
    specific: el(UPLOAD_NS, "retry", { stamp: formatDateTime(stamp) }),
  });
}

/** What an error tells of how to do better: a smaller file, or later. */
export interface UploadAdvice {
  /** In bytes. */
  readonly maxSize?: number | undefined;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  readonly retryAt?: number | undefined;
}

/** Reads {@link fileTooLarge} and {@link retryUpload}. @throws StanzaError `bad-request` */
export function uploadAdviceOf(error: StanzaError): UploadAdvice {
  const { specific } = error;
  if (specific?.is(UPLOAD_NS, "file-too-large")) {
    const size = specific.child(UPLOAD_NS, "max-file-size");
    return { maxSize: size && readSize(size.text, "<max-file-size/>") };
  }
  if (specific?.is(UPLOAD_NS, "retry")) {
    return { retryAt: parseDateTime(requiredAttr(specific, "stamp")) };
  }
  return {};
}

const LINE_BREAKS = /[\r\n]/g;

/** XML Schema `xs:positiveInteger`, up to what can be counted exactly. */
function readSize(text: string, what: string): number {
  const size = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (size > 0 && Number.isSafeInteger(size)) return size;
  throw new StanzaError(
    "bad-request",
    `${what} is a number of bytes from 1 to ${Number.MAX_SAFE_INTEGER}, not ${quoted(text)}`,
  );
}

function readPurpose(request: Element): UploadPurpose | undefined {
  for (const element of request.elements()) {
    if (element.ns !== UPLOAD_PURPOSE_NS) continue;
    const { name } = element;
    if (name === "message" || name === "profile" || name === "permanent") return { kind: name };
    if (name === "ephemeral") {
      const text = element.attr("expire-before");
      return { kind: name, expireBefore: text === undefined ? undefined : parseDateTime(text) };
    }
  }
  return undefined;
}

function writePurpose(purpose: UploadPurpose): Element {
  const expiry = purpose.kind === "ephemeral" ? purpose.expireBefore : undefined;
  return el(UPLOAD_PURPOSE_NS, purpose.kind, {
    "expire-before": expiry === undefined ? undefined : formatDateTime(expiry),
  });
}

function readHeader(header: Element): UploadHeader[] {
  const value = header.text.replaceAll(LINE_BREAKS, "");
  switch (requiredAttr(header, "name").replaceAll(LINE_BREAKS, "").toLowerCase()) {
    case "authorization":
      return [{ name: "Authorization", value }];
    case "cookie":
      return [{ name: "Cookie", value }];
    case "expires":
      return [{ name: "Expires", value }];
    default:
      return [];
  }
}
