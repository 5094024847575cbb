/** The messages of SCRAM as the server reads and writes them (RFC 5802 §7). */
import { decodeBase64, encodeBase64 } from "../../base64.ts";
import { SaslError } from "../error.ts";
import { type Gs2Header, readGs2Header, readSaslName, SASL_NAME } from "./gs2.ts";
import { attribute, checkExtensions, isNonce, readText, splitAttributes } from "./syntax.ts";

export interface ClientFirst {
  readonly gs2: Gs2Header;
  /** The header as it was sent: the beginning of the channel binding input. */
  readonly gs2Text: string;
  /** The message without the header. */
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

/** Reads `client-first-message`. @throws SaslError `malformed-request` */
export function readClientFirst(message: Uint8Array): ClientFirst {
  const text = readText(message, malformed);
  const found = readGs2Header(text);
  if (found === undefined) throw malformed("it does not begin with a GS2 header");
  const gs2Text = text.slice(0, found.length);
  const bare = text.slice(found.length);
  const [name = "", random = "", ...extensions] = splitAttributes(bare, malformed);
  const username = attribute("n", name);
  if (username === undefined || !SASL_NAME.test(username)) {
    throw malformed("n= with a user name is missing or not written as RFC 5802 §5.1 says");
  }
  const nonce = attribute("r", random);
  if (nonce === undefined || !isNonce(nonce)) {
    throw malformed("r= with a nonce is missing or has characters that a nonce has not");
  }
  checkExtensions(extensions, malformed);
  return { gs2: found.header, gs2Text, bare, username: readSaslName(username), nonce };
}

/** @param offered the hash of what was offered (XEP-0474 §5.1), if it is to be told. */
export function writeServerFirst({
  nonce,
  salt,
  iterations,
  offered,
}: {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly offered?: Uint8Array | undefined;
}): string {
  const offer = offered === undefined ? "" : `,h=${encodeBase64(offered)}`;
  return `r=${nonce},s=${encodeBase64(salt)},i=${iterations}${offer}`;
}

export interface ClientFinal {
  /** Base64 of the channel binding input. */
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** The message up to the proof, which it is made for. */
  readonly withoutProof: string;
}

/** Reads `client-final-message`. @throws SaslError `malformed-request` */
export function readClientFinal(message: Uint8Array): ClientFinal {
  const text = readText(message, malformed);
  const [channel = "", random = "", ...extensions] = splitAttributes(text, malformed);
  const binding = attribute("c", channel);
  if (binding === undefined) throw malformed("c= with the channel binding is missing");
  const nonce = attribute("r", random);
  if (nonce === undefined) throw malformed("r= with the nonce is missing");
  const last = extensions.pop() ?? "";
  const encoded = attribute("p", last);
  const proof = encoded === undefined ? undefined : decodeBase64(encoded);
  if (proof === undefined) throw malformed("p= with a proof in base64 is not at its end");
  checkExtensions(extensions, malformed);
  return { binding, nonce, proof, withoutProof: text.slice(0, -last.length - 1) };
}

export function writeServerFinal(signature: Uint8Array): string {
  return `v=${encodeBase64(signature)}`;
}

/** The message is not quoted: it may hold what XML must not. */
function malformed(why: string): SaslError {
  return new SaslError("malformed-request", `the SCRAM message cannot be read: ${why}`);
}
