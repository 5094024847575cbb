import type { Element } from "./element.ts";
import { XmlError } from "./errors.ts";
import type { ParserLimits } from "./limits.ts";
import { Tokenizer } from "./tokenizer.ts";
import { type StreamClose, type StreamOpen, TreeBuilder } from "./tree.ts";
import { Utf8Reader } from "./utf8.ts";

/**
 * Reads an XML stream (RFC 6120 §4, §11) that comes as bytes in any chunking.
 *
 * What is on the stream is pulled: nothing is read further than the element that was asked for, so
 * that limits may change between two elements and a new document may begin after each.
 *
 * @example
 * const parser = new StreamParser({ bytes: 10_000, depth: 64, elements: 500, attributes: 64, namespaces: 64 });
 * parser.write(new TextEncoder().encode("<stream xmlns='jabber:client'><presence/>"));
 * parser.next(); // { event: "open", header, defaultNs: "jabber:client" }
 * parser.next(); // the element <presence/>
 * parser.next(); // undefined: nothing more has come
 */
export class StreamParser {
  readonly #reader = new Utf8Reader();
  #limits: ParserLimits;
  #tree: TreeBuilder;
  #tokenizer: Tokenizer;
  #error: XmlError | undefined = undefined;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
    this.#tree = new TreeBuilder("stream", limits);
    this.#tokenizer = new Tokenizer(this.#tree);
  }

  /** Bounds from now on, also on an element that has begun; raise them after authentication. */
  get limits(): ParserLimits {
    return this.#limits;
  }

  set limits(limits: ParserLimits) {
    this.#limits = limits;
    this.#tree.limits = limits;
  }

  /** Bytes were written that belong to nothing given out yet, be they unread or part of something unfinished. */
  get pending(): boolean {
    return this.#tokenizer.pending || this.#tokenizer.inToken || this.#reader.pending;
  }

  /** Adds received bytes, which must not be changed afterwards. */
  write(bytes: Uint8Array): void {
    this.#reader.write(bytes);
  }

  /**
   * The next thing on the stream, or undefined until more bytes come. It is there as soon as its
   * last byte was written.
   * @throws XmlError when the stream can not be read further; every call after it throws the same
   */
  next(): Element | StreamOpen | StreamClose | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      return this.#read();
    } catch (error) {
      if (error instanceof XmlError) this.#error = error;
      throw error;
    }
  }

  /**
   * Begins a new document (after TLS or SASL, RFC 6120 §4.3.3); what was written and not read
   * belongs to it, but for white space after the last element. With `discard` all is dropped: what
   * came in the clear must not be taken for what comes by TLS (§5.4.3.3). A parser that has thrown
   * an error stays as it is.
   */
  restart(options: { readonly discard?: boolean } = {}): void {
    const rest = this.#tokenizer.takeRest();
    this.#tree = new TreeBuilder("stream", this.#limits);
    this.#tokenizer = new Tokenizer(this.#tree, true);
    if (options.discard === true) this.#reader.discard();
    else this.#tokenizer.feed(rest, false);
  }

  #read(): Element | StreamOpen | StreamClose | undefined {
    const tree = this.#tree;
    const tokenizer = this.#tokenizer;
    while (tree.item === undefined) {
      if (!tokenizer.pending) {
        const text = this.#reader.read();
        tokenizer.feed(text, this.#reader.wasAscii);
        if (text === "") return undefined;
      }
      tokenizer.run();
    }
    return tree.take();
  }
}
