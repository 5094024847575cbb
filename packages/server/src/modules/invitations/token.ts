import { createHash } from "node:crypto";
import type { Random } from "../../clock.ts";

/** 32 characters that nobody mistakes for one another: five random bits each. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
/** 130 bits. */
const LENGTH = 26;
const ID_LENGTH = 12;

/** A token that cannot be guessed, of characters that need no encoding anywhere (XEP-0379 §5.1). */
export function makeToken(random: Random): string {
  let token = "";
  for (const byte of random.bytes(LENGTH)) token += ALPHABET[byte % ALPHABET.length];
  return token;
}

/**
 * What is kept in place of a token: who reads the storage, or a copy of it, cannot use it.
 * @returns undefined for what is not a token of ours.
 */
export function digestOf(token: string): string | undefined {
  if (token.length !== LENGTH || !/^[a-z2-9]*$/.test(token)) return undefined;
  return createHash("sha256").update(token).digest("hex");
}

/** A short name for people, from a digest. */
export function idOf(digest: string): string {
  return digest.slice(0, ID_LENGTH);
}

/** True for what `idOf` gives. */
export function isId(text: string): boolean {
  return text.length === ID_LENGTH && /^[0-9a-f]*$/.test(text);
}
