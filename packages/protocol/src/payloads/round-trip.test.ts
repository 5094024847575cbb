import assert from "node:assert/strict";
import { test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import type { Codec } from "../codec.ts";
import type { FormPage } from "../form-layout.ts";
import type { FieldValidation } from "../form-validation.ts";
import { dataForm, type FieldType, type Form, type FormField } from "../forms.ts";
import { Jid } from "../jid.ts";
import { type ResultSetPage, resultSetPage, resultSetRequest } from "../rsm.ts";
import { bind } from "./bind.ts";
import { entityCaps } from "./caps.ts";
import {
  type CommandAction,
  type CommandNote,
  type CommandStatus,
  command,
  type StageAction,
} from "./command.ts";
import { delay } from "./delay.ts";
import { discoInfo } from "./disco-info.ts";
import { discoItems } from "./disco-items.ts";
import { body, type LocalText, subject, thread } from "./message.ts";
import { readAvailability, type Show, status, writeAvailability } from "./presence.ts";
import { rosterQuery, type Subscription } from "./roster.ts";
import { originId, stanzaId } from "./stanza-id.ts";
import { entityTime } from "./time.ts";
import { softwareVersion } from "./version.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "<&>", "ü", "\n", " a "));
const name = text.filter((one) => one !== "");
const optional = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const record = <T>(model: { [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as Arbitrary<T>;
const list = <T>(arbitrary: Arbitrary<T>): Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 4 });
const someOf = <T>(arbitrary: Arbitrary<T>): Arbitrary<T[] | undefined> =>
  optional(fc.array(arbitrary, { minLength: 1, maxLength: 3 }));
const jid = fc
  .constantFrom(
    "juliet@example.com",
    "romeo@example.net/orchard",
    "example.org",
    "ü@bücher.example/🐦 x",
  )
  .map((address) => Jid.parse(address));
const count = fc.nat();
const moment = fc.integer({ min: 0, max: 4e12 });
const localText = record<LocalText>({ text, lang: optional(fc.constantFrom("en", "de-CH")) });

const fieldType = fc.constantFrom<FieldType>(
  ...(["boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi"] as const),
  ...(["list-single", "text-multi", "text-private", "text-single"] as const),
);
const validation = record<FieldValidation>({
  datatype: optional(fc.constantFrom("xs:string", "x:own")),
  method: optional(
    fc.oneof(
      record({ kind: fc.constantFrom("basic" as const, "open" as const) }),
      record({ kind: fc.constant("range" as const), min: optional(text), max: optional(text) }),
      record({ kind: fc.constant("regex" as const), pattern: text }),
    ),
  ),
  listRange: optional(record({ min: optional(count), max: optional(count) })),
});
const field = record<FormField>({
  var: name,
  type: optional(fieldType),
  label: optional(text),
  desc: optional(text),
  required: fc.constantFrom(true, undefined),
  values: list(text),
  options: someOf(record({ value: text, label: optional(text) })),
  validation: optional(validation),
});
const { page } = fc.letrec<{ page: FormPage }>((tie) => ({
  page: record<FormPage>({
    label: optional(text),
    parts: fc.array(
      fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        record({ kind: fc.constant("text" as const), text }),
        record({ kind: fc.constant("field" as const), var: text }),
        record({ kind: fc.constant("reported" as const) }),
        record({ kind: fc.constant("section" as const), section: tie("page") }),
      ),
      { maxLength: 2 },
    ),
  }),
}));
const form = record<Form>({
  type: fc.constantFrom("form", "submit", "cancel", "result"),
  title: optional(text),
  instructions: someOf(text),
  fields: list(field),
  reported: optional(list(field)),
  items: someOf(list(field)),
  pages: someOf(page),
});
const resultPage = fc
  .tuple(optional(record({ first: text, last: text, index: optional(count) })), optional(count))
  .map(
    ([items, total]): ResultSetPage => ({
      first: items?.first,
      last: items?.last,
      index: items?.index,
      count: total,
    }),
  );

function writesWhatItReads<T>(codec: Codec<T>, values: Arbitrary<T>): void {
  test(`<${codec.name} xmlns='${codec.ns}'/> is read as it was written`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const element = codec.write(value);
        assert.ok(element.is(codec.ns, codec.name));
        assert.deepEqual(codec.read(element), value);
        assert.deepEqual(codec.write(codec.read(element)), element);
      }),
    );
  });
}

writesWhatItReads(bind, record({ resource: optional(name), jid: optional(jid) }));
writesWhatItReads(
  rosterQuery,
  record({
    ver: optional(text),
    items: list(
      record({
        jid,
        name: optional(name),
        subscription: optional(
          fc.constantFrom<Subscription>("none", "to", "from", "both", "remove"),
        ),
        ask: fc.boolean(),
        approved: fc.boolean(),
        groups: list(text),
      }),
    ),
  }),
);
writesWhatItReads(
  discoInfo,
  record({
    node: optional(text),
    identities: list(
      record({ category: text, type: text, name: optional(text), lang: optional(text) }),
    ),
    features: list(text),
    forms: list(form),
  }),
);
writesWhatItReads(
  discoItems,
  record({
    node: optional(text),
    items: list(record({ jid, node: optional(text), name: optional(text) })),
    page: optional(resultPage),
  }),
);
writesWhatItReads(softwareVersion, record({ name: text, version: text, os: optional(text) }));
writesWhatItReads(entityTime, record({ utc: moment, offset: fc.integer({ min: -840, max: 840 }) }));
writesWhatItReads(
  delay,
  record({
    stamp: moment,
    from: optional(jid),
    reason: optional(text.map((one) => one.trim()).filter((one) => one !== "")),
  }),
);
writesWhatItReads(entityCaps, record({ hash: optional(text), node: text, ver: text }));
writesWhatItReads(stanzaId, record({ id: text, by: jid }));
writesWhatItReads(originId, record({ id: text }));
for (const kind of [body, subject, status]) writesWhatItReads(kind, localText);
writesWhatItReads(thread, record({ id: text, parent: optional(text) }));
writesWhatItReads(dataForm, form);
const stageAction = fc.constantFrom<StageAction>("prev", "next", "complete");
writesWhatItReads(
  command,
  record({
    node: text,
    sessionId: optional(name),
    action: optional(fc.constantFrom<CommandAction>("execute", "cancel", "prev", "next")),
    status: optional(fc.constantFrom<CommandStatus>("executing", "completed", "canceled")),
    lang: optional(name),
    actions: optional(
      record({
        execute: optional(stageAction),
        allowed: fc.subarray<StageAction>(["prev", "next", "complete"]),
      }),
    ),
    notes: list(
      record({ type: fc.constantFrom<CommandNote["type"]>("info", "warn", "error"), text }),
    ),
    payload: list(form.map(dataForm.write)),
  }),
);
writesWhatItReads(resultSetPage, resultPage);
writesWhatItReads(
  resultSetRequest,
  fc.oneof(
    record({
      max: optional(count),
      after: optional(name),
      before: optional(text),
      index: fc.constant(undefined),
    }),
    record({
      max: optional(count),
      after: fc.constant(undefined),
      before: fc.constant(undefined),
      index: optional(count),
    }),
  ),
);

test("what presence says is read as it was written", () => {
  const availability = record({
    show: optional(fc.constantFrom<Show>("away", "chat", "dnd", "xa")),
    priority: fc.integer({ min: -128, max: 127 }),
    status: list(localText),
  });
  fc.assert(
    fc.property(availability, (value) => {
      assert.deepEqual(readAvailability({ children: writeAvailability(value) }), value);
    }),
  );
});
