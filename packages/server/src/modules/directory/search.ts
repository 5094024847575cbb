import { type SearchFields, StanzaError } from "@rookery/protocol";
import { type Entry, folded } from "./entries.ts";

/** UTF-16 code units; nobody's name is longer. */
const LONGEST = 256;

/**
 * What is searched for, checked and folded; fields left empty are left out.
 * @param minimum how many characters each needs.
 * @throws StanzaError `not-acceptable` if it says too little, or too much.
 */
export function wantedOf(fields: SearchFields, minimum: number): SearchFields {
  const wanted: [string, string][] = [];
  for (const [name, text] of Object.entries(fields) as [string, string][]) {
    if (text.length > LONGEST) {
      throw new StanzaError("not-acceptable", `"${name}" has at most ${LONGEST} characters`);
    }
    const value = folded(text);
    if (value === "") continue;
    if (Array.from(value).length < minimum) {
      throw new StanzaError("not-acceptable", `"${name}" needs at least ${minimum} characters`);
    }
    wanted.push([name, value]);
  }
  if (wanted.length > 0) return Object.fromEntries(wanted);
  throw new StanzaError("not-acceptable", "fill in at least one of first, last, nick and email");
}

/**
 * True if all that is wanted is there: names by the beginnings of their words, an address of e-mail
 * only as a whole, so that nobody collects addresses by their beginnings.
 */
export function matches({ words }: Entry, { first, last, nick, email }: SearchFields): boolean {
  return (
    begins(words.first, first) &&
    begins(words.last, last) &&
    begins(words.nick, nick) &&
    (email === undefined || words.email === email)
  );
}

/** What is told of someone who was found; the address of e-mail only to those who knew it. */
export function shown({ names }: Entry, wanted: SearchFields): SearchFields {
  const { given, family, full, nickname, email } = names;
  const first = given ?? (family === undefined ? full : undefined);
  return {
    ...(first !== undefined && { first }),
    ...(family !== undefined && { last: family }),
    ...(nickname !== undefined && { nick: nickname }),
    ...(email !== undefined && wanted.email !== undefined && { email }),
  };
}

function begins(words: string, wanted: string | undefined): boolean {
  return wanted === undefined || words.includes(` ${wanted}`);
}
