import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import type { LimitName } from "../config/limits.ts";
import { connect, endsWith, HEADER, plain, type RawClient, rosterGet } from "./stage.test.ts";

type Limits = { readonly [name in LimitName]?: number };

async function loggedIn(stage: TestServer): Promise<RawClient> {
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  await client.login("romeo", "balcony");
  return client;
}

/** A stanza of exactly so many bytes, which comes back. */
function message(bytes: number, text = ""): string {
  const start = `<message to='romeo@example.org/balcony'><body>${text}`;
  const end = "</body></message>";
  return `${start}${"x".repeat(bytes - Buffer.byteLength(start + end))}${end}`;
}

const repeated = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join("");

const ECHO = "<message to='romeo@example.org/balcony'";

/** Stanzas exactly at a limit and one above. */
const STANZA_LIMITS: readonly {
  readonly limit: LimitName;
  readonly value: number;
  readonly stanza: (count: number) => string;
}[] = [
  { limit: "stanzaBytes", value: 20_000, stanza: message },
  { limit: "stanzaBytes", value: 20_001, stanza: (n) => message(n, "\u00fc\u{1f426}") },
  {
    limit: "stanzaDepth",
    value: 16,
    stanza: (n) => `${ECHO}>${"<a>".repeat(n - 1)}${"</a>".repeat(n - 1)}</message>`,
  },
  {
    limit: "stanzaElements",
    value: 256,
    stanza: (n) => `${ECHO}>${"<a/>".repeat(n - 1)}</message>`,
  },
  {
    limit: "attributes",
    value: 16,
    stanza: (n) => `${ECHO}${repeated(n - 1, (i) => ` a${i}=''`)}/>`,
  },
  // two are declared by the stream header
  {
    limit: "namespaces",
    value: 16,
    stanza: (n) => `${ECHO}${repeated(n - 2, (i) => ` xmlns:a${i}='urn:${i}'`)}/>`,
  },
];

for (const { limit, value, stanza } of STANZA_LIMITS) {
  test(`RFC 6120 §13.12: the limit ${limit} of ${value} allows as much and no more`, async () => {
    const limits: Limits = { [limit]: value };
    await using stage = await TestServer.start({ config: { limits } });
    const client = await loggedIn(stage);
    client.write(stanza(value));
    client.write(rosterGet("p"));
    const text = await client.until(
      "id='p' from='romeo@example.org' to='romeo@example.org/balcony'><query xmlns='jabber:iq:roster'/></iq>",
    );
    assert.match(text, /^<message /);
    client.write(stanza(value + 1));
    await endsWith(client, "policy-violation", false);
  });
}

test("RFC 6120 §13.12: the limit preAuthStanzaBytes holds for header and elements until login", async () => {
  await using stage = await TestServer.start({ config: { limits: { preAuthStanzaBytes: 5000 } } });
  await stage.accounts("romeo@example.org");
  const sized = (start: string, end: string, bytes: number): string =>
    `${start}${"A".repeat(bytes - start.length - end.length)}${end}`;
  const headerOf = (bytes: number): string =>
    sized(
      `<stream:stream to='example.org' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}' id='`,
      "'>",
      bytes,
    );
  const authOf = (bytes: number): string =>
    sized(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>`, "</auth>", bytes);

  const large = connect(stage);
  large.write(headerOf(5001));
  await endsWith(large, "policy-violation", true);

  const client = connect(stage);
  client.write(headerOf(5000));
  await client.until("</stream:features>");
  client.write(authOf(5000));
  await client.until("</failure>");
  client.write(authOf(5001));
  await endsWith(client, "policy-violation", false);

  const member = connect(stage);
  await member.login("romeo", "balcony");
  member.write(message(6000));
  await member.until("</message>");
});

test("the limit streamOpenSeconds counts from connecting, and ends when the header has come", async () => {
  await using stage = await TestServer.start({ config: { limits: { streamOpenSeconds: 10 } } });
  const [silent, slow, quick] = [connect(stage), connect(stage), connect(stage)];
  for (let second = 1; second < 10; second++) {
    stage.clock.advance(1000);
    slow.write(HEADER[second] as string);
  }
  await quick.open();
  assert.equal(silent.text, "");
  stage.clock.advance(1000);
  await endsWith(silent, "connection-timeout", true);
  await silent.end();
  assert.equal(slow.closed || slow.text.includes("not-well-formed"), true);
  stage.clock.advance(49_000);
  assert.equal(quick.closed, false);
  stage.clock.advance(1000);
  await endsWith(quick, "connection-timeout", false);
});

test("the limit loginSeconds counts from connecting up to the bound resource", async () => {
  await using stage = await TestServer.start({
    config: { limits: { loginSeconds: 30, streamOpenSeconds: 40 } },
  });
  await stage.accounts("romeo@example.org");
  const [open, authenticated, bound] = [connect(stage), connect(stage), connect(stage)];
  const silent = connect(stage);
  await open.open();
  stage.clock.advance(20_000);
  await authenticated.authenticate("romeo");
  await bound.login("romeo", "balcony");
  stage.clock.advance(9_999);
  assert.deepEqual([open.closed, authenticated.text, bound.text], [false, "", ""]);
  stage.clock.advance(1);
  await endsWith(open, "connection-timeout", false);
  await endsWith(authenticated, "connection-timeout", false);
  await endsWith(silent, "connection-timeout", true);
  bound.write(rosterGet("p"));
  await bound.until("/>");
});

test("without streamOpenSeconds and loginSeconds nobody is hurried", async () => {
  await using stage = await TestServer.start({
    config: { limits: { loginSeconds: 0, streamOpenSeconds: 0 } },
  });
  const client = connect(stage);
  stage.clock.advance(1_000_000);
  await client.open();
});

test("the limit idleSeconds: who answers the question, or says anything, stays", async () => {
  await using stage = await TestServer.start({
    config: { limits: { idleSeconds: 100, idleAnswerSeconds: 10 } },
  });
  const answers: readonly ((id: string) => string)[] = [
    (id) => `<iq type='result' id='${id}' to='example.org'/>`,
    (id) =>
      `<iq type='error' id='${id}' to='example.org'><error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></iq>`,
    () => " ",
    () => "<presence",
  ];
  await stage.accounts("romeo@example.org");
  const clients = await Promise.all(
    answers.map(async (_answer, i) => {
      const client = connect(stage);
      await client.login("romeo", `${i}`);
      return client;
    }),
  );
  const dead = connect(stage);
  await dead.login("romeo", "dead");
  stage.clock.advance(99_000);
  assert.equal(dead.text, "");
  stage.clock.advance(2_000);
  for (const [i, client] of clients.entries()) {
    const text = await client.until("<ping xmlns='urn:xmpp:ping'/></iq>");
    const id = /^<iq type='get' id='([^']+)' from='example\.org' to='romeo@example\.org\/\d'>/.exec(
      text,
    )?.[1];
    assert.ok(id !== undefined, text);
    client.write(answers[i]?.(id) ?? "");
  }
  await dead.until("</iq>");
  stage.clock.advance(12_000);
  await endsWith(dead, "connection-timeout", false);
  for (const client of clients) assert.equal(client.closed, false);
  assert.equal(stage.server.sessions.size, clients.length);
});

test("the limit idleAnswerSeconds switched off: a silent client is asked again, and stays", async () => {
  await using stage = await TestServer.start({
    config: { limits: { idleSeconds: 100, idleAnswerSeconds: 0 } },
  });
  const client = await loggedIn(stage);
  for (let i = 0; i < 3; i++) {
    stage.clock.advance(102_000);
    await client.until("<ping xmlns='urn:xmpp:ping'/></iq>");
  }
  assert.equal(client.closed, false);
});

test("the limit idleSeconds switched off: nobody is asked", async () => {
  await using stage = await TestServer.start({ config: { limits: { idleSeconds: 0 } } });
  const client = await loggedIn(stage);
  stage.clock.advance(10_000_000);
  client.write(rosterGet("p"));
  assert.match(await client.until("/>"), /^<iq type='result' id='p'/);
});

test("the limit authenticationTries of one: the first failure is the last", async () => {
  await using stage = await TestServer.start({ config: { limits: { authenticationTries: 1 } } });
  const client = connect(stage);
  await client.open();
  client.write(plain("romeo", "wrong"));
  await client.until("</failure>");
  await endsWith(client, "policy-violation", false);
});

test("presence larger than presenceBytes is refused, and goes to nobody", async () => {
  await using stage = await TestServer.start({ config: { limits: { presenceBytes: 2000 } } });
  const romeo = await stage.login("romeo@example.org/balcony");
  romeo.send(`<presence><status>${"x".repeat(2000)}</status></presence>`);
  const refused = await romeo.element();
  assert.deepEqual([refused.name, refused.attr("type")], ["presence", "error"]);
  romeo.send(`<presence><status>${"x".repeat(1500)}</status></presence>`);
  assert.equal((await romeo.element()).attr("type"), undefined);
});
