import assert from "node:assert/strict";
import { test } from "node:test";
import { StanzaError } from "./errors.ts";
import { defineForm } from "./form-definition.ts";
import { dataForm, type Form, type FormField } from "./forms.ts";
import { Jid } from "./jid.ts";

const TYPE = "urn:example:bot";

const bot = defineForm({
  formType: TYPE,
  fields: {
    name: { type: "text-single", label: "Name", required: true, maxLength: 20 },
    about: { type: "text-multi", desc: "What it is for" },
    public: { type: "boolean" },
    password: { type: "text-private", pattern: /[a-z]+|[0-9]+/ },
    features: {
      type: "list-multi",
      options: [{ value: "news", label: "News" }, { value: "polls" }, { value: "contests" }],
      listRange: { max: 2 },
    },
    size: {
      type: "list-single",
      options: [{ value: "10" }, { value: "20" }],
      datatype: "xs:int",
      range: { min: "1", max: "50" },
    },
    mood: { type: "list-single", options: [{ value: "good" }, { value: "bad" }] },
    topic: { type: "list-single", options: [{ value: "birds" }], open: true },
    owner: { type: "jid-single" },
    guests: { type: "jid-multi" },
    until: { type: "text-single", datatype: "xs:dateTime" },
    token: { type: "hidden" },
  },
});

const submit = (fields: Record<string, string[]>, formType?: string): Form => ({
  type: "submit",
  fields: [
    ...(formType === undefined ? [] : [{ var: "FORM_TYPE", values: [formType] }]),
    ...Object.entries({ name: ["x"], ...fields }).map(([name, values]) => ({ var: name, values })),
  ],
});

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a submission gives typed values, and none for what it leaves out (XEP-0004 §3.5)", () => {
  const values = bot.read(
    submit(
      {
        about: ["line 1", "", "line 3"],
        public: ["1"],
        features: ["news", "polls", "news"],
        size: ["20"],
        guests: ["JULIET@example.com", "juliet@example.com", "romeo@example.net/x"],
        token: ["abc"],
        unknown: ["ignored"],
        __proto__x: ["ignored"],
      },
      TYPE,
    ),
  );
  assert.deepEqual(values, {
    name: "x",
    about: ["line 1", "", "line 3"],
    public: true,
    features: ["news", "polls"],
    size: "20",
    guests: [Jid.parse("juliet@example.com"), Jid.parse("romeo@example.net/x")],
    token: "abc",
  });
  const isPublic: boolean | undefined = values.public;
  const guests: readonly Jid[] | undefined = values.guests;
  assert.ok(isPublic && guests);
});

test("a field sent empty is there (XEP-0004 §3.6)", () => {
  for (const empty of [[], [""]]) {
    const values = bot.read(
      submit({
        password: empty,
        public: empty,
        features: empty,
        owner: empty,
        mood: empty,
        guests: empty,
      }),
    );
    assert.deepEqual(values, {
      name: "x",
      password: "",
      public: false,
      features: [],
      owner: undefined,
      mood: "",
      guests: [],
    });
    assert.ok("owner" in values && !("about" in values));
  }
});

test("values that do not fit are not acceptable (XEP-0004 §4)", () => {
  const bad: Record<string, string[]>[] = [
    { name: [""] },
    { name: [] },
    { name: ["n".repeat(21)] },
    { about: ["n".repeat(4097)] },
    { about: Array.from({ length: 1001 }, () => "") },
    { public: ["yes"] },
    { password: ["abc1"] },
    { password: ["1a"] },
    { features: ["news", "birds"] },
    { features: ["news", "polls", "contests"] },
    { size: ["0"] },
    { size: ["51"] },
    { size: ["ten"] },
    { mood: ["so so"] },
    { owner: ["a@b@c"] },
    { guests: ["juliet@example.com", "@"] },
    { until: ["tomorrow"] },
  ];
  for (const fields of bad) {
    assert.throws(
      () => bot.read(submit(fields)),
      refused("not-acceptable"),
      JSON.stringify(fields),
    );
  }
  const nameless: Form = { type: "submit", fields: [{ var: "public", values: ["1"] }] };
  assert.throws(() => bot.read(nameless), refused("not-acceptable"));
});

test("a list takes other values if it is open, or has a method that implies it (XEP-0122 §3.2)", () => {
  assert.equal(bot.read(submit({ topic: ["bees"] })).topic, "bees");
  assert.equal(bot.read(submit({ size: ["49"] })).size, "49");
});

test("two values where one is allowed, or a field twice, are a bad request (XEP-0004 §3.2)", () => {
  for (const name of ["name", "public", "size", "owner", "token"]) {
    assert.throws(() => bot.read(submit({ [name]: ["1", "1"] })), refused("bad-request"), name);
  }
  const twice: FormField = { var: "name", values: ["x"] };
  assert.throws(() => bot.read({ type: "submit", fields: [twice, twice] }), refused("bad-request"));
});

test("a form about something else, or not filled in, is a bad request (XEP-0068 §4)", () => {
  assert.throws(() => bot.read(submit({}, "urn:example:cat")), refused("bad-request"));
  for (const type of ["form", "cancel"] as const) {
    assert.throws(() => bot.read({ ...submit({}, TYPE), type }), refused("bad-request"));
  }
  // In a result the FORM_TYPE must be there and hidden.
  assert.throws(() => bot.read({ ...submit({}, TYPE), type: "result" }), refused("bad-request"));
});

test("what a field says of its type in a submission does not count", () => {
  const fields = [
    { var: "name", type: "jid-multi" as const, values: ["x"] },
    { var: "public", type: "text-single" as const, values: ["0"] },
  ];
  assert.deepEqual(bot.read({ type: "submit", fields }), { name: "x", public: false });
});

test("the form to fill in tells all of its definition and the current values", () => {
  const form = bot.form(
    { name: "Joogle", public: true, guests: [Jid.parse("a@b.example")] },
    { title: "Bot" },
  );
  assert.equal(form.type, "form");
  assert.equal(form.title, "Bot");
  const field = (name: string): FormField | undefined =>
    form.fields.find((one) => one.var === name);
  assert.deepEqual(form.fields[0], { var: "FORM_TYPE", type: "hidden", values: [TYPE] });
  assert.deepEqual(field("name"), {
    var: "name",
    type: "text-single",
    label: "Name",
    required: true,
    values: ["Joogle"],
  });
  assert.deepEqual(field("public")?.values, ["1"]);
  assert.deepEqual(field("guests")?.values, ["a@b.example"]);
  assert.equal(field("about")?.desc, "What it is for");
  assert.deepEqual(field("until")?.validation, {
    datatype: "xs:dateTime",
    method: { kind: "basic" },
  });
  assert.deepEqual(field("size")?.validation, {
    datatype: "xs:int",
    method: { kind: "range", min: "1", max: "50" },
  });
  assert.deepEqual(field("password")?.validation, {
    datatype: "xs:string",
    method: { kind: "regex", pattern: "[a-z]+|[0-9]+" },
  });
  assert.deepEqual(field("features")?.validation?.listRange, { max: 2 });
  assert.deepEqual(field("topic")?.validation?.method, { kind: "open" });
  assert.equal(field("owner")?.validation, undefined);
});

test("submissions and results are read as they were written, through XML too", () => {
  const values = {
    name: "x",
    about: ["1", "2"],
    public: false,
    owner: Jid.parse("a@b.example"),
    guests: [],
    until: "2003-10-06T11:22:00Z",
  };
  for (const form of [bot.submit(values), bot.result(values)]) {
    assert.deepEqual(bot.read(form), values);
    assert.deepEqual(bot.read(dataForm.read(dataForm.write(form))), values);
  }
});

test("a range needs a datatype with an order, and bounds that are of it (XEP-0122 §4.6)", () => {
  const define = (field: object) => () =>
    defineForm({ formType: TYPE, fields: { x: { type: "text-single", ...field } } });
  assert.throws(define({ range: { min: "1" } }), TypeError);
  assert.throws(define({ datatype: "xs:string", range: { min: "1" } }), TypeError);
  assert.throws(define({ datatype: "xs:int", range: { min: "one" } }), StanzaError);
});
