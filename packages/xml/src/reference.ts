import { HASH, isChar, isNameStartAt, nameEnd, SEMICOLON } from "./characters.ts";
import { shown, shownCharacter, XmlError } from "./errors.ts";

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["apos", "'"],
  ["quot", '"'],
]);

/** Longer names than this are not kept; none of the predefined entities has one. */
const NAME_LENGTH = 16;
const TOO_LARGE = 0x110000;

/**
 * One reference (XML 1.0 §4.1), read character by character because it may come in pieces: fed what
 * stands after the `&`.
 */
export class ReferenceReader {
  /** Where reading stopped: after the `;`, at the end of the text, or at the character that was refused. */
  end = 0;
  #kind: "unknown" | "name" | "number" | "decimal" | "hexadecimal" = "unknown";
  #name = "";
  #value = 0;
  #digits = 0;

  /**
   * Reads on from an index.
   * @returns what the reference stands for, or undefined if it goes on after this text
   * @throws XmlError `restricted-xml` for an entity that is not predefined (RFC 6120 §11.1)
   */
  read(text: string, from: number): string | undefined {
    for (let i = from; i < text.length; i++) {
      this.end = i;
      if (text.charCodeAt(i) === SEMICOLON && this.#complete) {
        const meaning = this.#take();
        this.end = i + 1;
        return meaning;
      }
      this.#step(text, i);
      if (this.#kind === "name") i += this.#skipLowSurrogate(text, i);
    }
    this.end = text.length;
    return undefined;
  }

  get #complete(): boolean {
    return this.#kind === "name" || this.#digits > 0;
  }

  #step(text: string, i: number): void {
    const code = text.charCodeAt(i);
    switch (this.#kind) {
      case "unknown":
        if (code === HASH) this.#kind = "number";
        else if (isNameStartAt(text, i)) this.#named(text, i);
        else
          throw malformed(text, i, "& begins no reference; write &amp; for the character itself");
        return;
      case "name":
        if (nameEnd(text, i) === i)
          throw malformed(text, i, `&${this.#name} does not end with ";"`);
        this.#named(text, i);
        return;
      case "number":
        this.#kind = code === 0x78 ? "hexadecimal" : "decimal";
        if (this.#kind === "decimal") this.#digit(text, i, 10);
        return;
      case "decimal":
        this.#digit(text, i, 10);
        return;
      case "hexadecimal":
        this.#digit(text, i, 16);
    }
  }

  #named(text: string, i: number): void {
    this.#kind = "name";
    if (this.#name.length < NAME_LENGTH) {
      this.#name += String.fromCodePoint(text.codePointAt(i)!);
    }
  }

  #skipLowSurrogate(text: string, i: number): number {
    return text.codePointAt(i)! > 0xffff ? 1 : 0;
  }

  #digit(text: string, i: number, radix: 10 | 16): void {
    const code = text.charCodeAt(i) | 0x20;
    const isLetter = radix === 16 && code >= 0x61 && code <= 0x66;
    const digit = isLetter ? code - 0x57 : text.charCodeAt(i) - 0x30;
    if (!isLetter && (digit < 0 || digit > 9)) {
      throw malformed(text, i, 'a character reference has digits only, and ends with ";"');
    }
    this.#digits++;
    this.#value = Math.min(this.#value * radix + digit, TOO_LARGE);
  }

  #take(): string {
    const kind = this.#kind;
    const name = this.#name;
    const value = this.#value;
    this.#kind = "unknown";
    this.#name = "";
    this.#value = 0;
    this.#digits = 0;
    if (kind !== "name") return character(value);
    const predefined = PREDEFINED.get(name);
    if (predefined === undefined) {
      throw new XmlError(
        "restricted-xml",
        `the entity ${shown(name)} is not predefined (RFC 6120 §11.1)`,
      );
    }
    return predefined;
  }
}

/** XML 1.0 §4.1, "Legal Character". */
function character(codePoint: number): string {
  if (isChar(codePoint)) return String.fromCodePoint(codePoint);
  throw new XmlError(
    "not-well-formed",
    codePoint === TOO_LARGE
      ? "a character reference goes beyond U+10FFFF"
      : `a character reference stands for ${shownCharacter(codePoint)}, which XML can not carry`,
  );
}

function malformed(text: string, i: number, what: string): XmlError {
  const found = shownCharacter(text.codePointAt(i)!);
  return new XmlError("not-well-formed", `found ${found}: ${what}`);
}
