import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import fc from "fast-check";
import { StanzaError } from "../errors.ts";
import { dataForm } from "../forms.ts";
import { Jid } from "../jid.ts";
import { archivePreferences, archivePreferencesRequest } from "./archive-preferences.ts";
import {
  type ArchiveFilter,
  archiveFin,
  archiveForm,
  archiveFormQuery,
  archiveMetadata,
  archiveMetadataRequest,
  archiveQuery,
  archiveResult,
} from "./message-archive.ts";

const mam = (name: string, attrs = "", inside = "") =>
  parseDocument(`<${name} xmlns='urn:xmpp:mam:2' ${attrs}>${inside}</${name}>`);
const form = (...fields: readonly (readonly [string, ...string[]])[]) =>
  `<x xmlns='jabber:x:data' type='submit'>
    <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>
    ${fields.map(([name, ...values]) => `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join("")}</field>`).join("")}
  </x>`;
const filterOf = (...fields: readonly (readonly [string, ...string[]])[]) =>
  archiveQuery.read(mam("query", "", form(...fields))).filter;
const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("XEP-0313 §4: a query without a form asks for everything", () => {
  assert.deepEqual(archiveQuery.read(mam("query", "queryid='f27'")), {
    queryId: "f27",
    node: undefined,
    filter: {},
    page: undefined,
    flipPage: false,
  });
});

test("XEP-0313 §4.1: filters by address, time, id and kind", () => {
  assert.deepEqual(filterOf(["with", "juliet@capulet.lit"]), {
    with: Jid.parse("juliet@capulet.lit"),
  });
  assert.deepEqual(filterOf(["start", "2010-06-07T00:00:00Z"], ["end", "2010-07-07T13:23:54Z"]), {
    start: Date.UTC(2010, 5, 7),
    end: Date.UTC(2010, 6, 7, 13, 23, 54),
  });
  assert.deepEqual(filterOf(["after-id", "a"], ["before-id", "b"]), {
    afterId: "a",
    beforeId: "b",
  });
  assert.deepEqual(filterOf(["ids", "a", "b", "a", ""]), { ids: ["a", "b"] });
  assert.deepEqual(filterOf(["include-groupchat", "false"]), { includeGroupchat: false });
  assert.deepEqual(filterOf(["include-groupchat", "true"]), { includeGroupchat: true });
});

test("XEP-0431: the text to search for; an empty one is none", () => {
  assert.deepEqual(filterOf(["{urn:xmpp:fulltext:0}fulltext", "soft light"]), {
    fulltext: "soft light",
  });
  assert.deepEqual(filterOf(["{urn:xmpp:fulltext:0}fulltext", ""], ["start"], ["with", ""]), {});
});

test("XEP-0313 §4.3: pages, and pages the other way round", () => {
  const read = archiveQuery.read(
    mam(
      "query",
      "node='princely_musings'",
      `${form(["start", "2010-08-07T00:00:00Z"])}
      <set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set><flip-page/>`,
    ),
  );
  assert.equal(read.node, "princely_musings");
  assert.deepEqual(read.page, { max: 10, after: undefined, before: "", index: undefined });
  assert.equal(read.flipPage, true);
});

test("a query that is malformed or asks for what nobody knows is refused", () => {
  assert.throws(() => filterOf(["start", "yesterday"]), refused("bad-request"));
  assert.throws(() => filterOf(["end", "2010-13-07T00:00:00Z"]), refused("bad-request"));
  assert.throws(() => filterOf(["after-id", "a", "b"]), refused("bad-request"));
  assert.throws(() => filterOf(["with", "a@b@c"]), refused("not-acceptable"));
  assert.throws(() => filterOf(["after-id", "x".repeat(1025)]), refused("not-acceptable"));
  assert.throws(() => filterOf(["include-groupchat", "maybe"]), refused("not-acceptable"));
  assert.throws(
    () => filterOf(["{http://example.com/}mood", "x"]),
    refused("feature-not-implemented"),
  );
  assert.throws(() => filterOf(["toString", "x"]), refused("feature-not-implemented"));
  const other = form().replace("urn:xmpp:mam:2", "urn:xmpp:mam:1");
  assert.throws(() => archiveQuery.read(mam("query", "", other)), refused("bad-request"));
});

test("a query is read as it was written", () => {
  const text = fc.string({ minLength: 1 });
  const filter: fc.Arbitrary<ArchiveFilter> = fc.record(
    {
      with: fc.constantFrom(Jid.parse("juliet@capulet.lit"), Jid.parse("a@b.example/c")),
      start: fc.integer({ min: 0, max: 4e12 }),
      end: fc.integer({ min: 0, max: 4e12 }),
      beforeId: text,
      afterId: text,
      ids: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }),
      includeGroupchat: fc.boolean(),
      fulltext: text,
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(filter, fc.boolean(), (value, flipPage) => {
      const query = { queryId: "q", node: undefined, filter: value, page: undefined, flipPage };
      assert.deepEqual(archiveQuery.read(archiveQuery.write(query)), query);
    }),
  );
});

test("XEP-0313 §4.1.5: the form tells the fields there are, those one can do without only if so", () => {
  assert.deepEqual(archiveFormQuery.read(mam("query")), { node: undefined, form: undefined });
  const fields = archiveForm().fields;
  assert.deepEqual(
    fields.map(({ var: name, type }) => [name, type]),
    [
      ["FORM_TYPE", "hidden"],
      ["with", "jid-single"],
      ["start", "text-single"],
      ["end", "text-single"],
      ["before-id", "text-single"],
      ["after-id", "text-single"],
      ["ids", "list-multi"],
    ],
  );
  assert.deepEqual(fields.at(-1)?.validation?.method, { kind: "open" });
  assert.ok(fields.every(({ required }) => required === undefined));
  const whole = archiveForm({ groupchat: true, fulltext: true });
  assert.deepEqual(
    whole.fields.slice(7).map(({ var: name, type }) => [name, type]),
    [
      ["include-groupchat", "boolean"],
      ["{urn:xmpp:fulltext:0}fulltext", "text-single"],
    ],
  );
  const answer = { node: undefined, form: whole };
  const read = archiveFormQuery.read(archiveFormQuery.write(answer));
  assert.deepEqual(read.form && dataForm.write(read.form), dataForm.write(whole));
});

test("XEP-0313 §4.2: a result is a forwarded message with its id in the archive", () => {
  const inside = `<forwarded xmlns='urn:xmpp:forward:0'>
    <delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
    <message xmlns='jabber:client' from='witch@shakespeare.lit' to='macbeth@shakespeare.lit'>
      <body>Hail to thee</body>
    </message>
  </forwarded>`;
  const read = archiveResult.read(mam("result", "queryid='f27' id='28482-98726-73623'", inside));
  assert.equal(read.queryId, "f27");
  assert.equal(read.id, "28482-98726-73623");
  assert.equal(read.forwarded.delay?.stamp, Date.UTC(2010, 6, 10, 23, 8, 25));
  assert.equal(read.forwarded.stanza.attr("from"), "witch@shakespeare.lit");
  assert.deepEqual(archiveResult.read(archiveResult.write(read)), read);
  assert.throws(() => archiveResult.read(mam("result", "", inside)), refused("bad-request"));
  assert.throws(() => archiveResult.read(mam("result", "id='1'")), refused("bad-request"));
});

test("XEP-0313 §4.3: the end tells whether there is more, and whether it may change", () => {
  const read = archiveFin.read(
    mam(
      "fin",
      "complete='true'",
      `<set xmlns='http://jabber.org/protocol/rsm'>
        <first index='0'>23452-4534-1</first><last>390-2342-22</last><count>16</count></set>`,
    ),
  );
  assert.deepEqual(read, {
    complete: true,
    stable: true,
    page: { first: "23452-4534-1", last: "390-2342-22", index: 0, count: 16 },
  });
  assert.deepEqual(archiveFin.read(archiveFin.write(read)), read);
  const unstable = { complete: false, stable: false, page: undefined };
  assert.deepEqual(archiveFin.read(archiveFin.write(unstable)), unstable);
  assert.throws(() => archiveFin.read(mam("fin", "complete='yes'")), refused("bad-request"));
});

test("XEP-0313 §5: metadata tells the first and the last message, or that there is none", () => {
  assert.deepEqual(archiveMetadataRequest.read(mam("metadata")), {});
  assert.deepEqual(archiveMetadata.read(mam("metadata")), { range: undefined });
  const start = "<start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/>";
  const end = "<end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/>";
  const read = archiveMetadata.read(mam("metadata", "", start + end));
  assert.deepEqual(read.range?.start, {
    id: "YWxwaGEg",
    timestamp: Date.UTC(2008, 7, 22, 21, 9, 4),
  });
  assert.deepEqual(archiveMetadata.read(archiveMetadata.write(read)), read);
  assert.throws(() => archiveMetadata.read(mam("metadata", "", start)), refused("bad-request"));
  const timeless = "<start id='a'/><end id='b'/>";
  assert.throws(() => archiveMetadata.read(mam("metadata", "", timeless)), refused("bad-request"));
});

test("XEP-0441 §2: preferences have a default and two lists, which may be missing", () => {
  assert.deepEqual(archivePreferencesRequest.read(mam("prefs")), {});
  const read = archivePreferences.read(
    mam(
      "prefs",
      "default='roster'",
      `<always><jid> romeo@montague.lit </jid><jid>ROMEO@montague.lit</jid></always>
       <never><jid>montague@montague.lit/x</jid></never>`,
    ),
  );
  assert.deepEqual(read, {
    default: "roster",
    always: [Jid.parse("romeo@montague.lit")],
    never: [Jid.parse("montague@montague.lit/x")],
  });
  assert.deepEqual(archivePreferences.read(archivePreferences.write(read)), read);
  assert.deepEqual(archivePreferences.read(mam("prefs", "default='never'")), {
    default: "never",
    always: [],
    never: [],
  });
  assert.throws(() => archivePreferences.read(mam("prefs")), refused("bad-request"));
  const odd = mam("prefs", "default='sometimes'");
  assert.throws(() => archivePreferences.read(odd), refused("bad-request"));
  const nobody = mam("prefs", "default='never'", "<always><jid/></always>");
  assert.throws(() => archivePreferences.read(nobody), refused("jid-malformed"));
});
