import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StanzaError } from "../errors.ts";
import { defineForm } from "../form-definition.ts";
import { dataForm } from "../forms.ts";
import { Jid } from "../jid.ts";
import {
  COMMANDS_NS,
  type Command,
  type CommandAction,
  command as commandCodec,
} from "../payloads/command.ts";
import { AdHocCommands } from "./commands.ts";
import { type AdHocCommand, defineCommand } from "./define-command.ts";
import type { CommandSessionLimits } from "./sessions.ts";

const romeo = Jid.parse("romeo@example.org/balcony");
const juliet = Jid.parse("juliet@example.org/chamber");
const service = Jid.parse("service.example.org");

const whichForm = defineForm({
  formType: "urn:example:which",
  fields: {
    service: {
      type: "list-single",
      options: [{ value: "httpd" }, { value: "jabberd" }],
      required: true,
    },
  },
});
const stateForm = defineForm({
  formType: "urn:example:state",
  fields: { state: { type: "boolean" }, note: { type: "text-single" } },
});

/** The command of the examples of XEP-0050 §2.4.2. */
const config: AdHocCommand = defineCommand({ node: "config", name: "Configure Service" })
  .stage("which", whichForm, { instructions: ["Please select the service to configure."] })
  .stage(
    "state",
    ({ values }) => {
      assert.ok(values.which.service);
      return stateForm;
    },
    { title: "State", values: ({ values }) => ({ note: `of ${values.which.service}` }) },
  )
  .run(({ values }) => {
    const on: boolean = values.state.state ?? false;
    return { note: `Service '${values.which.service}' is ${on ? "on" : "off"}.` };
  });

const list: AdHocCommand = defineCommand({ node: "list", name: "List" }).run(() => ({
  form: { type: "result", fields: [{ var: "service", values: ["httpd"] }] },
}));

const secret: AdHocCommand = defineCommand({
  node: "secret",
  name: "Secret",
  allowed: ({ requester }) => requester.equals(juliet),
}).run(() => {});

class Stage {
  now = 0;
  ids = 0;
  readonly commands: AdHocCommands;

  constructor(limits: Partial<CommandSessionLimits> = {}) {
    this.commands = new AdHocCommands({
      limits: { sessions: 10, sessionsPerRequester: 3, idleMs: 1000, ...limits },
      now: () => this.now,
      newId: () => `session-${++this.ids}`,
    });
    for (const command of [config, list, secret]) this.commands.add(command);
  }

  /** What goes over the wire, there and back. */
  async says(request: Partial<Command> & { node: string }, requester = romeo): Promise<Command> {
    const sent = commandCodec.read(commandCodec.write({ notes: [], payload: [], ...request }));
    const answer = await this.commands.execute(sent, {
      requester,
      context: undefined,
      lang: undefined,
    });
    return commandCodec.read(commandCodec.write(answer));
  }

  async begins(requester = romeo): Promise<string> {
    const { sessionId } = await this.says({ node: "config" }, requester);
    assert.ok(sessionId);
    return sessionId;
  }
}

const which = (value: string): Command["payload"] => [
  dataForm.write(whichForm.submit({ service: value })),
];
const state = (on: boolean): Command["payload"] => [
  dataForm.write(stateForm.submit({ state: on })),
];

const refusedWith =
  (condition: string, specific?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StanzaError, String(error));
    assert.equal(error.condition, condition);
    assert.equal(error.specific?.name, specific);
    if (specific) assert.equal(error.specific?.ns, COMMANDS_NS);
    return true;
  };

test("XEP-0050 §2.4.1: a command without a form completes at once", async () => {
  const stage = new Stage();
  const answer = await stage.says({ node: "list" });
  assert.equal(answer.status, "completed");
  assert.ok(answer.sessionId);
  assert.equal(answer.actions, undefined);
  assert.equal(dataForm.in({ children: answer.payload })?.fields[0]?.values[0], "httpd");
  assert.equal(stage.commands.sessions, 0);
});

test("XEP-0050 §2.4.2: stages are filled in one after the other, and there is a way back", async () => {
  const stage = new Stage();
  const first = await stage.says({ node: "config" });
  assert.equal(first.status, "executing");
  assert.deepEqual(first.actions, { execute: "next", allowed: ["next"] });
  const form = dataForm.in({ children: first.payload });
  assert.equal(form?.type, "form");
  assert.equal(form.title, "Configure Service");
  assert.deepEqual(form.instructions, ["Please select the service to configure."]);

  const session = { node: "config", sessionId: first.sessionId };
  const second = await stage.says({ ...session, payload: which("httpd") });
  assert.equal(second.sessionId, first.sessionId);
  assert.deepEqual(second.actions, { execute: "complete", allowed: ["prev", "complete"] });
  const shown = dataForm.in({ children: second.payload });
  assert.equal(shown?.title, "State");
  assert.deepEqual(shown.fields.find((field) => field.var === "note")?.values, ["of httpd"]);

  const back = await stage.says({ ...session, action: "prev" });
  assert.deepEqual(back.actions, { execute: "next", allowed: ["next"] });
  const remembered = dataForm.in({ children: back.payload });
  assert.deepEqual(remembered?.fields.find((f) => f.var === "service")?.values, ["httpd"]);

  await stage.says({ ...session, action: "next", payload: which("jabberd") });
  const last = await stage.says({ ...session, action: "complete", payload: state(true) });
  assert.equal(last.status, "completed");
  assert.deepEqual(last.notes, [{ type: "info", text: "Service 'jabberd' is on." }]);
  await assert.rejects(stage.says(session), refusedWith("not-allowed", "session-expired"));
});

test("XEP-0050 §2.4.3: cancelling ends the session", async () => {
  const stage = new Stage();
  const sessionId = await stage.begins();
  const answer = await stage.says({ node: "config", sessionId, action: "cancel" });
  assert.deepEqual(answer, { ...answer, status: "canceled", sessionId, notes: [], payload: [] });
  assert.equal(stage.commands.sessions, 0);
  await assert.rejects(
    stage.says({ node: "config", sessionId, action: "cancel" }),
    refusedWith("not-allowed", "session-expired"),
  );
});

test("XEP-0050 §5.4: each error has its conditions", async () => {
  const stage = new Stage();
  const sessionId = await stage.begins();
  const session = { node: "config", sessionId };
  const refusals: readonly [Partial<Command> & { node: string }, string, string?][] = [
    [{ node: "nothing" }, "item-not-found"],
    [{ node: "secret" }, "forbidden"],
    [{ node: "config", action: "next" }, "bad-request", "bad-action"],
    [{ ...session, action: "prev" }, "bad-request", "bad-action"],
    [{ ...session, action: "complete", payload: which("httpd") }, "bad-request", "bad-action"],
    [{ ...session, action: "next" }, "bad-request", "bad-payload"],
    [{ ...session, payload: which("sendmail") }, "bad-request", "bad-payload"],
    [{ ...session, payload: which("") }, "bad-request", "bad-payload"],
    [{ node: "config", sessionId: "made-up" }, "bad-request", "bad-sessionid"],
    [{ node: "list", sessionId }, "bad-request", "bad-sessionid"],
  ];
  for (const [request, condition, specific] of refusals) {
    await assert.rejects(stage.says(request), refusedWith(condition, specific));
  }
  // none of that ended the session
  assert.equal((await stage.says({ ...session, payload: which("httpd") })).status, "executing");
  assert.throws(
    () =>
      commandCodec.read(
        commandCodec.write({ node: "x", action: "fly" as CommandAction, notes: [], payload: [] }),
      ),
    refusedWith("bad-request", "malformed-action"),
  );
});

test("XEP-0050 §4.3: a session belongs to one requester", async () => {
  const stage = new Stage();
  const sessionId = await stage.begins();
  for (const other of [juliet, romeo.withResource("orchard"), romeo.bare]) {
    await assert.rejects(
      stage.says({ node: "config", sessionId, action: "cancel" }, other),
      refusedWith("bad-request", "bad-sessionid"),
    );
  }
  assert.equal(stage.commands.sessions, 1);
});

test("XEP-0050 §4.5.1: a form of type cancel counts as submitted", async () => {
  const stage = new Stage();
  const sessionId = await stage.begins();
  const form = dataForm.write({ ...whichForm.submit({ service: "httpd" }), type: "cancel" });
  const answer = await stage.says({ node: "config", sessionId, payload: [form] });
  assert.deepEqual(answer.actions?.allowed, ["prev", "complete"]);
});

test("sessions end when nothing is done in them", async () => {
  const stage = new Stage();
  const sessionId = await stage.begins();
  stage.now = 900;
  await stage.says({ node: "config", sessionId, payload: which("httpd") });
  stage.now = 1899;
  assert.equal(stage.commands.sessions, 1);
  stage.now = 1900;
  assert.equal(stage.commands.sessions, 0);
  await assert.rejects(
    stage.says({ node: "config", sessionId }),
    refusedWith("not-allowed", "session-expired"),
  );
});

test("an account has few sessions: the oldest ends for a further one, others' stay", async () => {
  const stage = new Stage({ sessionsPerRequester: 2 });
  const others = await stage.begins(juliet);
  const first = await stage.begins();
  const second = await stage.begins(romeo.withResource("orchard"));
  await stage.begins();
  await assert.rejects(
    stage.says({ node: "config", sessionId: first }),
    refusedWith("not-allowed", "session-expired"),
  );
  await stage.says(
    { node: "config", sessionId: second, payload: which("httpd") },
    romeo.withResource("orchard"),
  );
  await stage.says({ node: "config", sessionId: others, payload: which("httpd") }, juliet);
});

test("all together have a bounded number of sessions", async () => {
  const stage = new Stage({ sessions: 3 });
  for (let n = 0; n < 3; n++) await stage.begins(Jid.parse(`user${n}@example.org/x`));
  await assert.rejects(stage.begins(romeo), refusedWith("resource-constraint"));
  stage.now = 1000;
  await stage.begins(romeo);
});

test("what a handler throws answers, and the requester may try again unless it was no StanzaError", async () => {
  const stage = new Stage();
  let failure: Error | undefined = new StanzaError("conflict", "taken");
  stage.commands.add(
    defineCommand({ node: "fails", name: "Fails" })
      .stage("state", stateForm)
      .run(() => {
        if (failure) throw failure;
      }),
  );
  const { sessionId } = await stage.says({ node: "fails" });
  const request = { node: "fails", sessionId, payload: state(true) };
  await assert.rejects(stage.says(request), refusedWith("conflict"));
  failure = new Error("broken");
  await assert.rejects(stage.says(request), /broken/);
  await assert.rejects(stage.says(request), refusedWith("not-allowed", "session-expired"));
});

test("a session does one thing at a time", async () => {
  const stage = new Stage();
  const { promise, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  stage.commands.add(
    defineCommand({ node: "slow", name: "Slow" })
      .stage("state", stateForm)
      .run(async () => {
        runs += 1;
        await promise;
      }),
  );
  const { sessionId } = await stage.says({ node: "slow" });
  const request = { node: "slow", sessionId, payload: state(true) };
  const running = stage.says(request);
  await assert.rejects(stage.says(request), refusedWith("unexpected-request"));
  await assert.rejects(
    stage.says({ ...request, action: "cancel" }),
    refusedWith("unexpected-request"),
  );
  resolve();
  assert.equal((await running).status, "completed");
  assert.equal(runs, 1);
});

test("a command that is removed is gone with its sessions", async () => {
  const stage = new Stage();
  const remove = stage.commands.add(
    defineCommand({ node: "gone", name: "Gone" })
      .stage("state", stateForm)
      .run(() => {}),
  );
  await stage.says({ node: "gone" });
  remove();
  assert.equal(stage.commands.sessions, 0);
  await assert.rejects(stage.says({ node: "gone" }), refusedWith("item-not-found"));
  assert.throws(() => stage.commands.add(config), /"config" already/);
});

test("XEP-0050 §2.2: discovery lists what the requester may execute", async () => {
  const { commands } = new Stage();
  const asks = (requester: Jid) => ({ requester, context: undefined, lang: undefined });
  const items = await commands.list(service, asks(romeo));
  assert.equal(items.node, COMMANDS_NS);
  assert.deepEqual(
    items.items.map(({ jid, node, name }) => [jid.toString(), node, name]),
    [
      ["service.example.org", "config", "Configure Service"],
      ["service.example.org", "list", "List"],
    ],
  );
  assert.equal((await commands.list(service, asks(juliet))).items.length, 3);
  assert.deepEqual(await commands.info("config", asks(romeo)), {
    node: "config",
    identities: [{ category: "automation", type: "command-node", name: "Configure Service" }],
    features: [COMMANDS_NS, "jabber:x:data"],
    forms: [],
  });
  const all = await commands.info(COMMANDS_NS, asks(romeo));
  assert.deepEqual(all?.identities, [{ category: "automation", type: "command-list" }]);
  assert.equal(await commands.info("nothing", asks(romeo)), undefined);
  await assert.rejects(commands.info("secret", asks(romeo)), refusedWith("forbidden"));
});

test("two stages of a command have two names", () => {
  assert.throws(
    () => defineCommand({ node: "n", name: "N" }).stage("a", stateForm).stage("a", stateForm),
    TypeError,
  );
});

test("whatever is asked, a session is where its answers say, and its number is bounded", async () => {
  const actions = [undefined, "execute", "cancel", "prev", "next", "complete"] as const;
  const payloads = [[], which("httpd"), which("?"), state(true)];
  const step = fc.record({
    action: fc.constantFrom(...actions),
    payload: fc.constantFrom(...payloads),
    fresh: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const stage = new Stage();
      let last = await stage.says({ node: "config" });
      for (const { action, payload, fresh } of steps) {
        const sessionId = fresh ? undefined : last.sessionId;
        const before = last;
        try {
          last = await stage.says({ node: "config", sessionId, action, payload });
        } catch (error) {
          assert.ok(error instanceof StanzaError);
          continue;
        }
        if (sessionId === undefined) continue;
        assert.equal(before.status, "executing");
        if (action === "cancel") assert.equal(last.status, "canceled");
        else if (action !== undefined && action !== "execute") {
          assert.ok(before.actions?.allowed.includes(action));
        }
        assert.ok(stage.commands.sessions <= 3);
      }
    }),
    { numRuns: 60 },
  );
});
