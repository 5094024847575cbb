/** The messages of SCRAM as the client reads and writes them (RFC 5802 §7). */
import { decodeBase64, encodeBase64 } from "../../base64.ts";
import { SaslError } from "../error.ts";
import { writeSaslName } from "./gs2.ts";
import { attribute, checkExtensions, isNonce, readText, splitAttributes } from "./syntax.ts";

/** `client-first-message` without the GS2 header. */
export function writeClientFirstBare(username: string, nonce: string): string {
  return `n=${writeSaslName(username)},r=${nonce}`;
}

export interface ServerFirst {
  readonly text: string;
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** The hash of what the server offered (XEP-0474), if it tells. */
  readonly offered: Uint8Array | undefined;
}

/** Reads `server-first-message`. @throws SaslError `aborted` */
export function readServerFirst(message: Uint8Array): ServerFirst {
  const text = readText(message, malformed);
  const [random = "", salted = "", count = "", ...extensions] = splitAttributes(text, malformed);
  const nonce = attribute("r", random);
  if (nonce === undefined || !isNonce(nonce)) throw malformed("r= with a nonce is missing");
  const salt = decodeBase64(attribute("s", salted) ?? "");
  if (salt === undefined || salt.length === 0) throw malformed("s= with a salt is missing");
  const iterations = attribute("i", count) ?? "";
  if (!COUNT.test(iterations)) throw malformed("i= with a number of iterations is missing");
  checkExtensions(extensions, malformed);
  return { text, nonce, salt, iterations: Number(iterations), offered: readOffered(extensions) };
}

function readOffered(extensions: readonly string[]): Uint8Array | undefined {
  const told = extensions.find((extension) => extension.startsWith("h="));
  if (told === undefined) return undefined;
  const hash = decodeBase64(told.slice(2));
  if (hash === undefined) throw malformed("h= with the hash of what is offered is not base64");
  return hash;
}

export function writeClientFinalWithoutProof(bindingInput: Uint8Array, nonce: string): string {
  return `c=${encodeBase64(bindingInput)},r=${nonce}`;
}

export function writeClientFinal(withoutProof: string, proof: Uint8Array): string {
  return `${withoutProof},p=${encodeBase64(proof)}`;
}

/** The server's signature in `server-final-message`. @throws SaslError `aborted` */
export function readServerFinal(message: Uint8Array): Uint8Array {
  const [outcome = "", ...extensions] = splitAttributes(readText(message, malformed), malformed);
  const error = attribute("e", outcome);
  if (error !== undefined) {
    throw new SaslError("not-authorized", `the server refused: "${error.slice(0, 100)}"`);
  }
  const signature = decodeBase64(attribute("v", outcome) ?? "");
  if (signature === undefined || signature.length === 0) {
    throw malformed("v= with the signature of the server is missing");
  }
  checkExtensions(extensions, malformed);
  return signature;
}

function malformed(why: string): SaslError {
  return new SaslError("aborted", `the server's SCRAM message cannot be read: ${why}`);
}

const COUNT = /^[1-9][0-9]{0,9}$/u;
