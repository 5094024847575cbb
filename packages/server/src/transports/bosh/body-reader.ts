import { createHash } from "node:crypto";
import { quoted } from "@rookery/protocol";
import { toClientNs } from "@rookery/stream";
import { Element, type ParserLimits, StreamParser, XmlError } from "@rookery/xml";
import { BindingError } from "./binding-error.ts";
import { HTTPBIND } from "./namespaces.ts";

/** One body carries as much as so many of the largest stanzas, in bytes and in elements. */
const STANZAS = 4;

/** What came in a request. */
export interface BoshBody {
  /** The `<body/>` without what is in it. */
  readonly header: Element;
  /** What is in it, as on a stream of `jabber:client`. */
  readonly payload: readonly Element[];
  readonly bytes: number;
  /** Tells whether a repeated request is the same one. */
  readonly digest: string;
  /** Why the body cannot be read to its end; there is no payload then. */
  readonly error: XmlError | undefined;
}

/** The bytes that a body may have whose stanzas have these bounds. */
export function mostBodyBytes(limits: ParserLimits): number {
  return STANZAS * limits.bytes;
}

/**
 * Reads the body of a request while it comes (XEP-0124 §6), as strictly as a stream: no DTD,
 * comment, processing instruction or second root.
 *
 * @param limits bounds until the session is known.
 * @param limitsOf the bounds from then on, by the start tag.
 * @throws BindingError `bad-request` if not even the start tag of a `<body/>` can be read.
 */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  limits: ParserLimits,
  limitsOf: (header: Element) => ParserLimits,
): Promise<BoshBody> {
  const reader = new BodyReader(limits, limitsOf);
  for await (const chunk of chunks) if (!reader.write(chunk)) break;
  return reader.end();
}

class BodyReader {
  readonly #parser: StreamParser;
  readonly #limitsOf: (header: Element) => ParserLimits;
  readonly #digest = createHash("sha256");
  #header: Element | undefined = undefined;
  #payload: Element[] = [];
  #elements = 0;
  #bytes = 0;
  #ended = false;
  #error: XmlError | undefined = undefined;

  constructor(limits: ParserLimits, limitsOf: (header: Element) => ParserLimits) {
    this.#parser = new StreamParser(limits);
    this.#limitsOf = limitsOf;
  }

  /** @returns false when no more is read. */
  write(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    this.#digest.update(chunk);
    this.#parser.write(chunk);
    try {
      this.#read();
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#fail(error);
    }
    return this.#error === undefined;
  }

  end(): BoshBody {
    const header = this.#header;
    if (header === undefined) {
      const why = this.#error?.message ?? "it ends within the start tag";
      throw new BindingError("bad-request", `a request without a <body/>: ${why}`);
    }
    if (this.#error === undefined && (!this.#ended || this.#parser.pending)) {
      this.#fail(new XmlError("not-well-formed", "the <body/> ends before its end tag"));
    }
    return {
      header,
      payload: this.#payload,
      bytes: this.#bytes,
      digest: this.#digest.digest("base64"),
      error: this.#error,
    };
  }

  #read(): void {
    for (let item = this.#parser.next(); item !== undefined; item = this.#parser.next()) {
      if (item instanceof Element) this.#add(item);
      else if (item.event === "open") this.#open(item.header);
      else this.#ended = true;
    }
    if (this.#bytes > mostBodyBytes(this.#parser.limits)) throw tooMuch("bytes");
  }

  #open(header: Element): void {
    if (!header.is(HTTPBIND, "body")) {
      const title = `<${header.name}/> of ${quoted(header.ns)}`;
      throw new XmlError("bad-format", `${title} came instead of <body/> of ${HTTPBIND}`);
    }
    this.#header = header;
    this.#parser.limits = this.#limitsOf(header);
  }

  #add(element: Element): void {
    this.#elements += count(element);
    if (this.#elements > STANZAS * this.#parser.limits.elements) throw tooMuch("elements");
    // Clients that never name their namespace mean that of streams (XEP-0206 §2).
    const inherited = element.ns === HTTPBIND;
    this.#payload.push(inherited ? toClientNs(element, HTTPBIND) : element);
  }

  /** Of a body that is broken nothing is taken. */
  #fail(error: XmlError): void {
    this.#error = error;
    this.#payload = [];
  }
}

function tooMuch(what: string): XmlError {
  return new XmlError("policy-violation", `the <body/> has too many ${what}; send less at once`);
}

function count(element: Element): number {
  let elements = 0;
  const open = [element];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    elements++;
    for (const child of next.children) if (typeof child !== "string") open.push(child);
  }
  return elements;
}
