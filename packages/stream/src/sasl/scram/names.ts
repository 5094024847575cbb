import { encodeBase64 } from "../../base64.ts";
import type { Crypto, HashName } from "../../crypto.ts";

/** The hash functions that SCRAM is used with: RFC 5802, RFC 7677. */
export type ScramHash = HashName;

/** All of them, strongest first. */
export const SCRAM_HASHES: readonly ScramHash[] = ["SHA-512", "SHA-256", "SHA-1"];

/** The name of a mechanism (RFC 5802 §4). */
export function scramMechanism(hash: ScramHash, plus: boolean): string {
  return `SCRAM-${hash}${plus ? "-PLUS" : ""}`;
}

/** What the name of a mechanism stands for, or undefined if it is not one of SCRAM. */
export function readScramMechanism(
  name: string,
): { readonly hash: ScramHash; readonly plus: boolean } | undefined {
  for (const hash of SCRAM_HASHES) {
    if (name === scramMechanism(hash, false)) return { hash, plus: false };
    if (name === scramMechanism(hash, true)) return { hash, plus: true };
  }
  return undefined;
}

/** 144 random bits as 24 characters, none of them a comma. */
export function newNonce(crypto: Crypto): string {
  return encodeBase64(crypto.randomBytes(18));
}
