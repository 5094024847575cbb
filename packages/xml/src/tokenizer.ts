import {
  AMPERSAND,
  APOSTROPHE,
  BOM,
  BRACKET,
  CLOSING_BRACKET,
  COLON,
  CR,
  cdataEnd,
  EQUALS,
  EXCLAMATION,
  GREATER,
  HYPHEN,
  isNameStartAt,
  isSpace,
  LESS,
  LF,
  nameEnd,
  QUESTION,
  QUOTATION,
  SLASH,
  spaceEnd,
  textEnd,
  valueEnd,
} from "./characters.ts";
import { checkDeclaration } from "./declaration.ts";
import { shown, shownCharacter, XmlError } from "./errors.ts";
import { exceeded } from "./limits.ts";
import { Pieces } from "./pieces.ts";
import { ReferenceReader } from "./reference.ts";
import type { TreeBuilder } from "./tree.ts";
import { utf8Length } from "./utf8.ts";

// Where in the grammar the next character stands. Every state can wait for more characters without
// reading again what it has read, so that the time does not depend on how the bytes were cut.
/** At the very beginning of the document. */
const START = 0;
/** In character data. */
const CONTENT = 1;
/** After `<`. */
const MARKUP = 2;
/** After `<` at the very beginning of the document, where an XML declaration may stand. */
const FIRST_MARKUP = 3;
/** In the name of a start tag. */
const NAME = 4;
/** In a start tag, between its name, attributes and end. */
const GAP = 5;
/** In the name of an attribute. */
const ATTRIBUTE = 6;
/** Before the `=` of an attribute. */
const EQUALS_SIGN = 7;
/** Before the quote that begins an attribute's value. */
const QUOTE = 8;
/** In an attribute's value. */
const VALUE = 9;
/** After the `/` that ends an empty-element tag. */
const EMPTY = 10;
/** In the name of an end tag. */
const END_NAME = 11;
/** After the name of an end tag. */
const END_GAP = 12;
/** In `<![CDATA[`, after the `!`. */
const CDATA_START = 13;
/** In a CDATA section. */
const CDATA = 14;
/** In `<?xml`, after the `?`. */
const DECLARATION_START = 15;
/** In the XML declaration. */
const DECLARATION = 16;
/** In a reference in character data. */
const TEXT_REFERENCE = 17;
/** In a reference in an attribute's value. */
const VALUE_REFERENCE = 18;

const CDATA_KEYWORD = "[CDATA[";
const DECLARATION_KEYWORD = "xml";

/**
 * The grammar of XML 1.0 as far as XMPP has it (RFC 6120 §11.1: no DTD, comments or processing
 * instructions). Reads decoded text in any chunking, gives the parts of markup to a tree builder
 * and counts the bytes of each unit.
 *
 * An error is thrown when the character that makes it certain is read, not later and not earlier,
 * so that elements and errors are the same for any chunking.
 */
export class Tokenizer {
  readonly #tree: TreeBuilder;
  readonly #follows: boolean;
  #text = "";
  /** Index into the text of the next character; while an error is thrown, of the character it is about. */
  #at = 0;
  #isAscii = true;
  #state: number = START;
  /** A byte order mark was read. */
  #marked = false;
  /** A name or value of which only the beginning has come. */
  readonly #pieces = new Pieces();
  /** Characters of the name so far, and the index of its colon or -1. */
  #nameLength = 0;
  #colon = -1;
  /** The name of the attribute whose value is read. */
  #attribute = "";
  #attributeColon = -1;
  #quote = 0;
  /** White space was read in the gap. */
  #spaced = false;
  /** Characters of a keyword or end tag's name that have matched. */
  #matched = 0;
  /** The last character was a CR, which a LF may follow: together they are one LF (XML 1.0 §2.11). */
  #afterCr = false;
  /** Closing brackets directly before, at most two, that may belong to `]]>`. */
  #brackets = 0;
  #reference: ReferenceReader | undefined = undefined;
  /** A unit, stream header or declaration has begun, at this index, after this many bytes of it. */
  #counting = false;
  #from = 0;
  #bytes = 0;

  /**
   * @param follows another document came before on the same stream: white space at the very
   *   beginning is what stood after its last element.
   */
  constructor(tree: TreeBuilder, follows = false) {
    this.#tree = tree;
    this.#follows = follows;
  }

  /** Some text was not read yet. */
  get pending(): boolean {
    return this.#at < this.#text.length;
  }

  /** A token or a unit has begun and not ended. */
  get inToken(): boolean {
    return this.#counting;
  }

  /** What was fed and not read; it is forgotten. */
  takeRest(): string {
    const rest = this.#text.slice(this.#at);
    this.#text = "";
    this.#at = 0;
    return rest;
  }

  /** Gives more text, once all before was read. */
  feed(text: string, isAscii: boolean): void {
    this.#text = text;
    this.#isAscii = isAscii;
    this.#at = 0;
    this.#from = 0;
  }

  /** Reads until something is finished or the text is at its end. @throws XmlError */
  run(): void {
    try {
      this.#run();
    } catch (error) {
      // What stands after the limit does not count, whatever it is.
      if (this.#counting) this.#count();
      throw error;
    }
  }

  #run(): void {
    const { length } = this.#text;
    while (this.#at < length) {
      this.#step();
      if (this.#tree.item !== undefined) return;
    }
    if (this.#counting) this.#count();
  }

  #step(): void {
    switch (this.#state) {
      case START:
        return this.#start();
      case CONTENT:
        return this.#content();
      case MARKUP:
      case FIRST_MARKUP:
        return this.#markup();
      case NAME:
        return this.#startTagName();
      case GAP:
        return this.#gap();
      case ATTRIBUTE:
        return this.#attributeName();
      case EQUALS_SIGN:
        return this.#equalsSign();
      case QUOTE:
        return this.#openingQuote();
      case VALUE:
        return this.#value();
      case EMPTY:
        return this.#emptyElementEnd();
      case END_NAME:
        return this.#endTagName();
      case END_GAP:
        return this.#endTagGap();
      case CDATA_START:
        return this.#cdataStart();
      case CDATA:
        return this.#cdata();
      case DECLARATION_START:
        return this.#declarationStart();
      case DECLARATION:
        return this.#declaration();
      case TEXT_REFERENCE:
        return this.#textReference();
      default:
        return this.#valueReference();
    }
  }

  // ── counting ───────────────────────────────────────────────────────────────

  #begin(index: number): void {
    this.#counting = true;
    this.#from = index;
    this.#bytes = 0;
  }

  /** Counts what was read of the unit. @throws XmlError `policy-violation` if it is too much */
  #count(): void {
    const { limits } = this.#tree;
    this.#bytes += this.#isAscii
      ? this.#at - this.#from
      : utf8Length(this.#text, this.#from, this.#at);
    this.#from = this.#at;
    if (this.#bytes > limits.bytes) throw exceeded("bytes", limits);
  }

  #end(): void {
    // No UTF-16 code unit takes more than three bytes: most units need no exact count.
    const most = this.#bytes + 3 * (this.#at - this.#from);
    if (most > this.#tree.limits.bytes) this.#count();
    this.#counting = false;
  }

  // ── the beginning ──────────────────────────────────────────────────────────

  /** XML 1.0 §4.3.3 lets a byte order mark stand before everything else. */
  #start(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === BOM && !this.#marked) {
      this.#marked = true;
      this.#at++;
    } else if (code === LESS) {
      this.#begin(this.#at++);
      this.#state = FIRST_MARKUP;
    } else if (this.#follows && isSpace(code)) {
      this.#at++;
    } else {
      this.#state = CONTENT;
    }
  }

  #declarationStart(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (this.#matched < DECLARATION_KEYWORD.length) {
      if (code !== DECLARATION_KEYWORD.charCodeAt(this.#matched)) throw processingInstruction();
      this.#matched++;
      this.#at++;
    } else {
      if (!isSpace(code)) throw processingInstruction();
      this.#state = DECLARATION;
    }
  }

  #declaration(): void {
    const end = this.#text.indexOf(">", this.#at);
    const until = end < 0 ? this.#text.length : end;
    this.#pieces.add(this.#text.slice(this.#at, until));
    this.#at = until;
    if (end < 0) return;
    checkDeclaration(this.#pieces.take());
    this.#at++;
    this.#end();
    this.#state = CONTENT;
  }

  // ── character data ─────────────────────────────────────────────────────────

  #content(): void {
    const text = this.#text;
    if (this.#afterCr && this.#skipLf()) return;
    const from = this.#at;
    const end = textEnd(text, from);
    this.#at = end;
    if (end > from)
      this.#tree.text(from === 0 && end === text.length ? text : text.slice(from, end));
    if (end === text.length) {
      this.#brackets = this.#closingBrackets(from, end);
      return;
    }
    const code = text.charCodeAt(end);
    if (code === LESS) {
      if (!this.#tree.inUnit) this.#begin(end);
      this.#at++;
      this.#state = MARKUP;
    } else if (code === CR) {
      this.#at++;
      this.#tree.text("\n");
      this.#afterCr = true;
    } else if (code === AMPERSAND) {
      if (!this.#tree.inUnit) throw this.#tree.outsideUnit("a reference");
      this.#at++;
      this.#state = TEXT_REFERENCE;
    } else if (code === GREATER) {
      if (this.#closingBrackets(from, end) === 2) {
        throw new XmlError("not-well-formed", 'found "]]>" in character data; write ]]&gt;');
      }
      this.#tree.text(">");
      this.#at++;
    } else {
      throw this.#illegal(code);
    }
    this.#brackets = 0;
  }

  /** XML 1.0 §2.11: the LF of a CR LF. Gives true if there is nothing after it. */
  #skipLf(): boolean {
    this.#afterCr = false;
    if (this.#text.charCodeAt(this.#at) === LF) this.#at++;
    return this.#at === this.#text.length;
  }

  /** The number of closing brackets directly before an index, at most two. */
  #closingBrackets(from: number, end: number): number {
    let count = 0;
    for (let i = end - 1; i >= from && count < 2; i--) {
      if (this.#text.charCodeAt(i) !== CLOSING_BRACKET) return count;
      count++;
    }
    return Math.min(2, count + (count === end - from ? this.#brackets : 0));
  }

  #textReference(): void {
    const meaning = this.#readReference();
    if (meaning === undefined) return;
    this.#tree.text(meaning);
    this.#state = CONTENT;
  }

  #readReference(): string | undefined {
    const reference = (this.#reference ??= new ReferenceReader());
    try {
      return reference.read(this.#text, this.#at);
    } finally {
      this.#at = reference.end;
    }
  }

  #cdataStart(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (this.#matched === 0) this.#checkExclamation(code);
    if (code !== CDATA_KEYWORD.charCodeAt(this.#matched)) throw this.#unexpected('"<![CDATA["');
    this.#at++;
    this.#matched++;
    if (this.#matched < CDATA_KEYWORD.length) return;
    this.#brackets = 0;
    this.#state = CDATA;
  }

  #checkExclamation(code: number): void {
    if (code === HYPHEN) throw restricted("a comment");
    if (code === 0x44) throw restricted("a document type declaration");
    if (code === BRACKET && !this.#tree.inUnit) throw this.#tree.outsideUnit("a CDATA section");
  }

  #cdata(): void {
    if (this.#afterCr && this.#skipLf()) return;
    const text = this.#text;
    const code = text.charCodeAt(this.#at);
    if (code === CLOSING_BRACKET) {
      // Only the last two brackets can belong to the end of the section.
      if (this.#brackets === 2) this.#tree.text("]");
      else this.#brackets++;
      this.#at++;
    } else if (code === GREATER && this.#brackets === 2) {
      this.#at++;
      this.#brackets = 0;
      this.#state = CONTENT;
    } else {
      this.#cdataText(code);
    }
  }

  #cdataText(code: number): void {
    const from = this.#at;
    const end = cdataEnd(this.#text, from);
    if (end === from && code !== CR) throw this.#illegal(code);
    if (this.#brackets > 0) this.#tree.text("]".repeat(this.#brackets));
    this.#brackets = 0;
    if (end > from) {
      this.#at = end;
      this.#tree.text(this.#text.slice(from, end));
    } else {
      this.#at++;
      this.#tree.text("\n");
      this.#afterCr = true;
    }
  }

  // ── tags ───────────────────────────────────────────────────────────────────

  #markup(): void {
    const first = this.#state === FIRST_MARKUP;
    const code = this.#text.charCodeAt(this.#at);
    if (isNameStartAt(this.#text, this.#at)) {
      this.#beginName();
      this.#state = NAME;
      this.#startTagName();
      return;
    }
    this.#matched = 0;
    if (code === SLASH) {
      if (this.#tree.openName === undefined) throw this.#unexpected("a start tag");
      this.#state = END_NAME;
    } else if (code === EXCLAMATION) {
      this.#state = CDATA_START;
    } else if (code === QUESTION) {
      if (!first) throw processingInstruction();
      this.#state = DECLARATION_START;
    } else {
      throw this.#unexpected("a tag");
    }
    this.#at++;
  }

  #beginName(): void {
    this.#nameLength = 0;
    this.#colon = -1;
  }

  /** Reads on in a qualified name (Namespaces in XML 1.0 §4); undefined if it may not be at its end. */
  #name(): string | undefined {
    const text = this.#text;
    const from = this.#at;
    let end = nameEnd(text, from);
    while (end < text.length && text.charCodeAt(end) === COLON) {
      this.#at = end;
      if (this.#colon >= 0) throw this.#unexpected("one colon in a name");
      this.#colon = this.#nameLength + end - from;
      end = nameEnd(text, end + 1);
    }
    this.#at = end;
    this.#nameLength += end - from;
    if (end === text.length) {
      this.#pieces.add(text.slice(from, end));
      return undefined;
    }
    if (this.#nameLength === end - from) return this.#checked(text.slice(from, end));
    this.#pieces.add(text.slice(from, end));
    return this.#checked(this.#pieces.take());
  }

  #checked(name: string): string {
    const colon = this.#colon;
    if (colon >= 0 && (colon === name.length - 1 || !isNameStartAt(name, colon + 1))) {
      throw this.#unexpected("a name after the colon");
    }
    return name;
  }

  #startTagName(): void {
    const name = this.#name();
    if (name === undefined) return;
    this.#tree.startTag(name, this.#colon);
    this.#spaced = false;
    this.#state = GAP;
    this.#gap();
  }

  /** Reads attributes as long as they stand plainly in the text; others go the way by single states. */
  #gap(): void {
    const text = this.#text;
    for (;;) {
      const index = this.#skipSpace();
      if (index === text.length) return;
      const code = text.charCodeAt(index);
      if (code === GREATER) {
        this.#tagEnd(false);
        return;
      }
      if (code === SLASH) {
        this.#at++;
        this.#state = EMPTY;
        return;
      }
      if (!this.#spaced) throw this.#unexpected('white space, ">" or "/>"');
      if (!isNameStartAt(text, index)) throw this.#unexpected('an attribute, ">" or "/>"');
      if (!this.#plainAttribute(index)) {
        this.#beginName();
        this.#state = ATTRIBUTE;
        return;
      }
      this.#spaced = false;
    }
  }

  #skipSpace(): number {
    const index = spaceEnd(this.#text, this.#at);
    if (index > this.#at) {
      this.#spaced = true;
      this.#at = index;
    }
    return index;
  }

  /** Reads an attribute that is whole, without a prefix and with nothing to replace in its value. */
  #plainAttribute(index: number): boolean {
    const text = this.#text;
    const end = nameEnd(text, index + 1);
    if (end + 2 >= text.length || text.charCodeAt(end) !== EQUALS) return false;
    const quote = text.charCodeAt(end + 1);
    if (quote !== APOSTROPHE && quote !== QUOTATION) return false;
    const close = valueEnd(text, end + 2);
    if (close === text.length || text.charCodeAt(close) !== quote) return false;
    this.#at = close;
    this.#tree.attribute(text.slice(index, end), -1, text.slice(end + 2, close));
    this.#at = close + 1;
    return true;
  }

  #attributeName(): void {
    const name = this.#name();
    if (name === undefined) return;
    this.#attribute = name;
    this.#attributeColon = this.#colon;
    this.#state = EQUALS_SIGN;
  }

  #equalsSign(): void {
    const index = this.#skipSpace();
    if (index === this.#text.length) return;
    if (this.#text.charCodeAt(index) !== EQUALS)
      throw this.#unexpected('"=" after an attribute\'s name');
    this.#at++;
    this.#state = QUOTE;
  }

  #openingQuote(): void {
    const index = this.#skipSpace();
    if (index === this.#text.length) return;
    this.#quote = this.#text.charCodeAt(index);
    if (this.#quote !== APOSTROPHE && this.#quote !== QUOTATION) {
      throw this.#unexpected("a quoted attribute value");
    }
    this.#at++;
    this.#state = VALUE;
  }

  /** XML 1.0 §3.3.3: white space becomes U+0020, character references stay what they stand for. */
  #value(): void {
    if (this.#afterCr && this.#skipLf()) return;
    const text = this.#text;
    const from = this.#at;
    const end = valueEnd(text, from);
    this.#at = end;
    if (end > from) this.#pieces.add(text.slice(from, end));
    if (end === text.length) return;
    const code = text.charCodeAt(end);
    if (code === this.#quote) {
      this.#tree.attribute(this.#attribute, this.#attributeColon, this.#pieces.take());
      this.#spaced = false;
      this.#state = GAP;
    } else if (code === AMPERSAND) {
      this.#state = VALUE_REFERENCE;
    } else if (isSpace(code)) {
      this.#pieces.add(" ");
      this.#afterCr = code === CR;
    } else if (code === APOSTROPHE || code === QUOTATION) {
      this.#pieces.add(String.fromCharCode(code));
    } else if (code === LESS) {
      throw this.#unexpected("no markup in an attribute value");
    } else {
      throw this.#illegal(code);
    }
    this.#at++;
  }

  #valueReference(): void {
    const meaning = this.#readReference();
    if (meaning === undefined) return;
    this.#pieces.add(meaning);
    this.#state = VALUE;
  }

  #emptyElementEnd(): void {
    if (this.#text.charCodeAt(this.#at) !== GREATER) throw this.#unexpected('">" after "/"');
    this.#tagEnd(true);
  }

  #tagEnd(empty: boolean): void {
    this.#tree.startTagEnd(empty);
    this.#finish();
  }

  /** The `>` of a tag. */
  #finish(): void {
    this.#at++;
    this.#state = CONTENT;
    if (this.#tree.item !== undefined) this.#end();
  }

  #endTagName(): void {
    const text = this.#text;
    const name = this.#tree.openName!;
    if (this.#matched === 0 && text.startsWith(name, this.#at)) {
      this.#matched = name.length;
      this.#at += name.length;
    } else {
      while (this.#matched < name.length) {
        if (this.#at === text.length) return;
        if (text.charCodeAt(this.#at) !== name.charCodeAt(this.#matched)) {
          throw this.#unexpected(`the end tag of ${shown(name)}`);
        }
        this.#matched++;
        this.#at++;
      }
    }
    this.#state = END_GAP;
    this.#endTagGap();
  }

  #endTagGap(): void {
    const index = this.#skipSpace();
    if (index === this.#text.length) return;
    if (this.#text.charCodeAt(index) !== GREATER) {
      throw this.#unexpected(`the end tag of ${shown(this.#tree.openName!)}`);
    }
    this.#tree.endTag();
    this.#finish();
  }

  // ── errors ─────────────────────────────────────────────────────────────────

  #unexpected(expected: string): XmlError {
    const code = this.#text.codePointAt(this.#at)!;
    if (code === 0) return this.#illegal(code);
    return new XmlError("not-well-formed", `expected ${expected}, found ${shownCharacter(code)}`);
  }

  #illegal(code: number): XmlError {
    // UTF-16 and UTF-32, with or without a byte order mark, show themselves so.
    if (code === 0 && this.#tree.inProlog) {
      return new XmlError(
        "unsupported-encoding",
        "found U+0000: only UTF-8 is supported (RFC 6120 §11.6)",
      );
    }
    return new XmlError(
      "not-well-formed",
      `found ${shownCharacter(code)}, which XML can not carry`,
    );
  }
}

function restricted(what: string): XmlError {
  return new XmlError(
    "restricted-xml",
    `found ${what}, which XMPP does not allow (RFC 6120 §11.1)`,
  );
}

function processingInstruction(): XmlError {
  return restricted("a processing instruction");
}
