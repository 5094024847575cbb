import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import {
  body,
  defineCommand,
  defineForm,
  discoInfo,
  discoItems,
  Jid,
  ping,
  RpcFault,
  StanzaError,
  StreamError,
} from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import { parseDocument, serialize } from "@rookery/xml";
import { ByteChannel } from "../byte-channel.ts";
import { ClientError } from "../errors.ts";
import { SocketTransport } from "../node/socket-transport.ts";
import { RPC_FAULTS, rpcMethod } from "../rpc.ts";
import { ScriptedServer } from "../scripted-server.test.ts";
import { type Component, type ComponentOptions, startComponent } from "./component.ts";
import type { Disconnected } from "./connection.ts";
import { COMPONENT_NS } from "./handshake.ts";

const DOMAIN = "echo.example.org";
const ROMEO = Jid.parse("romeo@example.org/balcony");
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const HEADER = `<stream:stream xmlns='${COMPONENT_NS}' xmlns:stream='http://etherx.jabber.org/streams' from='${DOMAIN}' id='3BF96D32'>`;

/** A component in memory, and a server that takes its connections as a test says. */
class Stage {
  readonly clock: VirtualClock = new VirtualClock();
  readonly errors: unknown[] = [];
  readonly lost: Disconnected[] = [];
  readonly started: Promise<Component>;
  connections = 0;
  /** How many of the next connections do not come about. */
  unreachable = 0;
  readonly #waiting: ScriptedServer[] = [];
  #arrived: (() => void) | undefined = undefined;

  constructor(setup?: (component: Component) => void, options: Partial<ComponentOptions> = {}) {
    this.started = startComponent(
      () => this.#connect(),
      {
        domain: DOMAIN,
        secret: "secret",
        clock: this.clock,
        onError: (error) => this.errors.push(error),
        reconnect: { firstMs: 1000, maxMs: 8000 },
        ...options,
      },
      (component) => {
        component.onDisconnected((event) => this.lost.push(event));
        setup?.(component);
      },
    );
    this.started.catch(() => {});
  }

  /** The server's end of the next connection. */
  async connection(): Promise<ScriptedServer> {
    while (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.#waiting.shift()!;
  }

  /** Takes a connection, with the handshake of XEP-0114 §3. */
  async accepts(): Promise<ScriptedServer> {
    const server = await this.connection();
    await server.gets("open");
    server.write(HEADER);
    const proof = createHash("sha1").update("3BF96D32secret").digest("hex");
    assert.equal(await server.text(), `<handshake>${proof}</handshake>`);
    server.write("<handshake/>");
    return server;
  }

  #connect(): Promise<ByteChannel> {
    this.connections += 1;
    if (this.unreachable > 0) {
      this.unreachable -= 1;
      return Promise.reject(new Error("ECONNREFUSED"));
    }
    const [near, far] = duplexPair();
    this.#waiting.push(new ScriptedServer(far, COMPONENT_NS));
    this.#arrived?.();
    return Promise.resolve(new ByteChannel(new SocketTransport(near), { contentNs: COMPONENT_NS }));
  }
}

/** Lets a component speak with a server until the test is done. */
async function on(
  setup: (component: Component) => void,
  run: (server: ScriptedServer, component: Component, stage: Stage) => Promise<void>,
  options: Partial<ComponentOptions> = {},
): Promise<void> {
  const stage = new Stage(setup, options);
  const server = await stage.accepts();
  const component = await stage.started;
  try {
    await run(server, component, stage);
  } finally {
    server.write("</stream:stream>");
    await component.stop();
    assert.equal(stage.clock.waiting, 0, "timers are left");
  }
}

const settled = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

const isClientError = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ClientError, String(error));
  assert.equal(error.code, code);
  return true;
};

test("XEP-0114 §3: the header names the component, has no version, and the secret is proven", async () => {
  const stage = new Stage();
  const server = await stage.connection();
  const open = await server.next();
  assert.ok(open !== "closed" && "event" in open && open.event === "open");
  assert.equal(open.defaultNs, COMPONENT_NS);
  assert.equal(open.header.attr("to"), DOMAIN);
  assert.equal(open.header.attr("version"), undefined);
  // the example of the specification
  server.write(HEADER);
  assert.match(await server.text(), /^<handshake>[0-9a-f]{40}<\/handshake>$/);
  server.write("<handshake/>");
  const component = await stage.started;
  assert.equal(component.jid.toString(), DOMAIN);
  assert.ok(component.isConnected);
  server.write("</stream:stream>");
  await component.stop();
  assert.equal(component.isConnected, false);
  assert.equal(await component.ended, undefined);
});

test("XEP-0114 §3: a wrong secret and an unknown domain are stream errors, and nothing is tried again", async () => {
  for (const condition of ["not-authorized", "host-unknown", "conflict"]) {
    const stage = new Stage();
    const server = await stage.connection();
    await server.gets("open");
    server.write(
      `${HEADER}<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
    );
    await assert.rejects(
      stage.started,
      (error) => error instanceof StreamError && error.condition === condition,
    );
    assert.equal(stage.connections, 1);
    assert.equal(stage.clock.waiting, 0);
  }
});

test("RFC 6120 §4.8.2: stanzas of the component's namespace are read and written as those of jabber:client", () =>
  on(
    (component) => {
      component.onMessage((message) => {
        void component.send({
          kind: "message",
          type: message.type,
          to: message.from,
          from: message.to ?? component.jid,
          children: message.children,
        });
      });
    },
    async (server) => {
      const payload = `<body xml:lang='en'>hi</body><x xmlns='urn:x'><y/></x><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>in</body></message></forwarded>`;
      server.write(`<message type='chat' from='${ROMEO}' to='a@${DOMAIN}'>${payload}</message>`);
      assert.equal(
        await server.text(),
        `<message type='chat' from='a@${DOMAIN}' to='${ROMEO}'>${payload}</message>`,
      );
    },
  ));

test("XEP-0114 §3: what is sent has a `to` and comes from the domain of the component", () =>
  on(
    () => {},
    async (server, component) => {
      assert.throws(() => component.send({ kind: "presence" }), /needs its `to`/);
      assert.throws(
        () => component.send({ kind: "presence", to: ROMEO, from: ROMEO }),
        /cannot speak for/,
      );
      await component.send({ kind: "presence", to: ROMEO });
      assert.equal(await server.text(), `<presence from='${DOMAIN}' to='${ROMEO}'/>`);
    },
  ));

test("requests go both ways, from any address of the component", () =>
  on(
    () => {},
    async (server, component) => {
      const from = Jid.parse(`bot@${DOMAIN}/1`);
      const asked = component.request({ type: "get", from, to: ROMEO, payload: ping.write({}) });
      const id = (await server.element()).attr("id");
      server.write(
        `<iq type='result' id='${id}' from='${ROMEO}' to='${DOMAIN}'><wrong xmlns='urn:x'/></iq>`,
      );
      server.write(`<iq type='result' id='${id}' from='${ROMEO}' to='${from}'/>`);
      assert.deepEqual((await asked).children, []);

      const refused = component.request({ type: "get", to: ROMEO, payload: ping.write({}) });
      const second = (await server.element()).attr("id");
      server.write(
        `<iq type='error' id='${second}' from='${ROMEO}' to='${DOMAIN}'><error type='cancel'><item-not-found xmlns='${STANZAS}'/></error></iq>`,
      );
      await assert.rejects(
        refused,
        (error) => error instanceof StanzaError && error.condition === "item-not-found",
      );
      server.write(
        `<iq type='get' id='p' from='${ROMEO}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`,
      );
      assert.equal(
        await server.text(),
        `<iq type='result' id='p' from='${DOMAIN}' to='${ROMEO}'/>`,
      );
      server.write(
        `<iq type='get' id='p' from='${ROMEO}' to='${DOMAIN}'><nothing xmlns='urn:x'/></iq>`,
      );
      assert.match(await server.text(), /type='error'.*<nothing.*<service-unavailable/);
    },
  ));

const ask = (what: "info" | "items", to = DOMAIN, node?: string): string =>
  `<iq type='get' id='d' from='${ROMEO}' to='${to}'><query xmlns='http://jabber.org/protocol/disco#${what}'${node ? ` node='${node}'` : ""}/></iq>`;

test("XEP-0030: a component tells what was declared, and hooks tell of nodes and addresses", () =>
  on(
    ({ disco }) => {
      disco.identity({ category: "gateway", type: "irc", name: "IRC" });
      disco.feature("urn:x");
      disco.item({ jid: Jid.parse(`room@${DOMAIN}`), name: "Room" });
      disco.hook(({ to, node }) => {
        if (node === "news") return { features: ["urn:news"] };
        return to.local === "room"
          ? { identities: [{ category: "conference", type: "irc" }] }
          : undefined;
      });
    },
    async (server) => {
      server.write(ask("info"));
      const info = discoInfo.in(await server.element());
      assert.deepEqual(
        info?.identities.map(({ category, type, name }) => [category, type, name]),
        [["gateway", "irc", "IRC"]],
      );
      for (const feature of ["urn:x", discoInfo.ns, discoItems.ns, ping.ns]) {
        assert.ok(info?.features.includes(feature), feature);
      }
      server.write(ask("items"));
      const items = discoItems.in(await server.element())?.items ?? [];
      assert.deepEqual(
        items.map(({ jid, name }) => [jid.toString(), name]),
        [[`room@${DOMAIN}`, "Room"]],
      );
      server.write(ask("info", DOMAIN, "news"));
      assert.match(await server.text(), /<query xmlns='.*' node='news'><feature var='urn:news'\/>/);
      server.write(ask("items", DOMAIN, "news"));
      assert.match(await server.text(), /type='result'.*node='news'\/>/);
      server.write(ask("info", `room@${DOMAIN}`));
      assert.match(await server.text(), /category='conference'/);
      server.write(ask("info", DOMAIN, "nothing"));
      assert.match(await server.text(), /<item-not-found/);
      server.write(ask("info", `nobody@${DOMAIN}`));
      assert.match(await server.text(), /<service-unavailable/);
    },
  ));

const nameForm = defineForm({
  formType: "urn:example:name",
  fields: { name: { type: "text-single", required: true } },
});

test("XEP-0050: a command is listed, executed in stages, and its errors have their conditions", () =>
  on(
    (component) => {
      component.command(
        defineCommand({ node: "greet", name: "Greet" })
          .stage("who", nameForm)
          .run(({ values, requester }) => ({
            note: `${requester.local} greets ${values.who.name}`,
          })),
      );
    },
    async (server) => {
      const commands = "http://jabber.org/protocol/commands";
      server.write(ask("info"));
      assert.ok(discoInfo.in(await server.element())?.features.includes(commands));
      server.write(ask("items", DOMAIN, commands));
      assert.match(
        await server.text(),
        /<item jid='echo.example.org' node='greet' name='Greet'\/>/,
      );
      server.write(ask("info", DOMAIN, "greet"));
      assert.match(await server.text(), /category='automation' type='command-node'/);

      const says = async (attributes: string, form = "", to = DOMAIN): Promise<string> => {
        server.write(
          `<iq type='set' id='c' from='${ROMEO}' to='${to}'><command xmlns='${commands}' node='greet' ${attributes}>${form}</command></iq>`,
        );
        return server.text();
      };
      const shown = await says("action='execute'");
      assert.match(shown, /status='executing'><actions execute='complete'><complete\/><\/actions>/);
      const session = /sessionid='[^']+'/.exec(shown)?.[0] ?? "";
      const form = (name: string): string =>
        `<x xmlns='jabber:x:data' type='submit'><field var='name'><value>${name}</value></field></x>`;
      assert.match(
        await says(`${session} action='prev'`),
        /<bad-action xmlns='http:\/\/jabber.org\/protocol\/commands'\/>/,
      );
      assert.match(await says(session, form("")), /<bad-payload/);
      assert.match(await says("action='dance'"), /<malformed-action/);
      assert.match(await says(session, form("Juliet"), `a@${DOMAIN}`), /<item-not-found/);
      assert.match(
        await says(session, form("Juliet")),
        /status='completed'><note type='info'>romeo greets Juliet<\/note>/,
      );
      assert.match(await says(`${session} action='cancel'`), /<not-allowed.*<session-expired/);
    },
  ));

test("XEP-0009: functions are called with the types they declare, and only by those who may", () =>
  on(
    ({ rpc }) => {
      rpc.serve(
        {
          "math.add": rpcMethod(["int", "double"], (_caller, a, b) => a + b),
          who: rpcMethod([], ({ from }) => from.toString()),
          fails: rpcMethod(["string"], (_caller, text) => {
            if (text === "fault") throw new RpcFault(7, "no luck");
            throw new Error("internal matters");
          }),
        },
        { allow: ({ from }) => from.domain === "example.org" },
      );
    },
    async (server, component, stage) => {
      const call = async (
        method: string,
        params: string,
        from = ROMEO.toString(),
      ): Promise<string> => {
        server.write(
          `<iq type='set' id='r' from='${from}' to='${DOMAIN}'><query xmlns='jabber:iq:rpc'><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall></query></iq>`,
        );
        return server.text();
      };
      const int = "<param><value><i4>1</i4></value></param>";
      const half = "<param><value><double>0.5</double></value></param>";
      const text = (value: string): string => `<param><value>${value}</value></param>`;
      assert.match(await call("math.add", int + half), /<value><double>1.5<\/double><\/value>/);
      assert.match(
        await call("math.add", half + half),
        new RegExp(`<int>${RPC_FAULTS.invalidParams}</int>`),
      );
      assert.match(await call("math.add", int), /<fault>/);
      assert.match(await call("who", ""), /<string>romeo@example.org\/balcony<\/string>/);
      assert.match(await call("nothing", ""), new RegExp(`<int>${RPC_FAULTS.noSuchMethod}</int>`));
      assert.match(
        await call("__proto__", ""),
        new RegExp(`<int>${RPC_FAULTS.noSuchMethod}</int>`),
      );
      assert.match(await call("fails", text("fault")), /<int>7<\/int>.*<string>no luck<\/string>/);
      const failed = await call("fails", text("x"));
      assert.match(failed, new RegExp(`<int>${RPC_FAULTS.internal}</int>`));
      assert.ok(!failed.includes("internal matters"));
      assert.deepEqual(stage.errors.map(String), ["Error: internal matters"]);
      assert.match(await call("who", "", "eve@evil.example/x"), /<error type='auth'><forbidden/);
      server.write(ask("info"));
      assert.match(await server.text(), /category='automation' type='rpc'.*var='jabber:iq:rpc'/);

      const answers = async (response: string): Promise<void> => {
        const id = (await server.element()).attr("id");
        server.write(
          `<iq type='result' id='${id}' from='${ROMEO}' to='${DOMAIN}'><query xmlns='jabber:iq:rpc'><methodResponse>${response}</methodResponse></query></iq>`,
        );
      };
      const value = "<params><param><value><string>Colorado</string></value></param></params>";
      const state = component.rpc.call(ROMEO, "examples.getStateName", [6], "string");
      await answers(value);
      assert.equal(await state, "Colorado");
      const wrong = component.rpc.call(ROMEO, "examples.getStateName", [6], "int");
      await answers(value);
      await assert.rejects(wrong, RpcFault);
      const fault = component.rpc.call(ROMEO, "examples.getStateName", [6]);
      await answers(
        "<fault><value><struct><member><name>faultCode</name><value><int>23</int></value></member><member><name>faultString</name><value>Unknown</value></member></struct></value></fault>",
      );
      await assert.rejects(fault, (error) => error instanceof RpcFault && error.code === 23);
    },
  ));

test("a component comes back with longer and longer pauses, and what was sent meanwhile follows", () =>
  on(
    (component) => component.onMessage(() => {}),
    async (server, component, stage) => {
      const asked = component.request({ type: "get", to: ROMEO, payload: ping.write({}) });
      asked.catch(() => {});
      let back = 0;
      component.onConnected(() => {
        back += 1;
      });
      stage.unreachable = 4;
      server.cut();
      await assert.rejects(asked, isClientError("lost"));
      assert.equal(component.isConnected, false);
      const message = (text: string) =>
        ({ kind: "message", to: ROMEO, children: [body.write({ text })] }) as const;
      component.send(message("1"));
      component.send(message("2"));
      assert.throws(() => component.send(message("3")), isClientError("queue-full"));

      for (const [n, full] of [1000, 2000, 4000, 8000].entries()) {
        await settled();
        const { retryMs = 0 } = stage.lost[n] ?? {};
        assert.ok(retryMs >= full / 2 && retryMs <= full, `${retryMs} of ${full}`);
        stage.clock.advance(retryMs);
      }
      await settled();
      assert.equal(stage.lost.length, 5);
      assert.ok((stage.lost[4]?.retryMs ?? 0) <= 8000);
      stage.clock.advance(8000);
      const again = await stage.accepts();
      assert.match(await again.text(), /<body>1<\/body>/);
      assert.match(await again.text(), /<body>2<\/body>/);
      assert.equal(back, 1);
      assert.ok(component.isConnected);
      again.write("</stream:stream>");
    },
    { maxAway: 2 },
  ));

test("a component gives up after as many tries as it was told", async () => {
  const stage = new Stage(undefined, { reconnect: { firstMs: 10, maxMs: 10, attempts: 2 } });
  const server = await stage.accepts();
  const component = await stage.started;
  stage.unreachable = 2;
  server.cut();
  for (let n = 0; n < 3; n++) {
    await settled();
    stage.clock.advance(10);
  }
  assert.match(String(await component.ended), /ECONNREFUSED/);
  assert.equal(stage.connections, 3);
  assert.equal(stage.lost.at(-1)?.retryMs, undefined);
  assert.throws(() => component.send({ kind: "presence", to: ROMEO }), isClientError("closed"));
  assert.equal(stage.clock.waiting, 0);
});

test("RFC 6120 §4.9.3.3: a component whose place was taken does not fight for it", async () => {
  const stage = new Stage();
  const server = await stage.accepts();
  const component = await stage.started;
  server.write(
    "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
  );
  const reason = await component.ended;
  assert.ok(reason instanceof StreamError);
  assert.equal(reason.condition, "conflict");
  assert.equal(stage.connections, 1);
});

test("a component that is stopped while it waits does not come back", async () => {
  const stage = new Stage();
  const server = await stage.accepts();
  const component = await stage.started;
  server.cut();
  await settled();
  assert.equal(stage.clock.waiting, 1);
  await component.stop();
  await component.stop();
  assert.equal(stage.clock.waiting, 0);
  assert.equal(stage.connections, 1);
  assert.equal(await component.ended, undefined);
});

test("a server that does not answer the handshake is given up on", async () => {
  const stage = new Stage(undefined, { connectTimeoutMs: 1000 });
  const server = await stage.connection();
  await server.gets("open");
  server.write(HEADER);
  await server.element();
  stage.clock.advance(1000);
  await assert.rejects(stage.started, isClientError("timeout"));
  assert.equal(stage.clock.waiting, 0);
});

test("what listeners and handlers throw harms nobody else", () =>
  on(
    (component) => {
      component.onConnected(() => {
        throw new Error("listener");
      });
      component.onMessage(() => {
        throw new Error("handler");
      });
    },
    async (server, _component, stage) => {
      server.write(`<message from='${ROMEO}' to='${DOMAIN}' id='m'/>`);
      const answer = await server.element();
      const expected = parseDocument(
        `<message xmlns='${COMPONENT_NS}' type='error' id='m' from='${DOMAIN}' to='${ROMEO}'><error type='cancel'><internal-server-error xmlns='${STANZAS}'/></error></message>`,
      );
      assert.equal(serialize(answer), serialize(expected));
      assert.deepEqual(stage.errors.map(String), ["Error: listener", "Error: handler"]);
    },
  ));
