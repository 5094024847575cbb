import { RESERVED_NAMES } from "../config/reserved.ts";

/**
 * True for a localpart that people may not register themselves, or that looks like one; administrators
 * may make it.
 *
 * @param local prepared, as of a Jid.
 * @param reserved `auth.reserved` of the configuration.
 */
export function isReserved(local: string, reserved: readonly string[] = RESERVED_NAMES): boolean {
  const look = lookOf(local);
  return reserved.some((name) => lookOf(name) === look);
}

/**
 * The same for names that look alike: letters of other scripts, accents, digits in place of letters
 * (RFC 8265 §6.2; as the skeletons of UTS #39, for the letters that names of English words have).
 */
function lookOf(name: string): string {
  let look = "";
  for (const character of name.normalize("NFD").replaceAll(/\p{Mn}/gu, "")) {
    look += LOOKS.get(character) ?? character;
  }
  return look.replaceAll("rn", "m");
}

/** Each letter with those that look like it; `i` and `l` as well, since 1 is either. */
const LOOKS: ReadonlyMap<string, string> = new Map(
  [
    "aаαɑ",
    "cсϲ",
    "dԁ",
    "eеҽ",
    "gɡց",
    "hһհ",
    "liі1ıιɩӏǀ|",
    "jјϳ",
    "kкκ",
    "mм",
    "nոռ",
    "oоοօ0",
    "pрρ",
    "qԛզ",
    "rгᴦ",
    "sѕ",
    "tтτ",
    "uυսʋ",
    "vνѵ",
    "wԝաɯ",
    "xхχ",
    "yуүγ",
    "zᴢ",
    "-‐‑‒–−",
  ].flatMap(([letter = "", ...others]) => others.map((other) => [other, letter] as const)),
);
