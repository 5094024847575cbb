import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { type Datatype, datatypeValue, fieldValidation } from "./form-validation.ts";

const NS = "http://jabber.org/protocol/xdata-validate";
const validate = (attrs: Record<string, string>, ...children: Element[]): Element =>
  el(NS, "validate", attrs, ...children);

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("the methods of XEP-0122 §3.2 are read, and an unknown one is passed over", () => {
  const cases: [Element, object | undefined][] = [
    [el(NS, "basic"), { kind: "basic" }],
    [el(NS, "open"), { kind: "open" }],
    [el(NS, "range", { min: "1" }), { kind: "range", min: "1", max: undefined }],
    [el(NS, "regex", {}, "([0-9]{3})"), { kind: "regex", pattern: "([0-9]{3})" }],
    [el(NS, "magic"), undefined],
    [el("urn:other", "basic"), undefined],
  ];
  for (const [method, read] of cases) {
    assert.deepEqual(fieldValidation.read(validate({ datatype: "xs:string" }, method)), {
      datatype: "xs:string",
      method: read,
      listRange: undefined,
    });
  }
});

test("a range of selections has numbers (XEP-0122 §3.3)", () => {
  const range = (attrs: Record<string, string>) => validate({}, el(NS, "list-range", attrs));
  assert.deepEqual(fieldValidation.read(range({ min: "1" })).listRange, { min: 1, max: undefined });
  for (const text of ["", "-1", "many", "1.5"]) {
    assert.throws(() => fieldValidation.read(range({ max: text })), refused("bad-request"));
  }
});

test("a regular expression from a peer is only a text, even one that would take for ever", () => {
  const hostile = validate({}, el(NS, "regex", {}, "((a+)+)+$ ((("));
  assert.deepEqual(fieldValidation.read(hostile).method, {
    kind: "regex",
    pattern: "((a+)+)+$ (((",
  });
});

const GOOD: Record<Datatype, string[]> = {
  "xs:anyURI": ["https://example.com/?a=%20", "xmpp:a@b.example", ""],
  "xs:boolean": ["true", "false", "1", "0"],
  "xs:byte": ["-128", "127", "+1"],
  "xs:date": ["2003-10-06"],
  "xs:dateTime": ["2003-10-06T11:22:00-07:00"],
  "xs:decimal": ["1", "-1.5", "+.5", "1."],
  "xs:double": ["1e10", "-1.5E-3", "INF", "-INF"],
  "xs:int": ["2147483647", "-2147483648", "007"],
  "xs:integer": ["0", `-${"9".repeat(40)}`],
  "xs:language": ["en", "de-CH-1996"],
  "xs:long": ["9223372036854775807", "-9223372036854775808"],
  "xs:nonNegativeInteger": ["0", "10"],
  "xs:positiveInteger": ["1"],
  "xs:short": ["-32768", "32767"],
  "xs:string": ["", "anything\n"],
  "xs:time": ["11:22:00", "11:22:00Z"],
  "xs:unsignedByte": ["0", "255"],
  "xs:unsignedInt": ["4294967295"],
  "xs:unsignedLong": ["18446744073709551615"],
  "xs:unsignedShort": ["65535"],
};

const BAD: Partial<Record<Datatype, string[]>> = {
  "xs:anyURI": ["a b", "<a>", "a\n"],
  "xs:boolean": ["", "TRUE", "yes", "2"],
  "xs:byte": ["128", "-129", "", "1.0"],
  "xs:date": ["2003-02-29", "06.10.2003"],
  "xs:dateTime": ["2003-10-06", "2003-10-06T11:22:00"],
  "xs:decimal": ["", ".", "1e1", "INF", "1,5"],
  "xs:double": ["", "NaN", "e1", "0x1", "Infinity"],
  "xs:int": ["2147483648", "-2147483649", "1 ", "--1"],
  "xs:integer": ["", "-", "1.0", "9".repeat(41)],
  "xs:language": ["", "e_n", "toolonglanguage"],
  "xs:long": ["9223372036854775808"],
  "xs:nonNegativeInteger": ["-1"],
  "xs:positiveInteger": ["0"],
  "xs:short": ["32768"],
  "xs:time": ["24:00:00", "11:22"],
  "xs:unsignedByte": ["256", "-1"],
  "xs:unsignedInt": ["4294967296"],
  "xs:unsignedLong": ["18446744073709551616"],
  "xs:unsignedShort": ["65536"],
};

test("texts of each datatype are told from others", () => {
  for (const [datatype, texts] of Object.entries(GOOD)) {
    for (const text of texts) datatypeValue(datatype as Datatype, text);
  }
  for (const [datatype, texts] of Object.entries(BAD)) {
    for (const text of texts) {
      assert.throws(
        () => datatypeValue(datatype as Datatype, text),
        refused("not-acceptable"),
        `${datatype} ${text}`,
      );
    }
  }
});

test("values are compared in their datatype, not as texts", () => {
  const before: [Datatype, string, string][] = [
    ["xs:int", "9", "10"],
    ["xs:long", "9223372036854775806", "9223372036854775807"],
    ["xs:double", "-INF", "-1e300"],
    ["xs:decimal", "-1.5", "-.5"],
    ["xs:dateTime", "2003-10-06T11:22:00+02:00", "2003-10-06T10:22:00Z"],
    ["xs:date", "0999-12-31", "2003-10-06"],
    ["xs:time", "12:00:00+02:00", "11:00:00Z"],
  ];
  for (const [datatype, less, more] of before) {
    assert.ok(datatypeValue(datatype, less) < datatypeValue(datatype, more), `${less} ${more}`);
  }
});
