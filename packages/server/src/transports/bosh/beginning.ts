/** How much is kept. */
const CHARACTERS = 512;

/** Keeps how a request begins, to tell what it was if it was no XML. */
export class Beginning {
  #text = "";

  /** As it came, each byte a character. */
  get text(): string {
    return this.#text;
  }

  /** Gives on what comes. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      const missing = CHARACTERS - this.#text.length;
      if (missing > 0) this.#text += Buffer.from(chunk.subarray(0, missing)).toString("latin1");
      yield chunk;
    }
  }
}
