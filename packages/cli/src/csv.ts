/** One record of a file. */
export interface CsvRecord {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
  /** What is wrong with its form; the fields are then of no use. */
  readonly problem?: string;
}

/** The file can not be read on; the text begins with the line. */
export class CsvError extends Error {
  override readonly name: string = "CsvError";
}

/** Characters of one record; a quote that is never closed must not take the whole file. */
const LONGEST_RECORD = 16_384;

/**
 * Reads comma-separated values (RFC 4180) in UTF-8, record by record. Lines that begin with `#` and
 * empty lines are left out; spaces belong to their field.
 *
 * @throws CsvError
 */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const parser = new CsvParser();
  for await (const chunk of chunks) yield* parser.write(decode(decoder, parser, chunk));
  yield* parser.write(decode(decoder, parser));
  yield* parser.end();
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  parser: CsvParser,
  chunk?: Uint8Array,
): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new CsvError(`line ${parser.line} or after: the file is not UTF-8`);
  }
}

/**
 * `start`: of a record; `field`: of a further field; `plain`, `quoted`: inside one; `quote`: a quote
 * in a quoted field, its end or the first of two; `wrong`: in what is left of a record that has a
 * problem; `comment`.
 */
type State = "start" | "field" | "plain" | "quoted" | "quote" | "wrong" | "comment";

class CsvParser {
  /** The current one, from 1. */
  line = 1;
  #state: State = "start";
  #begin = 1;
  #length = 0;
  #field = "";
  #fields: string[] = [];
  #problem: string | undefined = undefined;

  *write(text: string): Generator<CsvRecord> {
    for (const char of text) {
      if (++this.#length > LONGEST_RECORD && this.#state !== "comment") {
        throw new CsvError(
          `line ${this.#begin}: longer than ${LONGEST_RECORD} characters; is a quote left open?`,
        );
      }
      const ended = char === "\n" && this.#state !== "quoted";
      if (ended) {
        const record = this.#record();
        if (record !== undefined) yield record;
      } else {
        this.#take(char);
      }
      if (char === "\n") this.line++;
      if (ended) this.#begin = this.line;
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.#state === "quoted") this.#wrong("a quote is left open");
    const record = this.#record();
    if (record !== undefined) yield record;
  }

  #take(char: string): void {
    switch (this.#state) {
      case "start":
        if (char === "#") this.#state = "comment";
        else this.#begins(char);
        return;
      case "field":
        this.#begins(char);
        return;
      case "plain":
        if (char === ",") this.#next();
        else if (char === '"')
          this.#wrong('a quote inside a field; write "…" around it, and "" for it');
        else this.#field += char;
        return;
      case "quoted":
        if (char === '"') this.#state = "quote";
        else this.#field += char;
        return;
      case "quote":
        if (char === '"') {
          this.#field += char;
          this.#state = "quoted";
        } else if (char === ",") this.#next();
        else if (char !== "\r") this.#wrong("text after the closing quote of a field");
        return;
      case "wrong":
      case "comment":
        return;
    }
  }

  #begins(char: string): void {
    if (char === '"') this.#state = "quoted";
    else if (char === ",") this.#next();
    else {
      this.#field = char;
      this.#state = "plain";
    }
  }

  #next(): void {
    this.#fields.push(this.#field);
    this.#field = "";
    this.#state = "field";
  }

  #wrong(problem: string): void {
    this.#problem = problem;
    this.#state = "wrong";
  }

  /** What ends here, if it is a record; and the parser is at the start of the next. */
  #record(): CsvRecord | undefined {
    const last = this.#state === "plain" ? this.#field.replace(/\r$/, "") : this.#field;
    const fields = [...this.#fields, last];
    const empty = this.#state === "start" || this.#state === "comment";
    const blank = this.#state === "plain" && fields.length === 1 && last.trim() === "";
    const problem = this.#problem;
    const line = this.#begin;
    this.#state = "start";
    this.#length = 0;
    this.#field = "";
    this.#fields = [];
    this.#problem = undefined;
    if (problem !== undefined) return { line, fields: [], problem };
    return empty || blank ? undefined : { line, fields };
  }
}
