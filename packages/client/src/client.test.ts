import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import {
  body,
  discoInfo,
  Jid,
  ping,
  rosterQuery,
  StanzaError,
  StreamError,
} from "@rookery/protocol";
import { SaslError } from "@rookery/stream";
import { VirtualClock } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { ByteChannel } from "./byte-channel.ts";
import { type Client, type LoginOptions, startClient } from "./client.ts";
import { ClientError } from "./errors.ts";
import { SocketTransport } from "./node/socket-transport.ts";
import { ScriptedServer } from "./scripted-server.test.ts";

const STREAMS = "xmlns:stream='http://etherx.jabber.org/streams'";
const HEADER = `<stream:stream xmlns='jabber:client' ${STREAMS} id='s1' from='example.org' version='1.0'>`;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const MECHANISMS = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>";
const PLAIN = `<stream:features>${MECHANISMS}<mechanism>PLAIN</mechanism></mechanisms></stream:features>`;
const BIND = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const JULIET = Jid.parse("juliet@example.org/balcony");
const ROMEO = Jid.parse("romeo@example.org");

/** A client in memory, and the server's end of its connection, that says what the test says. */
class Stage {
  readonly clock: VirtualClock = new VirtualClock();
  readonly errors: unknown[] = [];
  readonly server: ScriptedServer;
  readonly started: Promise<Client>;

  constructor(options: Partial<LoginOptions> = {}, setup?: (client: Client) => void) {
    const [near, far] = duplexPair();
    this.server = new ScriptedServer(far);
    this.started = startClient(
      () => Promise.resolve(new ByteChannel(new SocketTransport(near))),
      {
        jid: JULIET,
        password: "secret",
        requireTls: false,
        plainWithoutTls: true,
        clock: this.clock,
        onError: (error) => this.errors.push(error),
        ...options,
      },
      setup,
    );
    this.started.catch(() => {});
  }

  /** Takes the header of the client, answers with one and with features. */
  async opens(features: string): Promise<void> {
    await this.server.gets("open");
    this.server.write(HEADER + features);
  }

  async logsIn(): Promise<Client> {
    await this.opens(PLAIN);
    assert.equal((await this.server.element()).attr("mechanism"), "PLAIN");
    this.server.write(SUCCESS);
    this.server.restart();
    await this.opens(BIND);
    const iq = await this.server.element();
    this.server.write(
      `<iq type='result' id='${iq.attr("id")}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${JULIET}</jid></bind></iq>`,
    );
    return this.started;
  }

  async ends(): Promise<void> {
    this.server.write("</stream:stream>");
    await (await this.started).close();
  }
}

async function on(
  run: (stage: Stage, client: Client) => Promise<void>,
  options: Partial<LoginOptions> = {},
  setup?: (client: Client) => void,
): Promise<void> {
  const stage = new Stage(options, setup);
  const client = await stage.logsIn();
  try {
    await run(stage, client);
  } finally {
    await stage.ends();
  }
}

const isClientError = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ClientError, String(error));
  assert.equal(error.code, code);
  return true;
};

/** Lets everything happen that is under way. */
const settled = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("RFC 6120 §4.3: a client authenticates, binds its resource and gets what the server answers", () =>
  on(async (stage, client) => {
    assert.equal(client.jid.toString(), JULIET.toString());
    const asked = client.request(
      { type: "get", payload: rosterQuery.write({ items: [] }) },
      rosterQuery,
    );
    const iq = await stage.server.element();
    assert.equal(iq.attr("to"), undefined);
    stage.server.write(
      `<iq type='result' id='${iq.attr("id")}'><query xmlns='jabber:iq:roster'><item jid='${ROMEO}'/></query></iq>`,
    );
    assert.deepEqual(
      (await asked).items.map(({ jid }) => jid.toString()),
      ["romeo@example.org"],
    );
  }));

test("RFC 6120 §5.3.1: without an offer of STARTTLS a client that needs TLS says nothing more", async () => {
  const stage = new Stage({ requireTls: true });
  await stage.opens(PLAIN);
  await assert.rejects(stage.started, isClientError("tls-required"));
  await stage.server.gets("close");
});

test("a password is not sent in the clear", async () => {
  const stage = new Stage({ plainWithoutTls: false });
  await stage.opens(PLAIN);
  await assert.rejects(stage.started, isClientError("no-mechanism"));
});

test("RFC 6120 §6.5: a failure is a SaslError with its condition", async () => {
  const stage = new Stage();
  await stage.opens(PLAIN);
  await stage.server.element();
  stage.server.write(
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><account-disabled/><text>gone</text></failure>",
  );
  await assert.rejects(stage.started, (error) => {
    assert.ok(error instanceof SaslError);
    assert.deepEqual([error.condition, error.message], ["account-disabled", "gone"]);
    return true;
  });
});

test("RFC 5802 §5: a server that does not sign its success is not believed", async () => {
  const stage = new Stage();
  await stage.opens(PLAIN.replace("PLAIN", "SCRAM-SHA-256"));
  await stage.server.element();
  stage.server.write(SUCCESS);
  await assert.rejects(stage.started, SaslError);
});

test("RFC 6120 §4.9: a stream error is what the login fails with", async () => {
  const stage = new Stage();
  await stage.opens(
    "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
  );
  await assert.rejects(
    stage.started,
    (error) => error instanceof StreamError && error.condition === "host-unknown",
  );
});

test("a server that says nothing is given up on", async () => {
  const stage = new Stage({ connectTimeoutMs: 1000 });
  await stage.server.next();
  stage.clock.advance(999);
  stage.clock.advance(1);
  await assert.rejects(stage.started, isClientError("timeout"));
  await stage.server.gets("closed");
  assert.equal(stage.clock.waiting, 0);
});

test("a connection that breaks in the middle of the login is an error", async () => {
  const stage = new Stage();
  await stage.opens(PLAIN);
  await stage.server.element();
  stage.server.cut();
  await assert.rejects(stage.started, isClientError("lost"));
});

test("RFC 6120 §8.1.3, §8.2.3: only who was asked can answer, with the id of the request", () =>
  on(async (stage, client) => {
    const to = Jid.parse("service.example.org");
    const asked = client.request({ type: "get", to, payload: ping.write({}) });
    const { id } = requestIn(await stage.server.element());
    stage.server.write(`<iq type='result' id='${id}' from='evil.example'/>`);
    stage.server.write(`<iq type='result' id='${id}'/>`);
    stage.server.write(`<iq type='result' id='other' from='service.example.org'/>`);
    stage.server.write(`<iq type='result' id='${id}' from='service.example.org/x'/>`);
    stage.server.write(
      `<iq type='result' id='${id}' from='service.example.org' to='romeo@example.org'/>`,
    );
    stage.server.write(
      `<iq type='result' id='${id}' from='SERVICE.example.org' to='${JULIET}'><right xmlns='urn:x'/></iq>`,
    );
    assert.ok((await asked).has("urn:x", "right"));
  }));

test("RFC 6120 §10.3.3: the account is answered for by itself, its server or nobody by name", () =>
  on(async (stage, client) => {
    for (const from of [
      "",
      "from='juliet@example.org'",
      "from='example.org'",
      `from='${JULIET}'`,
    ]) {
      const asked = client.request({ type: "get", payload: ping.write({}) });
      const { id } = requestIn(await stage.server.element());
      stage.server.write(
        `<iq type='result' id='${id}' from='romeo@example.org'><wrong xmlns='urn:x'/></iq>`,
      );
      stage.server.write(`<iq type='result' id='${id}' ${from}/>`);
      assert.deepEqual((await asked).children, []);
    }
  }));

test("RFC 6120 §8.3: an error is a StanzaError, a result of another kind a ClientError", () =>
  on(async (stage, client) => {
    const ask = { type: "get", to: ROMEO, payload: ping.write({}) } as const;
    const refused = client.request(ask);
    const first = requestIn(await stage.server.element());
    stage.server.write(
      `<iq type='error' id='${first.id}' from='${ROMEO}'><ping xmlns='urn:xmpp:ping'/><error type='wait'><gone xmlns='${STANZAS}'>xmpp:x</gone><text xmlns='${STANZAS}'>moved</text></error></iq>`,
    );
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof StanzaError);
      assert.deepEqual(
        [error.condition, error.type, error.uri, error.message],
        ["gone", "wait", "xmpp:x", "moved"],
      );
      return true;
    });
    for (const payload of [
      "",
      "<query xmlns='http://jabber.org/protocol/disco#info'><feature/></query>",
    ]) {
      const unreadable = client.request(ask, discoInfo);
      const { id } = requestIn(await stage.server.element());
      stage.server.write(`<iq type='result' id='${id}' from='${ROMEO}'>${payload}</iq>`);
      await assert.rejects(unreadable, isClientError("protocol"));
    }
  }));

test("requests end in time, and their number is bounded", () =>
  on(
    async (stage, client) => {
      const ask = { type: "get", to: ROMEO, payload: ping.write({}), timeoutMs: 500 } as const;
      const asked = [client.request(ask), client.request(ask)];
      await assert.rejects(client.request(ask), isClientError("queue-full"));
      const late = requestIn(await stage.server.element());
      stage.clock.advance(500);
      for (const one of asked) await assert.rejects(one, isClientError("timeout"));
      stage.server.write(`<iq type='result' id='${late.id}' from='${ROMEO}'/>`);
      await settled();
      assert.equal(stage.clock.waiting, 0);
      assert.deepEqual(stage.errors, []);
    },
    { maxPending: 2 },
  ));

test("requests that wait fail when the connection breaks, and nothing more can be sent", async () => {
  const stage = new Stage();
  const client = await stage.logsIn();
  const asked = client.request({ type: "get", payload: ping.write({}) });
  asked.catch(() => {});
  await stage.server.element();
  stage.server.cut();
  isClientError("lost")(await client.ended);
  await assert.rejects(asked, isClientError("lost"));
  assert.throws(() => client.send({ kind: "presence" }), isClientError("closed"));
  await assert.rejects(
    client.request({ type: "get", payload: ping.write({}) }),
    isClientError("closed"),
  );
  await client.close();
  assert.equal(stage.clock.waiting, 0);
});

test("RFC 6120 §8.2.3: requests are answered by what their handlers return or throw", () =>
  on(
    async (stage) => {
      const answers: [payload: string, expected: RegExp][] = [
        [
          "<ping xmlns='urn:xmpp:ping'/>",
          /^<iq type='result' id='i' from='juliet@example.org\/balcony' to='romeo@example.org\/x'\/>$/,
        ],
        [
          "<query xmlns='jabber:iq:roster' ver='sync'/>",
          /<query xmlns='jabber:iq:roster' ver='sync'\/><\/iq>$/,
        ],
        ["<query xmlns='jabber:iq:roster' ver='async'/>", /type='result'.*ver='async'/],
        ["<query xmlns='jabber:iq:roster' ver='throws'/>", /<error type='auth'><forbidden/],
        ["<query xmlns='jabber:iq:roster' ver='rejects'/>", /<error type='auth'><forbidden/],
        [
          "<query xmlns='jabber:iq:roster' ver='breaks'/>",
          /<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'\/><\/error>/,
        ],
        ["<query xmlns='jabber:iq:roster'><item/></query>", /<error type='modify'><bad-request/],
        ["<unknown xmlns='urn:x'/>", /<error type='cancel'><service-unavailable/],
        ["<a xmlns='urn:x'/><b xmlns='urn:x'/>", /<error type='modify'><bad-request/],
      ];
      for (const [payload, expected] of answers) {
        stage.server.write(
          `<iq type='get' id='i' from='romeo@example.org/x' to='${JULIET}'>${payload}</iq>`,
        );
        assert.match(await stage.server.text(), expected);
      }
      assert.deepEqual(stage.errors.map(String), ["Error: broken"]);
    },
    {},
    (client) => {
      client.iq("get", rosterQuery, ({ query }) => {
        const forbidden = new StanzaError("forbidden");
        switch (query.ver) {
          case "async":
            return Promise.resolve(rosterQuery.write(query));
          case "throws":
            throw forbidden;
          case "rejects":
            return Promise.reject(forbidden);
          case "breaks":
            throw new Error("broken");
          default:
            return rosterQuery.write(query);
        }
      });
      assert.throws(() => client.iq("get", rosterQuery, () => {}), /already/);
    },
  ));

test("messages and presence come in order; errors are told apart from them", async () => {
  const heard: string[] = [];
  const bounced: string[] = [];
  await on(
    async (stage, client) => {
      stage.server.write(
        `<message from='${ROMEO}'><body>1</body></message><presence from='${ROMEO}'/><message><body>3</body></message>`,
      );
      stage.server.write(
        `<message type='error' from='${ROMEO}'><body>x</body><error type='cancel'><gone xmlns='${STANZAS}'/></error></message>`,
      );
      stage.server.write(
        "<message from='@nobody'><body>5</body></message><unknown xmlns='urn:x'/>",
      );
      stage.server.write(`<message from='${ROMEO}/x' id='m'><body>refuse</body></message>`);
      const refusal = await stage.server.text();
      assert.match(
        refusal,
        /^<message type='error' id='m' .*to='romeo@example.org\/x'><error type='modify'><not-acceptable/,
      );
      assert.deepEqual(heard, [
        "romeo@example.org 1",
        "romeo@example.org available",
        "juliet@example.org 3",
        "romeo@example.org/x refuse",
      ]);
      assert.deepEqual(bounced, ["gone"]);
      assert.deepEqual(stage.errors, []);
      await client.send({
        kind: "message",
        type: "chat",
        to: ROMEO,
        children: [body.write({ text: "hi" })],
      });
      assert.equal(
        await stage.server.text(),
        `<message type='chat' from='${JULIET}' to='romeo@example.org'><body>hi</body></message>`,
      );
    },
    {},
    (client) => {
      client.onMessage((message) => {
        const text = body.in(message)?.text;
        heard.push(`${message.from} ${text}`);
        if (text === "refuse") throw new StanzaError("not-acceptable");
      });
      client.onPresence((presence) => {
        heard.push(`${presence.from} ${presence.type}`);
      });
      client.onBounce(({ error }) => bounced.push(error.condition));
    },
  );
});

test("more handlers than there may be at work are not begun, and what they would answer is refused", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await on(
    async (stage) => {
      for (const id of ["1", "2", "3"]) {
        stage.server.write(
          `<iq type='get' id='${id}' from='${ROMEO}' to='${JULIET}'><query xmlns='jabber:iq:roster'/></iq>`,
        );
      }
      const refused = await stage.server.element();
      assert.equal(refused.attr("id"), "3");
      assert.ok(StanzaError.read(refused.elements().at(-1)!).condition === "resource-constraint");
      resolve();
      assert.equal((await stage.server.element()).attr("type"), "result");
      assert.equal((await stage.server.element()).attr("type"), "result");
    },
    { maxWorking: 2 },
    (client) => client.iq("get", rosterQuery, () => promise),
  );
});

test("who sends more than is read is told to wait, and stopped if it does not", async () => {
  const stage = new Stage({ maxQueuedBytes: 500_000 });
  const client = await stage.logsIn();
  const text = "x".repeat(10_000);
  stage.server.pause();
  const message = { kind: "message", to: ROMEO, children: [body.write({ text })] } as const;
  let wait: Promise<void> | undefined | void;
  let sent = 0;
  assert.throws(() => {
    for (; sent < 1000; sent++) wait = client.send(message);
  }, isClientError("queue-full"));
  assert.ok(sent < 100, String(sent));
  assert.ok(wait instanceof Promise);
  stage.server.resume();
  await wait;
  assert.equal(client.send(message), undefined);
  for (let n = 0; n <= sent; n++) await stage.server.element();
  await stage.ends();
});

test("RFC 6120 §4.4: closing waits for the other side, but not for ever", async () => {
  const stage = new Stage();
  const client = await stage.logsIn();
  const closed = client.close();
  await stage.server.gets("close");
  assert.throws(() => client.send({ kind: "presence" }), isClientError("closed"));
  stage.clock.advance(5000);
  await closed;
  assert.equal(await client.ended, undefined);
  assert.equal(stage.clock.waiting, 0);
});

test("what cannot be read ends the stream with the reason, and nothing after it is taken", async () => {
  let heard = 0;
  const stage = new Stage({}, (client) => {
    client.onMessage(() => {
      heard += 1;
    });
  });
  const client = await stage.logsIn();
  stage.server.write("<message from='a@b'/><!-- no --><message from='a@b'/>");
  const error = await stage.server.element();
  assert.equal(StreamError.read(error).condition, "restricted-xml");
  const ended = await client.ended;
  assert.ok(ended instanceof StreamError);
  assert.equal(ended.condition, "restricted-xml");
  assert.equal(heard, 1);
});

test("the server says why it ends the stream", async () => {
  const stage = new Stage();
  const client = await stage.logsIn();
  stage.server.write(
    "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
  );
  const ended = await client.ended;
  assert.ok(ended instanceof StreamError);
  assert.equal(ended.condition, "system-shutdown");
});

function requestIn(iq: Element): { readonly id: string } {
  const id = iq.attr("id");
  assert.ok(id);
  return { id };
}
