import tr46 from "tr46";
import { brokenContextRule } from "./context-rules.ts";
import { canonicalIPv6, isIPv4 } from "./ip-address.ts";
import { mapWidth } from "./mapping.ts";
import { codePointName, PreparationError } from "./preparation-error.ts";

/**
 * Prepares a domainpart (RFC 7622 §3.2): a domain name, an IPv4 address, or an IPv6 address in
 * brackets.
 *
 * A domain name becomes lower case, A-labels become U-labels, one full stop at its end is removed.
 * It must be a name that the DNS can hold (labels of 1 to 63 octets, 253 in all, as A-labels) and
 * that IDNA2008 allows; that is narrower than the 1023 octets of RFC 7622, which it implies.
 * Names whose last label is a number are taken for misspelt IPv4 addresses (RFC 1123 §2.1).
 *
 * @throws PreparationError if the text is none of these.
 */
export function prepareDomainpart(text: string): string {
  if (isPlainName(text)) return text;
  if (text.startsWith("[")) return prepareIPv6Literal(text);
  // the separators of IDNA2003 that RFC 5895 §2 and width mapping make of the full stop
  const name = text.replace(/[.\u3002\uFF0E\uFF61]$/u, "");
  if (name === "") throw new PreparationError("is empty");
  if (!ASCII.test(name)) return prepareInternational(name);
  const lower = name.toLowerCase();
  if (lower.startsWith(ACE_PREFIX) || lower.includes(`.${ACE_PREFIX}`)) {
    return prepareInternational(lower);
  }
  checkAsciiName(lower);
  return lower;
}

/**
 * The name of a prepared domainpart in the DNS and in certificates: with A-labels. Addresses are
 * given back as they are.
 */
export function domainToAscii(domain: string): string {
  return ASCII.test(domain) ? domain : (tr46.toASCII(domain, STRICT) ?? domain);
}

/** UTS #46 without its leniencies: with these, what it calls valid is nearly IDNA2008. */
const STRICT = {
  useSTD3ASCIIRules: true,
  checkHyphens: true,
  checkBidi: true,
  checkJoiners: true,
  verifyDNSLength: true,
  transitionalProcessing: false,
} as const;
const ACE_PREFIX = "xn--";
const ASCII = /^[\0-\x7F]*$/u;

/**
 * True for lower-case LDH names that are in canonical form for sure. This is what most addresses
 * have, so it is one loop without a regular expression.
 */
function isPlainName(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > 253) return false;
  let labelStart = 0;
  let hasLetter = false;
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0x61 && c <= 0x7a) hasLetter = true;
    else if (c === DOT) {
      if (i === labelStart || i - labelStart > 63 || text.charCodeAt(i - 1) === HYPHEN)
        return false;
      labelStart = i + 1;
      hasLetter = false;
    } else if (c === HYPHEN) {
      if (i === labelStart) return false;
      if (i === labelStart + 3 && text.charCodeAt(i - 1) === HYPHEN) return false;
    } else if (c < 0x30 || c > 0x39) return false;
  }
  return (
    hasLetter &&
    length - labelStart <= 63 &&
    length !== labelStart &&
    text.charCodeAt(length - 1) !== HYPHEN
  );
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

/** The same rules, said with reasons; the name is in lower case. */
function checkAsciiName(name: string): void {
  const labels = name.split(".");
  for (const label of labels) checkAsciiLabel(label);
  if (NUMBER.test(labels.at(-1) ?? "") && !isIPv4(name)) {
    throw new PreparationError("ends in a number but is no IPv4 address (RFC 3986 §3.2.2)");
  }
  if (name.length > 253) {
    throw new PreparationError("is longer than the 253 octets of a domain name (RFC 1035 §2.3.4)");
  }
}

function checkAsciiLabel(label: string): void {
  if (label === "") throw new PreparationError("has an empty label (RFC 1034 §3.1)");
  if (label.length > 63) {
    throw new PreparationError("has a label longer than 63 octets (RFC 1034 §3.1)");
  }
  const stranger = /[^a-z0-9-]/u.exec(label)?.[0];
  if (stranger !== undefined) {
    throw new PreparationError(
      `contains ${codePointName(stranger)}; only letters, digits and hyphens are allowed (RFC 5890 §2.3.1)`,
    );
  }
  if (label.startsWith("-") || label.endsWith("-")) {
    throw new PreparationError("has a label that begins or ends with a hyphen (RFC 5890 §2.3.1)");
  }
  if (label.startsWith("--", 2)) {
    throw new PreparationError(
      "has a label with hyphens in its third and fourth place that is no A-label (RFC 5890 §2.3.1)",
    );
  }
}

const NUMBER = /^\d+$/u;

function prepareIPv6Literal(text: string): string {
  const address = text.endsWith("]") ? canonicalIPv6(text.slice(1, -1)) : undefined;
  if (address === undefined) {
    throw new PreparationError("is no IPv6 address in brackets (RFC 3986 §3.2.2)");
  }
  return `[${address}]`;
}

/**
 * A name with U-labels or A-labels. UTS #46 does the mapping, Punycode, and the checks for hyphens,
 * joiners, writing direction and length; before and after it IDNA2008 is held against what it lets
 * pass: mappings that RFC 5895 does not know, and symbols.
 */
function prepareInternational(name: string): string {
  checkBeforeMapping(name);
  const { domain, error } = tr46.toUnicode(name, STRICT);
  // it says no more than that there is an error, so the reason is looked for
  for (const label of domain.split(".")) checkLabel(label);
  if (error) throw new PreparationError("is not allowed by IDNA (RFC 5891 §4.2)");
  const ascii = tr46.toASCII(domain, STRICT);
  if (ascii === null) {
    throw new PreparationError(
      "has a label longer than 63 octets or is longer than 253, as A-labels (RFC 1034 §3.1)",
    );
  }
  // an A-label must be what its U-label encodes to (RFC 5891 §5.4), and there is one form only
  if ((ASCII.test(name) && ascii !== name) || tr46.toUnicode(ascii, STRICT).domain !== domain) {
    throw new PreparationError(
      "has an A-label that is not the one of its U-label (RFC 5890 §2.3.2.1)",
    );
  }
  checkAddressLookalike(domain);
  return domain;
}

/** Of the mappings of UTS #46 those of case, width and NFC are wanted only (RFC 5895 §2). */
function checkBeforeMapping(name: string): void {
  const ignored = IGNORED.exec(name)?.[0];
  if (ignored !== undefined) {
    throw new PreparationError(
      `contains ${codePointName(ignored)}, which cannot be seen (RFC 5892 §2.3)`,
    );
  }
  const mapped = mapWidth(name).normalize("NFC");
  // Punycode takes quadratic time; A-labels have more octets than their U-labels have code points,
  // and lower case followed by NFC makes one of three at most
  if (mapped.length > 3 * 253) {
    throw new PreparationError("is longer than the 253 octets of a domain name (RFC 1035 §2.3.4)");
  }
  if (mapped.normalize("NFKC") !== mapped) {
    const char = Array.from(mapped).find((c) => c.normalize("NFKC") !== c) ?? "";
    throw new PreparationError(
      `contains ${codePointName(char)}, which stands for something else (RFC 5892 §2.2)`,
    );
  }
}

const IGNORED = /[\p{Default_Ignorable_Code_Point}--\p{Join_Control}]/v;

/** What RFC 5892 §3 allows in a U-label, of what is stable under the mapping of UTS #46. */
function checkLabel(label: string): void {
  if (ASCII.test(label)) return checkAsciiLabel(label);
  const stranger = NOT_IN_U_LABEL.exec(label)?.[0];
  if (stranger !== undefined) {
    throw new PreparationError(
      `contains ${codePointName(stranger)}, which is not allowed in domain names (RFC 5892 §3)`,
    );
  }
  const broken = brokenContextRule(label);
  if (broken !== undefined) throw new PreparationError(broken);
}

/**
 * Not LetterDigits (§2.1), not an exception that is PVALID, CONTEXTJ or CONTEXTO (§2.6); or
 * IgnorableBlocks (§2.4), OldHangulJamo (§2.9), or an exception that is DISALLOWED.
 */
const NOT_IN_U_LABEL =
  /[[^\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}\-\u00B7\u0375\u05F3\u05F4\u06FD\u06FE\u0F0B\p{Join_Control}\u3007\u30FB]\u302E-\u302F\u20D0-\u20FF\u{1D100}-\u{1D24F}\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB\u0640\u07FA\u3031-\u3035\u303B]/v;

/** Fullwidth digits may have become a number at the end. */
function checkAddressLookalike(domain: string): void {
  if (ASCII.test(domain)) checkAsciiName(domain);
}
