import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COMMANDS_NS,
  command,
  dataForm,
  defineCommand,
  defineForm,
  discoInfo,
} from "@rookery/protocol";
import { befriend, conversation, type Person, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { builtInModules } from "../index.ts";
import {
  addCommand,
  admins,
  type CommandContext,
  commands,
  everyone,
  type Requester,
  users,
} from "./contract.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const NS = `xmlns='${COMMANDS_NS}'`;

const which = defineForm({
  formType: "urn:example:which",
  fields: { service: { type: "list-single", required: true, options: [{ value: "httpd" }] } },
});
const state = defineForm({
  formType: "urn:example:state",
  fields: { on: { type: "boolean" } },
});

/** The commands of the examples of XEP-0050 §2. */
const services: Module<NoOptions, void> = defineModule({
  name: "services",
  implements: [],
  requires: [commands],
  setup(host) {
    const config = defineCommand<CommandContext>({
      node: "config",
      name: "Configure Service",
      allowed: users,
    })
      .stage("which", which)
      .stage("state", state)
      .run(({ values }) => ({ note: `${values.which.service} is on: ${values.state.on}` }));
    const reset = defineCommand<CommandContext>({
      node: "reset",
      name: "Reset",
      allowed: admins,
    }).run(() => ({ notes: [{ type: "error", text: "it cannot be reset now" }] }));
    const list = defineCommand<CommandContext>({ node: "list", name: "List", allowed: everyone });
    addCommand(
      host,
      "host",
      list.run(({ context }) => ({ note: `at ${context.account}` })),
    );
    addCommand(host, "host", config);
    addCommand(host, "host", reset);
    const own = defineCommand<CommandContext>({ node: "own", name: "Of an account" });
    addCommand(host, "account", own.run(seen));
  },
});

/** What a command of an account knows of who executes it. */
function seen({ requester, context: { session, account, isAdmin } }: Requester): { note: string } {
  return { note: `${requester} at ${account}, ${session?.jid}, admin: ${isAdmin}` };
}

/** One command, that most may not execute. */
const reserved: Module<NoOptions, void> = defineModule({
  name: "reserved",
  implements: [],
  requires: [commands],
  setup(host) {
    const stop = defineCommand<CommandContext>({ node: "stop", name: "Stop", allowed: admins });
    addCommand(
      host,
      "host",
      stop.run(() => ({ note: "stopped" })),
    );
  },
});

/** Leaves out what brings commands of its own. */
const NO_OTHERS = Object.fromEntries(
  builtInModules
    .filter(({ requires }) => requires.some(({ name }) => name === commands.name))
    .map(({ name }) => [name, false]),
);

const modulesOf = (stage: TestServer) => stage.server.host("example.org").modules;

function play(
  scene: (people: { romeo: Person; juliet: Person; stage: TestServer }) => Promise<void>,
  limits: { [limit: string]: number } = {},
): () => Promise<void> {
  return conversation(
    cast,
    async (people) => {
      await modulesOf(people.stage).load(services, {});
      await scene(people);
    },
    { config: { admins: ["juliet@example.org"], limits, modules: NO_OTHERS } },
  );
}

function ask(attributes: string, payload = "", to = "example.org"): string {
  return `<iq type='set' id='c' to='${to}'><command ${NS} ${attributes}>${payload}</command></iq>`;
}

function disco(what: "info" | "items", node: string, to = "example.org"): string {
  return `<iq type='get' id='d' to='${to}'>
    <query xmlns='http://jabber.org/protocol/disco#${what}' node='${node}'/></iq>`;
}

const submit = (name: string, value: string): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='${name}'><value>${value}</value></field></x>`;

/** Executes "config" up to its first form. @returns the session id. */
async function begins(person: Person): Promise<string> {
  const answer = command.in(await person.asks(ask("node='config'")));
  assert.equal(answer?.status, "executing");
  return answer.sessionId ?? assert.fail("no session id");
}

function refused(answer: Element, type: string, condition: string, specific?: string): void {
  const error = answer.child("jabber:client", "error");
  assert.equal(answer.attr("type"), "error");
  assert.equal(error?.attr("type"), type);
  assert.ok(error?.child(STANZAS, condition), `not ${condition}`);
  if (specific !== undefined) assert.ok(error?.child(COMMANDS_NS, specific), `not ${specific}`);
}

test(
  "XEP-0050 §2.1: a domain and its accounts announce commands as long as they have some",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const announced = async (to: string): Promise<boolean | undefined> => {
        const query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        const answer = await romeo.asks(`<iq type='get' id='d' to='${to}'>${query}</iq>`);
        return discoInfo.in(answer)?.features.includes(COMMANDS_NS);
      };
      assert.equal(await announced("romeo@example.org"), false);
      await modulesOf(stage).load(services, {});
      assert.equal(await announced("romeo@example.org"), true);
      assert.equal(await announced("example.org"), true);
      modulesOf(stage).unload("services");
      assert.equal(await announced("romeo@example.org"), false);
      await romeo.asks(disco("items", COMMANDS_NS, "romeo@example.org"), "<iq type='error'>*</iq>");
    },
    { config: { modules: NO_OTHERS } },
  ),
);

test(
  "XEP-0050 §2.2: everybody gets the list of those commands that are for them",
  play(async ({ romeo, juliet }) => {
    const item = (node: string, name: string): string =>
      `<item jid='example.org' node='${node}' name='${name}'/>`;
    const list = (...items: string[]): string =>
      `<iq type='result' from='example.org'><query node='${COMMANDS_NS}'
        xmlns='http://jabber.org/protocol/disco#items'>${items.join("")}</query></iq>`;
    const both = [item("list", "List"), item("config", "Configure Service")];
    await romeo.asks(disco("items", COMMANDS_NS), list(...both));
    await juliet.asks(disco("items", COMMANDS_NS), list(...both, item("reset", "Reset")));
  }),
);

test(
  "XEP-0050 §2.2: who may execute nothing gets an empty list, and a command has no items",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      const empty = (node: string): string => `<iq type='result'><query node='${node}'
        xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
      await modulesOf(stage).load(reserved, {});
      await romeo.asks(disco("items", COMMANDS_NS), empty(COMMANDS_NS));
      await modulesOf(stage).load(services, {});
      await romeo.asks(disco("items", "config"), empty("config"));
      await romeo.asks(disco("items", "nothing"), "<iq type='error'>*</iq>");
    },
    { config: { modules: NO_OTHERS } },
  ),
);

test(
  "XEP-0050 §2.2: what the list is, and what a command is to those who may execute it",
  play(async ({ romeo, juliet }) => {
    await romeo.asks(
      disco("info", COMMANDS_NS),
      `<iq type='result'><query node='${COMMANDS_NS}'
        xmlns='http://jabber.org/protocol/disco#info'>
        <identity category='automation' type='command-list'/></query></iq>`,
    );
    const info = (node: string, name: string): string =>
      `<iq type='result'><query node='${node}' xmlns='http://jabber.org/protocol/disco#info'>
        <identity category='automation' type='command-node' name='${name}'/>
        <feature var='${COMMANDS_NS}'/><feature var='jabber:x:data'/></query></iq>`;
    await romeo.asks(disco("info", "config"), info("config", "Configure Service"));
    await juliet.asks(disco("info", "reset"), info("reset", "Reset"));
    for (const what of ["info", "items"] as const) {
      refused(await romeo.asks(disco(what, "reset")), "cancel", "forbidden");
      refused(await romeo.asks(disco(what, "nothing")), "cancel", "item-not-found");
    }
  }),
);

test(
  "XEP-0050 §2.4.1: a command without forms completes at once",
  play(async ({ romeo }) => {
    for (const action of ["", "action='execute'"]) {
      await romeo.asks(
        ask(`node='list' ${action}`),
        `<iq type='result' from='example.org'>
          <command ${NS} node='list' sessionid='*' status='completed'>
          <note type='info'>at example.org</note></command></iq>`,
      );
    }
  }),
);

test(
  "XEP-0050 §2.4.2: a command goes through its forms, forth and back and to its end",
  play(async ({ romeo }) => {
    const id = await begins(romeo);
    const session = `node='config' sessionid='${id}'`;
    const second = `<iq type='result'><command ${NS} ${session} status='executing'>
      <actions execute='complete'><prev/><complete/></actions>
      <x xmlns='jabber:x:data' type='form'>*</x></command></iq>`;
    await romeo.asks(ask(session, submit("service", "httpd")), second);
    const first = await romeo.asks(
      ask(`${session} action='prev'`),
      `<iq type='result'><command ${NS} ${session} status='executing'>
        <actions execute='next'><next/></actions>
        <x xmlns='jabber:x:data' type='form'>*</x></command></iq>`,
    );
    const shown = dataForm.in({ children: command.in(first)?.payload ?? [] });
    assert.deepEqual(shown?.fields.find((field) => field.var === "service")?.values, ["httpd"]);
    await romeo.asks(ask(`${session} action='next'`, submit("service", "httpd")), second);
    await romeo.asks(
      ask(`${session} action='complete'`, submit("on", "1")),
      `<iq type='result'><command ${NS} ${session} status='completed'>
        <note type='info'>httpd is on: true</note></command></iq>`,
    );
    const again = await romeo.asks(ask(session, submit("on", "0")));
    refused(again, "cancel", "not-allowed", "session-expired");
  }),
);

test(
  "XEP-0050 §2.4.3: a command is canceled",
  play(async ({ romeo }) => {
    const session = `node='config' sessionid='${await begins(romeo)}'`;
    await romeo.asks(
      ask(`${session} action='cancel'`),
      `<iq type='result'><command ${NS} ${session} status='canceled'/></iq>`,
    );
    const late = await romeo.asks(ask(session));
    refused(late, "cancel", "not-allowed", "session-expired");
  }),
);

test(
  "XEP-0050 §4.3: a session is of one requester, and of one command",
  play(async ({ romeo, juliet, stage }) => {
    const session = `node='config' sessionid='${await begins(romeo)}'`;
    const orchard = await stage.login("romeo@example.org/orchard");
    orchard.send(ask(session));
    refused(await orchard.answer("c"), "modify", "bad-request", "bad-sessionid");
    refused(await juliet.asks(ask(session)), "modify", "bad-request", "bad-sessionid");
    const other = session.replace("config", "list");
    refused(await romeo.asks(ask(other)), "modify", "bad-request", "bad-sessionid");
    await romeo.asks(ask(`${session} action='cancel'`), "<iq type='result'>*</iq>");
  }),
);

test(
  "XEP-0050 §4.3: a session ends in which nothing is done (commandIdleSeconds)",
  play(
    async ({ romeo, stage }) => {
      const session = `node='config' sessionid='${await begins(romeo)}'`;
      stage.clock.advance(29_000);
      await romeo.asks(ask(session, submit("service", "httpd")), "<iq type='result'>*</iq>");
      stage.clock.advance(29_000);
      await romeo.asks(ask(`${session} action='prev'`), "<iq type='result'>*</iq>");
      stage.clock.advance(30_000);
      refused(await romeo.asks(ask(session)), "cancel", "not-allowed", "session-expired");
    },
    { commandIdleSeconds: 30 },
  ),
);

test(
  "XEP-0050 §4.3: of the sessions of one user the oldest ends for a further one (commandSessionsPerUser)",
  play(
    async ({ romeo, juliet }) => {
      const ids = [await begins(romeo), await begins(romeo)];
      const hers = await begins(juliet);
      ids.push(await begins(romeo));
      const answers = [];
      for (const id of ids) {
        answers.push(await romeo.asks(ask(`node='config' sessionid='${id}' action='cancel'`)));
      }
      refused(answers[0]!, "cancel", "not-allowed", "session-expired");
      assert.deepEqual(
        answers.map((answer) => answer.attr("type")),
        ["error", "result", "result"],
      );
      await juliet.asks(ask(`node='config' sessionid='${hers}'`, submit("service", "httpd")));
    },
    { commandSessionsPerUser: 2 },
  ),
);

test(
  "XEP-0050 §4.3: there are no more sessions than commandSessions, until one ends",
  play(
    async ({ romeo, juliet }) => {
      const ids = [await begins(romeo), await begins(romeo)];
      refused(await juliet.asks(ask("node='config'")), "wait", "resource-constraint");
      await romeo.asks(ask(`node='config' sessionid='${ids[0]}' action='cancel'`));
      await begins(juliet);
    },
    { commandSessions: 2 },
  ),
);

test(
  "XEP-0050 §4.6: a command that completes and failed has a note of type error",
  play(async ({ juliet }) => {
    await juliet.asks(
      ask("node='reset'"),
      `<iq type='result'><command ${NS} node='reset' status='completed'>
        <note type='error'>it cannot be reset now</note></command></iq>`,
    );
  }),
);

test(
  "XEP-0050 §5.4: each error has its condition",
  play(async ({ romeo }) => {
    const session = `node='config' sessionid='${await begins(romeo)}'`;
    const malformed = await romeo.asks(ask(`${session} action='dance'`));
    refused(malformed, "modify", "bad-request", "malformed-action");
    for (const action of ["prev", "complete"]) {
      const bad = await romeo.asks(ask(`${session} action='${action}'`));
      refused(bad, "modify", "bad-request", "bad-action");
    }
    for (const payload of ["", submit("service", "sshd"), submit("other", "x")]) {
      const bad = await romeo.asks(ask(session, payload));
      refused(bad, "modify", "bad-request", "bad-payload");
    }
    const foreign = await romeo.asks(ask("node='config' sessionid='guessed'"));
    refused(foreign, "modify", "bad-request", "bad-sessionid");
    refused(await romeo.asks(ask("node='reset'")), "cancel", "forbidden");
    refused(await romeo.asks(ask("node='nothing'")), "cancel", "item-not-found");
    refused(await romeo.asks(ask("action='execute'")), "modify", "bad-request");
    // after all these the session goes on
    const next = await romeo.asks(ask(session, submit("service", "httpd")));
    assert.equal(command.in(next)?.status, "executing");
  }),
);

test(
  "XEP-0050 §6: the commands of an account are for its owner; others hear nothing of them",
  play(async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.comesOnline();
    await befriend(romeo, juliet);
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      refused(await romeo.asks(ask("node='own'", "", to)), "cancel", "service-unavailable");
    }
    for (const node of [COMMANDS_NS, "own"]) {
      for (const what of ["info", "items"] as const) {
        const hers = await romeo.asks(disco(what, node, "juliet@example.org"));
        refused(hers, "cancel", "item-not-found");
      }
    }
    await juliet.asks(
      disco("items", COMMANDS_NS, "juliet@example.org"),
      `<iq type='result'><query xmlns='http://jabber.org/protocol/disco#items'>
        <item jid='juliet@example.org' node='own' name='Of an account'/></query></iq>`,
    );
    const text = (account: string, resource: string, admin: boolean): string =>
      `${account}/${resource} at ${account}, ${account}/${resource}, admin: ${admin}`;
    const answer = (note: string): string => `<iq type='result'><command ${NS} status='completed'>
      <note type='info'>${note}</note></command></iq>`;
    const juliets = text("juliet@example.org", "chamber", true);
    await juliet.asks(ask("node='own'", "", "juliet@example.org"), answer(juliets));
    const romeos = text("romeo@example.org", "balcony", false);
    await romeo.asks(ask("node='own'", "", "romeo@example.org"), answer(romeos));
    // one of the domain is none of an account
    const elsewhere = await juliet.asks(ask("node='list'", "", "juliet@example.org"));
    refused(elsewhere, "cancel", "item-not-found");
  }),
);

test(
  "a command is gone with the module that brought it, and so are its sessions",
  play(async ({ romeo, stage }) => {
    const session = `node='config' sessionid='${await begins(romeo)}'`;
    modulesOf(stage).unload("services");
    refused(await romeo.asks(ask(session)), "cancel", "item-not-found");
    await modulesOf(stage).load(services, {});
    refused(await romeo.asks(ask(session)), "cancel", "not-allowed", "session-expired");
    await modulesOf(stage).reload("commands", {});
    await begins(romeo); // what depends on it was set up again
  }),
);

test("a command of the domain has to tell who may execute it, and has a node of its own", async () => {
  await using stage = await TestServer.start();
  const offering = (...nodes: readonly string[]): Module<NoOptions, void> =>
    defineModule({
      name: "careless",
      implements: [],
      requires: [commands],
      setup(host) {
        for (const node of nodes) {
          const title = { node, name: node, ...(node !== "open" && { allowed: everyone }) };
          addCommand(
            host,
            "host",
            defineCommand<CommandContext>(title).run(() => {}),
          );
        }
      },
    });
  await assert.rejects(modulesOf(stage).load(offering("open"), {}), /"open" must tell who may/);
  await assert.rejects(modulesOf(stage).load(offering("a", "a"), {}), /a command "a" already/);
  await modulesOf(stage).load(offering("a"), {}); // what failed left nothing behind
});
