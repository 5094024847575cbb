import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS_NS, command, dataForm, discoItems, Jid } from "@rookery/protocol";
import {
  befriend,
  conversation,
  PASSWORD,
  Person,
  TestServer,
  type TestServerOptions,
} from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { type Facts, type Log, silentLog } from "../../log.ts";

const ADMIN = "http://jabber.org/protocol/admin";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const cast = { bard: "bard@example.org/globe", juliet: "juliet@example.org/chamber" } as const;
const config = { admins: ["bard@example.org"] };

const COMMANDS = [
  "add-user",
  "delete-user",
  "disable-user",
  "reenable-user",
  "change-user-password",
  "end-user-session",
  "get-registered-users-num",
  "get-online-users-num",
  "get-online-users-list",
  "announce",
];

type Fields = { readonly [name: string]: readonly string[] };

function ask(attributes: string, payload = ""): string {
  return `<iq type='set' id='c' to='example.org'>
    <command xmlns='${COMMANDS_NS}' ${attributes}>${payload}</command></iq>`;
}

/** Begins a command. @returns the answer, with what continues it. */
async function begins(
  person: Person,
  name: string,
): Promise<{ answer: Element; submits: (fields: Fields) => Promise<Element> }> {
  const answer = await person.asks(ask(`node='${ADMIN}#${name}'`));
  const session = command.in(answer)?.sessionId;
  const submits = (fields: Fields): Promise<Element> => {
    const all = Object.entries({ FORM_TYPE: [ADMIN], ...fields }).map(
      ([name, values]) =>
        `<field var='${name}'>${values.map((v) => `<value>${v}</value>`).join("")}</field>`,
    );
    const form = `<x xmlns='jabber:x:data' type='submit'>${all.join("")}</x>`;
    return person.asks(ask(`node='${ADMIN}#${name}' sessionid='${session}'`, form));
  };
  return { answer, submits };
}

/** Executes a command that has a form. */
async function does(person: Person, name: string, fields: Fields): Promise<Element> {
  return (await begins(person, name)).submits(fields);
}

/** The notes of a command that has completed. */
function notes(answer: Element): readonly string[] {
  const done = command.in(answer);
  assert.equal(done?.status, "completed");
  return done.notes.map(({ type, text }) => `${type}: ${text}`);
}

/** The fields of a form, as "var type required" with their label, or with their values. */
function fieldsOf(answer: Element, type: "form" | "result"): readonly (readonly string[])[] {
  const form = dataForm.in({ children: command.in(answer)?.payload ?? [] });
  assert.equal(form?.type, type);
  return form.fields.map(({ var: name = "", type, required, values }) => [
    name,
    type ?? "",
    ...(required ? ["required"] : []),
    ...values,
  ]);
}

function refused(answer: Element, condition: string, specific?: string): string {
  const error = answer.child("jabber:client", "error");
  assert.ok(error?.child(STANZAS, condition), `not ${condition}`);
  if (specific !== undefined) assert.ok(error?.child(COMMANDS_NS, specific), `not ${specific}`);
  return error?.child(STANZAS, "text")?.text ?? "";
}

function play(
  scene: (people: { bard: Person; juliet: Person; stage: TestServer }) => Promise<void>,
  options: TestServerOptions = {},
): () => Promise<void> {
  return conversation(cast, scene, { ...options, config: { ...config, ...options.config } });
}

const FORM_TYPE = ["FORM_TYPE", "hidden", ADMIN];

async function listedFor(person: Person): Promise<readonly (string | undefined)[]> {
  const query = `<query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS_NS}'/>`;
  const answer = await person.asks(`<iq type='get' id='d' to='example.org'>${query}</iq>`);
  const nodes = discoItems.in(answer)?.items.map(({ node }) => node) ?? [];
  return nodes.filter((node) => node?.startsWith(ADMIN)); // other modules have commands as well
}

test(
  "XEP-0133 §3, §6: administrators alone see the commands and execute them",
  play(async ({ bard, juliet }) => {
    const nodes = COMMANDS.map((name) => `${ADMIN}#${name}`);
    assert.deepEqual(await listedFor(bard), nodes);
    assert.deepEqual(await listedFor(juliet), []);
    for (const name of COMMANDS) {
      refused((await begins(juliet, name)).answer, "forbidden");
    }
  }),
);

test(
  "XEP-0133 §3: without administrators nobody may",
  conversation(cast, async ({ bard }) => {
    assert.deepEqual(await listedFor(bard), []);
    refused((await begins(bard, "announce")).answer, "forbidden");
  }),
);

test(
  "XEP-0133 §4.1: an administrator adds a user, who can log in",
  play(async ({ bard, stage }) => {
    const { answer, submits } = await begins(bard, "add-user");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["accountjid", "jid-single", "required"],
      ["password", "text-private", "required"],
      ["password-verify", "text-private", "required"],
    ]);
    const done = await submits({
      accountjid: ["Nurse@example.org"],
      password: ["R0m30"],
      "password-verify": ["R0m30"],
      email: ["nurse@capulet.example"], // of the text's form; not asked for, and ignored
    });
    assert.deepEqual(notes(done), ["info: The account nurse@example.org was added."]);
    const nurse = stage.connect();
    await nurse.login(Jid.parse("nurse@example.org"), "R0m30");
  }),
);

test(
  "XEP-0133 §4.1, §5: a user that exists is a conflict, and other mistakes can be put right",
  play(async ({ bard, stage }) => {
    const { submits } = await begins(bard, "add-user");
    const submit = (jid: string, password: string, again = password): Promise<Element> =>
      submits({ accountjid: [jid], password: [password], "password-verify": [again] });
    const text = refused(await submit("juliet@example.org", "x"), "conflict");
    assert.equal(text, "the account juliet@example.org exists already");
    for (const [jid, password, again] of [
      ["nurse@example.org", "R0m30", "R0me0"],
      ["nurse@example.org", "\u200b", undefined],
      ["nurse@example.org", "", undefined],
      ["nurse@example.org", "x".repeat(1025), undefined],
      ["nurse@example.org/phone", "x", undefined],
      ["nurse@example.net", "x", undefined],
      ["example.org", "x", undefined],
    ] as const) {
      const told = refused(await submit(jid, password, again), "bad-request", "bad-payload");
      assert.notEqual(told, "");
      assert.doesNotMatch(told, /R0m30|R0me0/);
    }
    assert.equal((await submit("nurse@example.org", "x")).attr("type"), "result");
    const { accounts } = stage.server.host("example.org");
    assert.ok(await accounts.exists(Jid.parse("nurse@example.org")));
  }),
);

test(
  "XEP-0133 §4.2: a user is deleted, sessions end, and contacts are told (RFC 6121 §2.5.2)",
  play(async ({ bard, juliet, stage }) => {
    await stage.accounts("romeo@example.org");
    const romeo = await Person.enters(stage, "romeo@example.org/balcony");
    await juliet.asksForRoster();
    await juliet.comesOnline();
    await romeo.comesOnline();
    await befriend(romeo, juliet);
    const { answer, submits } = await begins(bard, "delete-user");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["accountjids", "jid-multi", "required"],
    ]);
    const done = await submits({ accountjids: ["romeo@example.org"] });
    assert.deepEqual(notes(done), ["info: The account romeo@example.org was deleted."]);
    await romeo.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>the account was removed</text></error>`);
    await stage.settled();
    const heard = juliet.client.queued.map((one) =>
      typeof one === "object" && "attrs" in one && !("event" in one) ? one.attr("type") : "",
    );
    assert.ok(heard.includes("unavailable"));
    assert.ok(heard.includes("unsubscribed"));
    const { accounts } = stage.server.host("example.org");
    assert.equal(await accounts.exists(Jid.parse("romeo@example.org")), false);
  }),
);

test(
  "XEP-0133 §4.2: where one of several cannot be deleted, nobody is",
  play(async ({ bard, juliet, stage }) => {
    const { submits } = await begins(bard, "delete-user");
    const missing = await submits({ accountjids: ["juliet@example.org", "nobody@example.org"] });
    assert.equal(refused(missing, "item-not-found"), "there is no account nobody@example.org");
    // else the next owner of the name would be an administrator
    const admin = await submits({ accountjids: ["juliet@example.org", "bard@example.org"] });
    assert.match(refused(admin, "not-allowed"), /bard@example.org administers the server/);
    for (const jid of ["romeo@example.net", "juliet@example.org/chamber", "example.org"]) {
      const wrong = await submits({ accountjids: ["juliet@example.org", jid] });
      refused(wrong, "bad-request", "bad-payload");
    }
    refused(await submits({ accountjids: [] }), "bad-request", "bad-payload");
    const { accounts } = stage.server.host("example.org");
    assert.ok(await accounts.exists(Jid.parse("juliet@example.org")));
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0050 §4.6, XEP-0133 §4.2: an account that fails to be deleted has a note of type error",
  play(async ({ bard, stage }) => {
    await stage.accounts("romeo@example.org");
    const host = stage.server.host("example.org");
    const remove = host.accounts.remove.bind(host.accounts);
    host.accounts.remove = async (account) => {
      if (account.local === "juliet") throw new Error("disk full at /var/lib");
      await remove(account);
    };
    const jids = ["juliet@example.org", "romeo@example.org"];
    assert.deepEqual(notes(await does(bard, "delete-user", { accountjids: jids })), [
      "error: The account juliet@example.org was not deleted: the log of the server tells why.",
      "info: The account romeo@example.org was deleted.",
    ]);
  }),
);

test(
  "XEP-0133 §4.5: all sessions of a user end, or one; the user may log in again",
  play(async ({ bard, juliet, stage }) => {
    const balcony = await Person.enters(stage, "juliet@example.org/balcony");
    const { answer, submits } = await begins(bard, "end-user-session");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["accountjids", "jid-multi", "required"],
    ]);
    const ended = `<error xmlns='http://etherx.jabber.org/streams'>
      <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>*</text></error>`;
    const one = await submits({ accountjids: ["juliet@example.org/balcony"] });
    assert.deepEqual(notes(one), ["info: juliet@example.org/balcony: 1 session ended."]);
    await balcony.receives(ended);
    await juliet.receivesNothing();

    await stage.login("juliet@example.org/garden");
    const jids = ["juliet@example.org", "nobody@example.org", "juliet@example.org/balcony"];
    assert.deepEqual(notes(await does(bard, "end-user-session", { accountjids: jids })), [
      "info: juliet@example.org: 2 sessions ended.",
      "warn: nobody@example.org is not connected.",
      "warn: juliet@example.org/balcony is not connected.",
    ]);
    await juliet.receives(ended);
    await stage.login("juliet@example.org/chamber");
    const other = await does(bard, "end-user-session", { accountjids: ["romeo@example.net"] });
    refused(other, "bad-request", "bad-payload");
  }),
);

test(
  "XEP-0133 §4.5: administrators may end their own session",
  play(async ({ bard, stage }) => {
    const { answer } = await begins(bard, "end-user-session");
    const session = command.in(answer)?.sessionId;
    const form = `<x xmlns='jabber:x:data' type='submit'>
      <field var='accountjids'><value>bard@example.org</value></field></x>`;
    bard.client.send(ask(`node='${ADMIN}#end-user-session' sessionid='${session}'`, form));
    await bard.receives("<error xmlns='http://etherx.jabber.org/streams'>*</error>");
    const again = await Person.enters(stage, "bard@example.org/globe");
    assert.deepEqual(notes((await begins(again, "get-online-users-num")).answer), []);
  }),
);

test(
  "XEP-0133 §4.7: a password is changed, and sessions that were opened by the old one end",
  play(async ({ bard, juliet, stage }) => {
    const { answer, submits } = await begins(bard, "change-user-password");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["accountjid", "jid-single", "required"],
      ["password", "text-private", "required"],
    ]);
    const nobody = await submits({ accountjid: ["nobody@example.org"], password: ["x"] });
    refused(nobody, "item-not-found");
    const abroad = await submits({ accountjid: ["juliet@example.net"], password: ["x"] });
    refused(abroad, "bad-request", "bad-payload");
    const done = await submits({ accountjid: ["juliet@example.org"], password: ["V3r0n4"] });
    assert.equal(notes(done).length, 1);
    await juliet.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>*</text></error>`);
    const account = Jid.parse("juliet@example.org");
    await assert.rejects(stage.connect().login(account, PASSWORD), /login failed/);
    await stage.connect().login(account, "V3r0n4");
  }),
);

test(
  "XEP-0133 §4.7: administrators who change their own password go on",
  play(async ({ bard, stage }) => {
    const other = await Person.enters(stage, "bard@example.org/study");
    const fields = { accountjid: ["bard@example.org"], password: ["V3r0n4"] };
    assert.equal(notes(await does(bard, "change-user-password", fields)).length, 1);
    await other.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>*</text></error>`);
    await bard.receivesNothing();
  }),
);

test(
  "XEP-0133 §4.3, §4.4: a user is disabled, whose sessions end and whose messages are kept, and enabled",
  play(async ({ bard, juliet, stage }) => {
    const { answer, submits } = await begins(bard, "disable-user");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["accountjids", "jid-multi", "required"],
    ]);
    const missing = await submits({ accountjids: ["juliet@example.org", "nobody@example.org"] });
    assert.equal(refused(missing, "item-not-found"), "there is no account nobody@example.org");
    const admin = await submits({ accountjids: ["juliet@example.org", "bard@example.org"] });
    assert.match(refused(admin, "not-allowed"), /bard@example.org administers the server/);
    await juliet.receivesNothing();
    const done = await submits({ accountjids: ["juliet@example.org"] });
    assert.deepEqual(notes(done), ["info: The account juliet@example.org is disabled."]);
    await juliet.receives(`<error xmlns='http://etherx.jabber.org/streams'>
      <not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
      <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>an administrator has disabled the account</text></error>`);
    const account = Jid.parse("juliet@example.org");
    const { accounts } = stage.server.host("example.org");
    await assert.rejects(accounts.admit("juliet"), { condition: "account-disabled" });
    assert.ok(await accounts.exists(account));
    const again = await does(bard, "reenable-user", { accountjids: ["juliet@example.org"] });
    assert.deepEqual(notes(again), ["info: The account juliet@example.org is enabled."]);
    await stage.connect().login(account, PASSWORD);
  }),
);

test(
  "XEP-0133 §4.13: the number of registered users of the domain",
  play(
    async ({ bard, stage }) => {
      await stage.accounts("romeo@example.org", "romeo@example.net");
      const { answer } = await begins(bard, "get-registered-users-num");
      assert.equal(command.in(answer)?.status, "completed");
      assert.deepEqual(fieldsOf(answer, "result"), [
        FORM_TYPE,
        ["registeredusersnum", "text-single", "3"],
      ]);
    },
    { config: { domains: [{ name: "example.org" }, { name: "example.net" }] } },
  ),
);

test(
  "XEP-0133 §4.15: the number of online users of the domain, not of their resources",
  play(
    async ({ bard, stage }) => {
      await stage.accounts("romeo@example.org");
      await stage.login("juliet@example.org/balcony");
      await stage.login("romeo@example.net/orchard");
      const { answer } = await begins(bard, "get-online-users-num");
      assert.deepEqual(fieldsOf(answer, "result"), [
        FORM_TYPE,
        ["onlineusersnum", "text-single", "2"],
      ]);
    },
    { config: { domains: [{ name: "example.org" }, { name: "example.net" }] } },
  ),
);

test(
  "XEP-0133 §4.20: the list of online users, as many as asked for",
  play(async ({ bard, stage }) => {
    const { answer } = await begins(bard, "get-online-users-list");
    const [, field] = dataForm.in({ children: command.in(answer)?.payload ?? [] })?.fields ?? [];
    assert.equal(field?.var, "max_items");
    assert.equal(field.type, "list-single");
    const choices = field.options?.map(({ value }) => value);
    assert.deepEqual(choices, ["25", "50", "75", "100", "150", "200", "none"]);

    const few = await does(bard, "get-online-users-list", { max_items: ["none"] });
    assert.deepEqual(notes(few), []);
    assert.deepEqual(fieldsOf(few, "result"), [
      FORM_TYPE,
      ["onlineuserjids", "jid-multi", "bard@example.org", "juliet@example.org"],
    ]);
    for (let i = 0; i < 24; i++) await stage.login(`user${i}@example.org/r`);
    const many = await does(bard, "get-online-users-list", { max_items: ["25"] });
    assert.deepEqual(notes(many), ["warn: 25 of 26 online users are shown."]);
    assert.equal(fieldsOf(many, "result")[1]?.length, 2 + 25);
    const all = await does(bard, "get-online-users-list", {});
    assert.equal(fieldsOf(all, "result")[1]?.length, 2 + 26);
    const wrong = await does(bard, "get-online-users-list", { max_items: ["1000000"] });
    refused(wrong, "bad-request", "bad-payload");
  }),
);

test(
  "XEP-0133 §4.20: a list of all that does not fit into an answer is refused",
  play(async ({ bard, stage }) => {
    const host = stage.server.host("example.org");
    const online = Array.from({ length: 1001 }, (_, i) => Jid.of(`user${i}`, "example.org"));
    host.administration.online = () => online;
    const { submits } = await begins(bard, "get-online-users-list");
    const told = refused(await submits({ max_items: ["none"] }), "not-acceptable");
    assert.match(told, /1001 users are online/);
    assert.equal(fieldsOf(await submits({ max_items: ["200"] }), "result")[1]?.length, 2 + 200);
  }),
);

test(
  "XEP-0133 §4.23: an announcement reaches those who are online, and is not kept for others",
  play(async ({ bard, juliet, stage }) => {
    await stage.accounts("romeo@example.org");
    const balcony = await Person.enters(stage, "juliet@example.org/balcony");
    await juliet.comesOnline();
    await balcony.comesOnline();
    await juliet.ignoresAll();
    const { answer, submits } = await begins(bard, "announce");
    assert.deepEqual(fieldsOf(answer, "form"), [
      FORM_TYPE,
      ["announcement", "text-multi", "required"],
    ]);
    const lines = ["Attention! &lt;b&gt;", "Please log off now!"];
    const done = await submits({ announcement: lines });
    assert.deepEqual(notes(done), ["info: The announcement was sent to 2 online users."]);
    for (const person of [juliet, balcony]) {
      await person.receives(`<message type='headline' from='example.org' to='juliet@example.org'>
        <subject>Announcement</subject><body>${lines.join("\n")}</body></message>`);
      await person.receivesNothing();
    }
    const romeo = await Person.enters(stage, "romeo@example.org/late");
    await romeo.sends("<presence/>");
    await romeo.receives("<presence from='romeo@example.org/late'/>");
    await romeo.receivesNothing();
    refused(await does(bard, "announce", { announcement: [] }), "bad-request", "bad-payload");
  }),
);

test("XEP-0133: what administrators do is logged, with who and to whom, and no secret", async () => {
  const { log, lines } = recorded();
  await play(
    async ({ bard }) => {
      const password = "S3cret-w0rd";
      const again = { password: [password], "password-verify": [password] };
      await does(bard, "add-user", { accountjid: ["nurse@example.org"], ...again });
      await does(bard, "add-user", { accountjid: ["nurse@example.org"], ...again });
      await does(bard, "change-user-password", {
        accountjid: ["nurse@example.org"],
        password: [password],
      });
      await does(bard, "announce", { announcement: [password] });
      await does(bard, "end-user-session", { accountjids: ["juliet@example.org"] });
      await does(bard, "delete-user", { accountjids: ["nurse@example.org"] });
      await begins(bard, "get-online-users-num");
      const told = lines.filter(({ part }) => part === "administration");
      const done = "done for an administrator";
      for (const { facts } of told) {
        assert.equal(facts["admin"], "bard@example.org/globe");
        assert.equal(facts["domain"], "example.org");
      }
      assert.deepEqual(
        told.map(({ level, text, facts }) => [level, text, facts["command"], facts["account"]]),
        [
          ["info", done, "add-user", "nurse@example.org"],
          ["warn", `not ${done}`, "add-user", "nurse@example.org"],
          ["info", done, "change-user-password", "nurse@example.org"],
          ["info", done, "announce", undefined],
          ["info", done, "end-user-session", undefined],
          ["info", done, "delete-user", "nurse@example.org"],
          ["info", done, "get-online-users-num", undefined],
        ],
      );
      const everything = JSON.stringify(lines, (_, value: unknown) =>
        value instanceof Error ? value.message : value,
      );
      assert.ok(!everything.includes(password));
    },
    { log },
  )();
});

interface Line {
  readonly part: string;
  readonly level: string;
  readonly text: string;
  readonly facts: Facts;
}

/** A log that remembers. */
function recorded(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = [];
  const named = (part: string): Log => ({
    ...silentLog,
    info: (text, facts = {}) => lines.push({ part, level: "info", text, facts }),
    warn: (text, facts = {}) => lines.push({ part, level: "warn", text, facts }),
    error: (text, facts = {}) => lines.push({ part, level: "error", text, facts }),
    part: (name) => named(name),
  });
  return { log: named(""), lines };
}
