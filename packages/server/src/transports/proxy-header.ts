import { isIP } from "node:net";

/**
 * The header that a proxy puts before what its client sends: the PROXY protocol, versions 1 (a line
 * of text) and 2 (binary), as published by HAProxy.
 */
export interface ProxyHeader {
  /** The client's address; undefined where the proxy speaks for itself or does not know. */
  readonly source: string | undefined;
  /** Bytes of the header. */
  readonly length: number;
}

/** The longest header that is read; version 2 may carry certificates, which nobody needs here. */
export const MAX_PROXY_HEADER = 4096;

/**
 * Reads the header from the first bytes of a connection.
 *
 * @returns undefined while more has to come.
 * @throws Error if it is none: then the connection cannot be used, as nobody knows whose it is.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known))) return readBinary(bytes);
  return readLine(bytes);
}

/** What version 2 begins with (§2.2). */
const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

const LINE_START = "PROXY ";
/** The longest line with its CRLF (§2.1). */
const MAX_LINE = 107;

function readLine(bytes: Buffer): ProxyHeader | undefined {
  const text = bytes.subarray(0, MAX_LINE).toString("latin1");
  const known = Math.min(text.length, LINE_START.length);
  if (text.slice(0, known) !== LINE_START.slice(0, known)) {
    throw new Error("the connection does not begin with a PROXY header");
  }
  const end = text.indexOf("\r\n");
  if (end < 0) {
    if (text.length < MAX_LINE) return undefined;
    throw new Error("the line of the PROXY header is too long");
  }
  const line = text.slice(0, end);
  const length = end + 2;
  const parts = /^PROXY (TCP[46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line);
  if (parts === null) {
    if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { source: undefined, length };
    throw new Error(`the PROXY header ${JSON.stringify(line)} is none`);
  }
  const [, family, source = "", destination = ""] = parts;
  const version = family === "TCP4" ? 4 : 6;
  if (isIP(source) !== version || isIP(destination) !== version) {
    throw new Error(`the PROXY header ${JSON.stringify(line)} has addresses of another family`);
  }
  return { source, length };
}

function readBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < 16) return undefined;
  const versionAndCommand = bytes.readUInt8(12);
  const length = 16 + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2) throw new Error("the PROXY header is of an unknown version");
  if (length > MAX_PROXY_HEADER) throw new Error("the PROXY header is too long");
  if (bytes.length < length) return undefined;
  const command = versionAndCommand & 0x0f;
  if (command > 1) throw new Error("the PROXY header has an unknown command");
  // LOCAL: the proxy asks for itself, to see whether we are there (§2.2)
  if (command === 0) return { source: undefined, length };
  const family = bytes.readUInt8(13);
  const body = bytes.subarray(16, length);
  if (family === TCP4) return { source: address4(body), length };
  if (family === TCP6) return { source: address6(body), length };
  throw new Error("the PROXY header is not about a TCP connection");
}

const TCP4 = 0x11;
const TCP6 = 0x21;

function address4(body: Buffer): string {
  if (body.length < 12) throw new Error("the PROXY header lacks its addresses");
  return body.subarray(0, 4).join(".");
}

function address6(body: Buffer): string {
  if (body.length < 36) throw new Error("the PROXY header lacks its addresses");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(body.readUInt16BE(at).toString(16));
  return groups.join(":");
}
