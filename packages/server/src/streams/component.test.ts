import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toClientNs } from "@rookery/stream";
import { difference, Person, stanzaXml, type TestClient, TestServer } from "@rookery/testkit";

const ACCEPT = "jabber:component:accept";
const SECRET = "wherefore art thou";
const config = { components: { "plays.example.org": { secret: SECRET } } };
const ROMEO = "romeo@example.org/balcony";

/** Opens a stream and gives its id. */
async function open(component: TestClient, name = "plays.example.org"): Promise<string> {
  component.write(
    `<stream:stream xmlns='${ACCEPT}' xmlns:stream='http://etherx.jabber.org/streams' to='${name}'>`,
  );
  const header = await component.next();
  assert.ok(header !== "closed" && "event" in header && header.event === "open");
  assert.equal(header.defaultNs, ACCEPT);
  return header.header.attr("id") ?? "";
}

/** Connects a component that has proved its secret. */
async function connected(stage: TestServer): Promise<TestClient> {
  const component = stage.connectComponent();
  const id = await open(component);
  component.write(`<handshake>${digest(id, SECRET)}</handshake>`);
  assert.ok((await component.element()).is(ACCEPT, "handshake"));
  return component;
}

function digest(id: string, secret: string): string {
  return createHash("sha1")
    .update(id + secret)
    .digest("hex");
}

async function endsWith(component: TestClient, condition: string): Promise<void> {
  const error = await component.element();
  assert.ok(error.is("http://etherx.jabber.org/streams", "error"));
  assert.ok(error.child("urn:ietf:params:xml:ns:xmpp-streams", condition), condition);
  const end = await component.next();
  assert.ok(end !== "closed" && "event" in end && end.event === "close");
  assert.equal(await component.next(), "closed");
}

async function receives(component: TestClient, pattern: string): Promise<void> {
  const received = toClientNs(await component.element(), ACCEPT);
  assert.equal(difference(received, stanzaXml(pattern)), undefined);
}

async function person(stage: TestServer, full: string): Promise<Person> {
  return new Person(await stage.login(full), stage);
}

const chat = (id: string): string =>
  `<message to='hamlet@plays.example.org' type='chat' id='${id}'><body>${id}</body></message>`;

test("XEP-0114 §3: a component and a client exchange stanzas of every kind, whatever is in them", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const component = await connected(stage);

  romeo.client.send(
    "<message to='hamlet@plays.example.org/act1' id='m1' type='chat' xml:lang='en' own='1'><body>hi</body><x xmlns='urn:x' y:a='1' xmlns:y='urn:y'>text<z/></x></message>",
  );
  await receives(
    component,
    `<message from='${ROMEO}' to='hamlet@plays.example.org/act1' id='m1' type='chat' xml:lang='en' own='1'><body>hi</body><x xmlns='urn:x' y:a='1' xmlns:y='urn:y'>text<z/></x></message>`,
  );
  component.write(
    `<message from='hamlet@plays.example.org' to='${ROMEO}' type='chat'><body>to be</body></message>`,
  );
  await romeo.receives(
    `<message from='hamlet@plays.example.org' to='${ROMEO}' type='chat'><body>to be</body></message>`,
  );
  component.write(
    `<iq from='plays.example.org' to='${ROMEO}' type='get' id='q1'><query xmlns='jabber:iq:version'/></iq>`,
  );
  await romeo.receives(
    "<iq from='plays.example.org' type='get' id='q1'><query xmlns='jabber:iq:version'/></iq>",
  );
  component.write(
    `<presence from='hamlet@plays.example.org/a' to='${ROMEO}'><show>away</show></presence>`,
  );
  await romeo.receives("<presence from='hamlet@plays.example.org/a'><show>away</show></presence>");
});

test("XEP-0114 §3: a wrong secret, and none at all, are refused with not-authorized", async () => {
  await using stage = await TestServer.start({ config });
  for (const attempt of [
    (id: string) => `<handshake>${digest(id, "guessed secret")}</handshake>`,
    (id: string) => `<handshake>${digest(`${id}x`, SECRET)}</handshake>`,
    () => "<handshake/>",
    () => `<message from='plays.example.org' to='${ROMEO}'><body>hi</body></message>`,
  ]) {
    const component = stage.connectComponent();
    component.write(attempt(await open(component)));
    await endsWith(component, "not-authorized");
  }
});

test("a handshake in capital letters, or with white space around it, is the same", async () => {
  await using stage = await TestServer.start({ config });
  const component = stage.connectComponent();
  const id = await open(component);
  component.write(`<handshake>\n${digest(id, SECRET).toUpperCase()} </handshake>`);
  assert.ok((await component.element()).is(ACCEPT, "handshake"));
});

test("XEP-0114 §3: a name that is not configured, and the server's own, are unknown", async () => {
  await using stage = await TestServer.start({ config });
  for (const name of ["films.example.org", "example.org", "not a name", "a@plays.example.org"]) {
    const component = stage.connectComponent();
    await open(component, name);
    await endsWith(component, "host-unknown");
  }
});

test("XEP-0114 §3: another namespace than that of components is refused", async () => {
  await using stage = await TestServer.start({ config });
  const component = stage.connectComponent();
  component.write(
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='plays.example.org'>",
  );
  await component.next();
  await endsWith(component, "invalid-namespace");
});

test("XEP-0114 §3: a component that speaks for another domain is disconnected, and nothing is sent", async () => {
  await using stage = await TestServer.start({ config });
  const juliet = await person(stage, "juliet@example.org/chamber");
  await juliet.comesOnline();
  for (const [from, condition] of [
    ["from='romeo@example.org'", "invalid-from"],
    ["from='example.org'", "invalid-from"],
    ["from='x.plays.example.org'", "invalid-from"],
    ["from='not a jid@@'", "invalid-from"],
    ["", "improper-addressing"],
  ] as const) {
    const component = await connected(stage);
    component.write(`<message ${from} to='juliet@example.org'><body>I am Romeo</body></message>`);
    await endsWith(component, condition);
  }
  await juliet.receivesNothing();
});

test("a stanza without or with a bad `to` comes back as an error; the stream goes on", async () => {
  await using stage = await TestServer.start({ config });
  const component = await connected(stage);
  for (const to of ["", "to='@@'"]) {
    component.write(`<message from='plays.example.org' id='m' ${to}><body>hi</body></message>`);
    await receives(
      component,
      "<message from='example.org' to='plays.example.org' type='error' id='m'>*</message>",
    );
  }
});

test("stanzas wait for a component that is away; if it stays away, their senders are told", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  await romeo.sends(chat("1"));
  await romeo.receivesNothing();
  const component = await connected(stage);
  await receives(component, `<message from='${ROMEO}' id='1'><body>1</body></message>`);

  component.cut();
  await romeo.sends(chat("2"));
  await romeo.receivesNothing();
  stage.clock.advance(61_000);
  const errors = [await romeo.client.element(), await romeo.client.element()];
  for (const error of errors) {
    assert.equal(error.attr("type"), "error");
    const condition = error.child("jabber:client", "error");
    assert.ok(condition?.child("urn:ietf:params:xml:ns:xmpp-stanzas", "remote-server-timeout"));
  }
  // the first was handed over and never confirmed: it is not given up without a word
  assert.deepEqual(
    errors.map((error) => error.attr("id")),
    ["1", "2"],
  );
});

test("what a component was sent is confirmed by its answer to a ping, and never sent again", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const first = await connected(stage);
  await romeo.sends(chat("1"));
  await receives(first, "<message id='1'><body>1</body></message>");
  stage.clock.advance(1000);
  const ping = await first.element();
  assert.ok(ping.child("urn:xmpp:ping", "ping"));
  await romeo.sends(chat("2"));
  await receives(first, "<message id='2'><body>2</body></message>");
  const id = ping.attr("id");
  first.write(`<iq from='plays.example.org' to='example.org' type='error' id='${id}'/>`);
  // its answer is through when what it sends behind it is
  first.write(`<message from='plays.example.org' to='${ROMEO}'><body>done</body></message>`);
  await romeo.receives("<message><body>done</body></message>");
  first.cut();

  const second = await connected(stage);
  await receives(second, "<message id='2'><body>2</body></message>");
  await romeo.sends(chat("3"));
  await receives(second, "<message id='3'><body>3</body></message>");
});

test("a component that does not answer pings is served all the same, and gets nothing twice", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const silent = await connected(stage);
  await romeo.sends(chat("1"));
  await receives(silent, "<message id='1'><body>1</body></message>");
  stage.clock.advance(1000);
  await silent.element();
  stage.clock.advance(60_000);
  await romeo.sends(chat("2"));
  await receives(silent, "<message id='2'><body>2</body></message>");
  silent.cut();
  const second = await connected(stage);
  await romeo.sends(chat("3"));
  await receives(second, "<message id='3'><body>3</body></message>");
});

test("limits.componentConnections bounds the connections of one component", async () => {
  await using stage = await TestServer.start({
    config: { ...config, limits: { componentConnections: 2 } },
  });
  await connected(stage);
  await connected(stage);
  const third = stage.connectComponent();
  const id = await open(third);
  third.write(`<handshake>${digest(id, SECRET)}</handshake>`);
  await endsWith(third, "resource-constraint");
});

test("limits.loginSeconds bounds the handshake", async () => {
  await using stage = await TestServer.start({ config });
  const component = stage.connectComponent();
  await open(component);
  stage.clock.advance(61_000);
  await endsWith(component, "connection-timeout");
});

test("when the server stops, a component is told so", async () => {
  const stage = await TestServer.start({ config });
  const component = await connected(stage);
  const stopped = stage.server.stop();
  await endsWith(component, "system-shutdown");
  await stopped;
});

test("SECURITY: a broken declaration from a component ends its stream and nothing else", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const component = stage.connectComponent();
  component.write("<?xml version='\u0001'?>");
  await component.next();
  await endsWith(component, "not-well-formed");
  await romeo.sends("<presence/>");
  await romeo.receives(`<presence from='${ROMEO}'/>`);
});

test("when the server stops, senders hear what became of what waited for a component", async () => {
  const stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const component = await connected(stage);
  await romeo.sends(chat("1"));
  await receives(component, "<message id='1'><body>1</body></message>");
  const stopped = stage.server.stop();
  const error = await romeo.client.element();
  assert.deepEqual([error.attr("id"), error.attr("type")], ["1", "error"]);
  await stopped;
});

test("what a component was sent is asked about at once after 32 stanzas", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await person(stage, ROMEO);
  const component = await connected(stage);
  for (let n = 0; n < 32; n++) romeo.client.send(chat(`${n}`));
  for (let n = 0; n < 32; n++) await component.element();
  assert.ok((await component.element()).child("urn:xmpp:ping", "ping"));
});
