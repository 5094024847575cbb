/** More words of a query do not count: each costs a look-up in the index. */
const QUERY_WORDS = 32;
const WORD_LENGTH = 64;

/**
 * The words that text search knows a text by, each once: letters and digits, in lower case and
 * without accents. All drivers use these, so that all find the same.
 */
export function words(text: string): readonly string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]+/g, "")
    .toLowerCase();
  const found = plain.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return [...new Set(found.map((word) => word.slice(0, WORD_LENGTH).toWellFormed()))];
}

/** The words that an entry must have to be found by this text. */
export function queryWords(text: string): readonly string[] {
  return words(text).slice(0, QUERY_WORDS);
}
