/**
 * What reading and writing XML costs beside ltx and saxes: `node bench/xml.ts`. Prints a table of
 * medians, in microseconds for one element: bytes to tree and tree to text.
 *
 * The candidates take turns, so that what else the machine does falls on all of them alike.
 */
// @ts-expect-error ltx comes without types
import { Element as LtxElement } from "ltx";
// @ts-expect-error as above
import SaxLtx from "ltx/lib/parsers/ltx.js";
import { SaxesParser } from "saxes";
import { Element, type ParserLimits, StreamParser, serialize } from "../packages/xml/src/index.ts";

const WARMUP_ROUNDS = 40;
const ROUNDS = 60;
const TURN_MS = 6;
const BATCH_BYTES = 65_536;
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>";
const LIMITS: ParserLimits = {
  bytes: 262_144,
  depth: 64,
  elements: 8192,
  attributes: 64,
  namespaces: 64,
};

/** A stream that has been opened; `write` gives the number of elements that were completed. */
interface Candidate<T = unknown> {
  write(bytes: Buffer): number;
  /** The element that was completed last. */
  last(): T | undefined;
}

/** As much of an element of ltx as is used here. */
interface LtxTree {
  readonly parent: LtxTree | null | undefined;
  cnode(child: LtxTree): LtxTree;
  t(text: string): void;
  toString(): string;
}

const parsers: Record<string, () => Candidate> = { rookery, ltx, saxes };

const results: Record<string, Record<string, string>> = {};
for (const [name, stanza] of Object.entries({ chat, "chat, long": longChat, presence, roster })) {
  const stanzas = Array.from({ length: 64 }, (_, i) => stanza(i));
  report(`parse ${name}, one per write`, measureParsers(stanzas, 1));
  if (name !== "roster") report(`parse ${name}, 64 KiB per write`, measureParsers(stanzas, 0));
  report(`serialize ${name}`, measureSerializers(stanzas));
}
console.table(results);

function measureParsers(stanzas: string[], perWrite: 0 | 1): Map<string, number> {
  const size = Math.ceil(BATCH_BYTES / stanzas[0]!.length);
  const chunks =
    perWrite === 1
      ? stanzas.map((text) => Buffer.from(text))
      : [Buffer.from(Array.from({ length: size }, (_, i) => stanzas[i % 64]).join(""))];
  const count = perWrite === 1 ? 64 : size;
  const runs = new Map<string, () => number>();
  for (const [name, make] of Object.entries(parsers)) {
    const candidate = make();
    candidate.write(Buffer.from(HEADER));
    runs.set(name, () => {
      let elements = 0;
      for (const chunk of chunks) elements += candidate.write(chunk);
      if (elements !== count) throw new Error(`${name} read ${elements} of ${count} elements`);
      return elements;
    });
  }
  return medians(runs);
}

function measureSerializers(stanzas: string[]): Map<string, number> {
  const ours = stanzas.map((text) => lastOf(rookery(), text));
  const theirs = stanzas.map((text) => lastOf(ltx(), text));
  return medians(
    new Map([
      ["rookery", () => written(ours, (element) => serialize(element, "jabber:client"))],
      ["ltx", () => written(theirs, (element) => element.toString())],
    ]),
  );
}

function lastOf<T>(candidate: Candidate<T>, stanza: string): T {
  candidate.write(Buffer.from(HEADER + stanza));
  const last = candidate.last();
  if (last === undefined) throw new Error(`nothing was read of ${stanza}`);
  return last;
}

/** The text is made flat, as a socket would have it. */
function written<T>(elements: readonly T[], write: (element: T) => string): number {
  let bytes = 0;
  for (const element of elements) bytes += Buffer.byteLength(write(element));
  if (bytes === 0) throw new Error("nothing was written");
  return elements.length;
}

/**
 * Median microseconds per element; the runs take turns. Each turn is short, so that one in which
 * something else had the processor is an outlier, which a median leaves out.
 */
function medians(runs: ReadonlyMap<string, () => number>): Map<string, number> {
  const times = new Map<string, number[]>();
  for (let round = -WARMUP_ROUNDS; round < ROUNDS; round++) {
    for (const [name, run] of runs) {
      let elements = 0;
      const begun = performance.now();
      while (performance.now() - begun < TURN_MS) elements += run();
      const elapsed = performance.now() - begun;
      if (round < 0) continue;
      const list = times.get(name) ?? [];
      list.push((elapsed * 1000) / elements);
      times.set(name, list);
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function report(what: string, costs: ReadonlyMap<string, number>): void {
  results[what] = Object.fromEntries([...costs].map(([name, us]) => [name, us.toFixed(2)]));
}

// ── candidates ───────────────────────────────────────────────────────────────

function rookery(): Candidate<Element> {
  const parser = new StreamParser(LIMITS);
  let last: Element | undefined;
  return {
    last: () => last,
    write(bytes) {
      let count = 0;
      parser.write(bytes);
      for (let item = parser.next(); item !== undefined; item = parser.next()) {
        if (!(item instanceof Element)) continue;
        last = item;
        count++;
      }
      return count;
    },
  };
}

/** ltx as it is used for streams: its SAX parser building its elements. */
function ltx(): Candidate<LtxTree> {
  const sax = new SaxLtx();
  let count = 0;
  let depth = 0;
  let current: LtxTree | undefined;
  sax.on("startElement", (name: string, attrs: Record<string, string>) => {
    if (depth++ === 0) return;
    const element: LtxTree = new LtxElement(name, attrs);
    current = current?.parent === undefined && depth === 2 ? element : current?.cnode(element);
  });
  sax.on("endElement", () => {
    if (--depth === 1) count++;
    else current = current?.parent ?? undefined;
  });
  sax.on("text", (text: string) => {
    if (depth > 1) current?.t(text);
  });
  return {
    last: () => current,
    write(bytes) {
      count = 0;
      sax.write(bytes);
      return count;
    },
  };
}

/** saxes with namespaces, building elements of ours; it takes text, so that decoding is added. */
function saxes(): Candidate<Element> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const sax = new SaxesParser({ xmlns: true, position: false });
  const open: { element: Element; children: (Element | string)[] }[] = [];
  let count = 0;
  let last: Element | undefined;
  sax.on("opentag", (tag) => {
    const attrs: string[] = [];
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix !== "xmlns" && attribute.name !== "xmlns") {
        attrs.push(attribute.name, attribute.value);
      }
    }
    const children: (Element | string)[] = [];
    open.push({ element: new Element(tag.uri, tag.local, attrs, children), children });
  });
  sax.on("closetag", () => {
    const element = open.pop()?.element;
    if (open.length === 1) {
      count++;
      last = element;
    } else if (element !== undefined) {
      open.at(-1)?.children.push(element);
    }
  });
  sax.on("text", (text) => {
    if (open.length > 1) open.at(-1)?.children.push(text);
  });
  sax.on("error", (error) => {
    throw error;
  });
  return {
    last: () => last,
    write(bytes) {
      count = 0;
      sax.write(decoder.decode(bytes, { stream: true }));
      return count;
    },
  };
}

// ── what is read ─────────────────────────────────────────────────────────────

function hex(i: number, length: number): string {
  return (i * 2_654_435_761).toString(16).repeat(5).slice(0, length);
}

function chat(i: number): string {
  return `<message to='user${i}@example.org' type='chat' id='${hex(i, 8)}'><body>see you at the station at seven</body><active xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='${hex(i, 8)}'/></message>`;
}

function longChat(i: number): string {
  return `<message to="user${i}@example.org" from="user${i}@example.org/Phone.${hex(i, 4)}" type="chat" id="${hex(i, 36)}"><body>schön, we meet tomorrow morning about seven at the station; bring an umbrella, it may rain</body><origin-id xmlns="urn:xmpp:sid:0" id="${hex(i, 36)}"/><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/><active xmlns="http://jabber.org/protocol/chatstates"/></message>`;
}

function presence(i: number): string {
  return `<presence from='user${i}@example.org/phone.${hex(i, 4)}' to='user${i}@example.org'><show>away</show><status>out for a long walk</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org/client' ver='${hex(i, 27)}='/><x xmlns='vcard-temp:x:update'><photo>${hex(i, 40)}</photo></x><idle xmlns='urn:xmpp:idle:1' since='2024-05-01T12:33:11Z'/></presence>`;
}

function roster(i: number): string {
  const items = Array.from(
    { length: 100 },
    (_, k) =>
      `<item jid='user${k}@example.org' name='Friend ${k}' subscription='both'><group>Friends</group></item>`,
  );
  return `<iq id='${hex(i, 8)}' type='result' to='user${i}@example.org/phone'><query xmlns='jabber:iq:roster' ver='${hex(i, 10)}'>${items.join("")}</query></iq>`;
}
