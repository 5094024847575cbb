import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, Jid } from "@rookery/protocol";
import { conversation, Person, TestServer } from "@rookery/testkit";
import { el } from "@rookery/xml";
import { z } from "zod";
import { collect } from "./hooks.ts";
import { type AnyModule, defineModule, type Module, type NoOptions } from "./host.ts";
import { messageFlow, sessionBegan } from "./im/contract.ts";
import { slot } from "./sessions/slot.ts";

const NS = "urn:example:counter";
const count = codec<object>({
  ns: NS,
  name: "count",
  read: () => ({}),
  write: () => el(NS, "count"),
});
const counted = slot("counter/count", 0);
const extras = collect<void, string>("counter/extras");

/** Counts how often each session asks, in steps that an option decides. */
const counter: Module<{ step: number }, { readonly name: string }> = defineModule({
  name: "counter",
  implements: [],
  options: z.strictObject({ step: z.number().default(1) }),
  setup(host, { step }) {
    host.feature("host", NS);
    host.on(messageFlow, "reject", () => {});
    host.iq("own", "get", count, ({ session }) => {
      if (session === undefined) return;
      session.set(counted, session.get(counted) + step);
      return el(NS, "count", {}, String(session.get(counted)));
    });
    return { name: "the counter" };
  },
});

const dependent: Module<NoOptions, void> = defineModule({
  name: "dependent",
  implements: [],
  requires: [counter],
  setup(host) {
    const { name } = host.use(counter);
    host.on(extras, () => [name]);
  },
});

const ASK = `<iq type='get' id='c'><count xmlns='${NS}'/></iq>`;
const answer = (n: number): string =>
  `<iq type='result' id='c'><count xmlns='${NS}'>${n}</count></iq>`;
const modulesOf = (stage: TestServer) => stage.server.host("example.org").modules;

test(
  "a module is loaded, reloaded with new options and unloaded while a session lives",
  conversation({ romeo: "romeo@example.org/balcony" }, async ({ romeo, stage }) => {
    const host = stage.server.host("example.org");
    const before = host.hooks.order();
    const features = host.features("host");
    await host.modules.load(counter, {});
    await romeo.sends(ASK);
    await romeo.receives(answer(1));

    await host.modules.reload("counter", { step: 10 });
    await romeo.sends(ASK);
    await romeo.receives(answer(11)); // what a slot of the session holds survives
    assert.ok(host.features("host").includes(NS));

    host.modules.unload("counter");
    await romeo.sends(ASK);
    await romeo.receives("<iq type='error' id='c'>*</iq>");
    assert.deepEqual(host.hooks.order(), before);
    assert.deepEqual(host.features("host"), features);
  }),
);

test("a module that needs another is loaded after it, reloaded with it and keeps it loaded", async () => {
  await using stage = await TestServer.start();
  const modules = modulesOf(stage);
  const { hooks } = stage.server.host("example.org");
  await assert.rejects(modules.load(dependent, {}), /dependent requires counter/);
  await modules.load(counter, {});
  await modules.load(dependent, {});
  assert.throws(() => modules.unload("counter"), /counter cannot be unloaded: dependent needs it/);
  await modules.reload("counter", { step: 2 });
  assert.deepEqual(hooks.gather(extras, undefined), ["the counter"]);
  modules.unload("dependent");
  modules.unload("counter");
  assert.deepEqual(hooks.gather(extras, undefined), []);
});

test("options that a module does not know, and modules twice, are refused", async () => {
  await using stage = await TestServer.start();
  const modules = modulesOf(stage);
  await assert.rejects(modules.load(counter, { stepp: 1 }), /module counter.*stepp/);
  await modules.load(counter, {});
  await assert.rejects(modules.load(counter, {}), /counter is loaded already/);
  assert.throws(() => modules.unload("nothing"), /nothing is not loaded/);
});

test("what a set-up registered before it failed is undone", async () => {
  await using stage = await TestServer.start();
  const host = stage.server.host("example.org");
  const before = host.hooks.order();
  const broken = defineModule({
    name: "broken",
    implements: [],
    setup(own) {
      own.on(sessionBegan, () => {});
      own.feature("host", NS);
      throw new Error("no luck");
    },
  });
  await assert.rejects(host.modules.load(broken, {}), /no luck/);
  assert.deepEqual(host.hooks.order(), before);
  assert.ok(!host.features("host").includes(NS));
  assert.ok(!host.modules.has("broken"));
});

test("a module uses only what it requires, and keeps to stores of its own name", async () => {
  await using stage = await TestServer.start();
  const sneaky = (setup: AnyModule["setup"]): AnyModule =>
    defineModule({ name: "sneaky", implements: [], setup });
  await modulesOf(stage).load(counter, {});
  await assert.rejects(
    modulesOf(stage).load(
      sneaky((host) => host.use(counter)),
      {},
    ),
    /sneaky uses counter without listing it/,
  );
  const codec = { encode: String, decode: String };
  await assert.rejects(
    modulesOf(stage).load(
      sneaky((host) => host.mapStore({ shape: "map", name: "roster/items", version: 1, codec })),
      {},
    ),
    /"roster\/items" must be named "sneaky\/…"/,
  );
});

test("timers of a module end with it, and its signal is aborted", async () => {
  await using stage = await TestServer.start();
  const modules = modulesOf(stage);
  const rung: string[] = [];
  let aborted: AbortSignal | undefined;
  const clock: Module<NoOptions, void> = defineModule({
    name: "clock",
    implements: [],
    setup(host) {
      aborted = host.signal;
      host.after(1000, () => rung.push("first"));
      host.after(5000, () => rung.push("never"));
    },
  });
  await modules.load(clock, {});
  stage.clock.advance(2000);
  modules.unload("clock");
  stage.clock.advance(10_000);
  assert.deepEqual(rung, ["first"]);
  assert.equal(aborted?.aborted, true);
});

test("an answer of a handler that wrote waits for the commit; the stream does not", async () => {
  await using stage = await TestServer.start();
  const commit = Promise.withResolvers<void>();
  const writer: Module<NoOptions, void> = defineModule({
    name: "writer",
    implements: [],
    setup(host) {
      host.iq("own", "get", count, () => ({ committed: commit.promise, result: el(NS, "count") }));
    },
  });
  await modulesOf(stage).load(writer, {});
  const romeo = new Person(await stage.login("romeo@example.org/balcony"), stage);
  await romeo.sends(ASK);
  await romeo.receivesNothing();
  commit.resolve();
  await romeo.receives(`<iq type='result' id='c'><count xmlns='${NS}'/></iq>`);
});

test("a write that fails is answered with an error", async () => {
  await using stage = await TestServer.start();
  const writer: Module<NoOptions, void> = defineModule({
    name: "writer",
    implements: [],
    setup(host) {
      host.iq("own", "get", count, () => ({ committed: Promise.reject(new Error("disk full")) }));
    },
  });
  await modulesOf(stage).load(writer, {});
  const romeo = new Person(await stage.login("romeo@example.org/balcony"), stage);
  await romeo.sends(ASK);
  await romeo.receives(`<iq type='error' id='c'><count xmlns='${NS}'/><error type='wait'>
    <internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`);
});

test("each domain has modules and accounts of its own", async () => {
  await using stage = await TestServer.start({
    config: { domains: [{ name: "example.org" }, { name: "example.net" }] },
  });
  await stage.accounts("romeo@example.org");
  const { server } = stage;
  assert.equal(
    await server.host("example.net").accounts.exists(Jid.parse("romeo@example.net")),
    false,
  );
  const [org, net] = [server.host("example.org").modules, server.host("example.net").modules];
  await org.load(counter, {});
  assert.ok(!net.has("counter"));
  await net.load(counter, {});
  net.unload("counter");
  assert.ok(org.has("counter"));
});
