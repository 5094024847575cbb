/**
 * Width mapping (RFC 8264 §5.2.1): fullwidth and halfwidth code points become their decomposition.
 *
 * NFKC of one of them goes further than its decomposition only where that has a compatibility
 * equivalent itself, and then neither is allowed in the IdentifierClass, which alone maps width.
 */
export function mapWidth(text: string): string {
  return text.replace(FULLWIDTH_OR_HALFWIDTH, (char) => char.normalize("NFKC"));
}

/** Non-ASCII spaces become U+0020 (RFC 8265 §4.2.2, RFC 8266 §2.1). */
export function mapSpaces(text: string): string {
  return text.replace(NON_ASCII_SPACE, " ");
}

/**
 * Case mapping (RFC 8264 §5.2.3): Unicode's toLowercase.
 *
 * Capital sigma becomes σ wherever it is. JavaScript makes ς of it at the end of a word, so that the
 * mapping of a character would depend on its neighbours.
 */
export function mapCase(text: string): string {
  return text.replaceAll("\u03A3", "\u03C3").toLowerCase();
}

const FULLWIDTH_OR_HALFWIDTH = /[\u3000\uFF01-\uFFEE]/gu;
const NON_ASCII_SPACE = /[\p{Zs}--\x20]/gv;
