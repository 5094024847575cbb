import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { dataForm, type FieldType, type FormType, formTypeOf } from "./forms.ts";

const NS = "jabber:x:data";
const LAYOUT = "http://jabber.org/protocol/xdata-layout";
const form = (type: string | undefined, ...children: Element[]): Element =>
  el(NS, "x", { type }, ...children);
const field = (attrs: Record<string, string>, ...children: Element[]): Element =>
  el(NS, "field", attrs, ...children);
const value = (text: string): Element => el(NS, "value", {}, text);

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("a form to fill in has title, instructions and fields with options (XEP-0004 §3)", () => {
  const read = dataForm.read(
    form(
      "form",
      el(NS, "title", {}, "Bot Configuration"),
      el(NS, "instructions", {}, "Fill out"),
      el(NS, "instructions", {}, "this form"),
      field({ type: "fixed" }, value("Section 1")),
      field(
        { type: "list-multi", label: "Features", var: "features" },
        el(NS, "desc", {}, "What it does"),
        el(NS, "required"),
        el(NS, "option", { label: "News" }, value("news")),
        el(NS, "option", {}, value("polls")),
        value("news"),
        value("polls"),
      ),
    ),
  );
  assert.equal(read.type, "form");
  assert.equal(read.title, "Bot Configuration");
  assert.deepEqual(read.instructions, ["Fill out", "this form"]);
  assert.equal(read.fields[0]?.var, undefined);
  assert.deepEqual(read.fields[1], {
    var: "features",
    type: "list-multi",
    label: "Features",
    desc: "What it does",
    required: true,
    values: ["news", "polls"],
    options: [
      { value: "news", label: "News" },
      { value: "polls", label: undefined },
    ],
    validation: undefined,
  });
});

test("a result of many items is a table, in whatever order it comes (XEP-0004 §3.4)", () => {
  const read = dataForm.read(
    form(
      "result",
      el(NS, "item", {}, field({ var: "a" }, value("1"))),
      el(NS, "reported", {}, field({ var: "a", type: "text-single", label: "A" })),
      el(NS, "item", {}, field({ var: "a" }, value(""))),
    ),
  );
  assert.deepEqual(
    read.reported?.map(({ var: name, label }) => [name, label]),
    [["a", "A"]],
  );
  assert.deepEqual(
    read.items?.map((item) => item.map(({ values }) => values)),
    [[["1"]], [[""]]],
  );
  assert.deepEqual(read.fields, []);
});

test("all types of forms and fields are known, and an unknown field is text-single (XEP-0004 §3.3)", () => {
  for (const type of ["form", "submit", "cancel", "result"] satisfies FormType[]) {
    assert.equal(dataForm.read(form(type)).type, type);
  }
  const types: FieldType[] = [
    ...(["boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi"] as const),
    ...(["list-single", "text-multi", "text-private", "text-single"] as const),
  ];
  for (const type of [...types, "colour", "toString"]) {
    const [read] = dataForm.read(form("form", field({ var: "x", type }))).fields;
    assert.equal(read?.type, types.find((known) => known === type) ?? "text-single");
  }
  assert.equal(dataForm.read(form("submit", field({ var: "x" }))).fields[0]?.type, undefined);
});

test("what XEP-0004 does not allow is a bad request", () => {
  const reported = el(NS, "reported", {}, field({ var: "a" }));
  const bad = [
    form(undefined),
    form(""),
    form("error"),
    form("form", field({ type: "boolean" })),
    form("submit", field({})),
    form("form", field({ var: "x", type: "list-single" }, el(NS, "option"))),
    form(
      "form",
      field({ var: "x", type: "list-single" }, el(NS, "option", {}, value("1"), value("2"))),
    ),
    form("result", reported, reported),
  ];
  for (const element of bad) assert.throws(() => dataForm.read(element), badRequest);
});

test("FORM_TYPE counts where it is hidden, and in a submission that tells no type (XEP-0068 §4)", () => {
  const cases: [FormType, string | undefined, string | undefined][] = [
    ["form", "hidden", "urn:a"],
    ["result", "hidden", "urn:a"],
    ["submit", "hidden", "urn:a"],
    ["submit", undefined, "urn:a"],
    ["form", undefined, undefined],
    ["result", undefined, undefined],
    ["form", "text-single", undefined],
    ["submit", "text-single", undefined],
  ];
  for (const [type, fieldType, expected] of cases) {
    const attrs = fieldType === undefined ? {} : { type: fieldType };
    const read = dataForm.read(form(type, field({ var: "FORM_TYPE", ...attrs }, value("urn:a"))));
    assert.equal(formTypeOf(read), expected, `${type} ${fieldType}`);
  }
  assert.equal(formTypeOf(dataForm.read(form("submit"))), undefined);
});

test("pages and sections are read in their order (XEP-0141 §3)", () => {
  const page = el(
    LAYOUT,
    "page",
    { label: "One" },
    el(LAYOUT, "text", {}, "Hello"),
    el(LAYOUT, "section", {}, el(LAYOUT, "fieldref", { var: "a" })),
    el("urn:other", "text", {}, "ignored"),
    el(LAYOUT, "unknown"),
    el(LAYOUT, "reportedref"),
  );
  assert.deepEqual(dataForm.read(form("form", page)).pages, [
    {
      label: "One",
      parts: [
        { kind: "text", text: "Hello" },
        { kind: "section", section: { label: undefined, parts: [{ kind: "field", var: "a" }] } },
        { kind: "reported" },
      ],
    },
  ]);
  const lost = el(LAYOUT, "page", {}, el(LAYOUT, "fieldref"));
  assert.throws(() => dataForm.read(form("form", lost)), badRequest);
});

test("sections without end are refused, however deep they are", () => {
  const nested = (depth: number): Element => {
    let section = el(LAYOUT, "section");
    for (let i = 1; i < depth; i += 1) section = el(LAYOUT, "section", {}, section);
    return form("form", el(LAYOUT, "page", {}, section));
  };
  assert.equal(dataForm.read(nested(8)).pages?.length, 1);
  for (const depth of [9, 100_000]) assert.throws(() => dataForm.read(nested(depth)), badRequest);
});
