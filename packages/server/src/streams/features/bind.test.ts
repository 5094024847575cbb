import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS } from "@rookery/protocol";
import { TestServer, type TestServerOptions } from "@rookery/testkit";
import { bindResource, connect, endsWith, type RawClient, rosterGet } from "../stage.test.ts";

const SESSION = `<session xmlns='${NS.session}'/>`;

async function authenticated(stage: TestServer): Promise<RawClient> {
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  await client.authenticate("romeo");
  return client;
}

function bindIq(children: string, type = "set"): string {
  return `<iq type='${type}' id='b'><bind xmlns='${NS.bind}'>${children}</bind></iq>`;
}

/** The full JID that was bound. */
async function boundJid(client: RawClient): Promise<string> {
  const text = await client.until("</iq>");
  const jid = /<jid>([^<]+)<\/jid>/.exec(text)?.[1];
  assert.ok(jid !== undefined, text);
  return jid;
}

async function refused(client: RawClient, condition: string, type: string): Promise<void> {
  const text = await client.until("</error></iq>");
  assert.match(
    text,
    new RegExp(
      `^<iq type='error'( id='[^']*')?>.*<error type='${type}'><${condition} xmlns='${NS.stanzaErrors}'`,
      "s",
    ),
  );
}

function binding(
  name: string,
  play: (client: RawClient, stage: TestServer) => Promise<void>,
  options: TestServerOptions = {},
): void {
  test(name, async () => {
    await using stage = await TestServer.start(options);
    await play(await authenticated(stage), stage);
  });
}

binding(
  "RFC 6120 §7.6: the server makes up a resource that nobody can guess",
  async (client, stage) => {
    const made = new Set<string>();
    for (const wanted of ["", "<resource/>", "<resource></resource>"]) {
      const other = wanted === "" ? client : await authenticated(stage);
      other.write(bindIq(wanted));
      const jid = Jid.parse(await boundJid(other));
      assert.equal(jid.bare.toString(), "romeo@example.org");
      assert.ok(jid.resource.length >= 20);
      made.add(jid.resource);
    }
    assert.equal(made.size, 3);
  },
);

binding(
  "RFC 6120 §7.7: the client gets the resource it wants, in its prepared form",
  async (client) => {
    client.write(bindIq("<resource>Balco\u0301ny</resource>"));
    assert.equal(await boundJid(client), "romeo@example.org/Balc\u00f3ny");
  },
);

binding(
  "RFC 6120 §7.7.2.1: a resource that cannot be one is refused, and another try succeeds",
  async (client) => {
    for (const wanted of ["a\u00a0\u0378", "x".repeat(1024), "\u200b", "a&#10;b"]) {
      client.write(bindResource(wanted));
      await refused(client, "jid-malformed", "modify");
    }
    client.write(bindResource("balcony"));
    assert.equal(await boundJid(client), "romeo@example.org/balcony");
  },
);

binding("RFC 6120 §8.2.3: a request that is none is answered with bad-request", async (client) => {
  client.write(bindIq("", "get"));
  await refused(client, "bad-request", "modify");
  client.write(`<iq type='set'><bind xmlns='${NS.bind}'/></iq>`);
  await refused(client, "bad-request", "modify");
  client.write(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/><a xmlns='urn:example:a'/></iq>`);
  await refused(client, "bad-request", "modify");
  client.write(`<iq type='set' id='b'><bind xmlns='${NS.bind}'><jid>@</jid></bind></iq>`);
  await refused(client, "jid-malformed", "modify");
  client.write(bindResource("balcony"));
  assert.equal(await boundJid(client), "romeo@example.org/balcony");
});

binding(
  "RFC 6120 §8.2.3: nothing answers the result of an IQ, which binds nothing either",
  async (client) => {
    client.write(bindIq("", "result"));
    await endsWith(client, "not-authorized", false);
  },
);

binding(
  "RFC 6120 §7.6.2.2: a stream has one resource; a second one is not allowed",
  async (client, stage) => {
    client.write(bindResource("balcony"));
    await boundJid(client);
    client.write(bindResource("orchard"));
    await refused(client, "not-allowed", "cancel");
    assert.deepEqual(
      [...stage.server.sessions.all()].map(({ jid }) => jid.resource),
      ["balcony"],
    );
  },
);

binding(
  "RFC 3921 §3: an old client asks for a session once it is bound, and gets it",
  async (client) => {
    client.write(bindResource("balcony"));
    await boundJid(client);
    for (const to of ["", " to='example.org'"]) {
      client.write(`<iq type='set' id='s'${to}>${SESSION}</iq>`);
      assert.equal(await client.until("/>"), "<iq type='result' id='s'/>");
    }
    client.write(`<iq type='get' id='s'>${SESSION}</iq>`);
    await refused(client, "bad-request", "modify");
  },
);

binding(
  "RFC 6120 §10.5: an IQ for someone else is not the server's to answer, whatever is in it",
  async (client, stage) => {
    const juliet = await stage.login("juliet@example.org/chamber");
    client.write(bindResource("balcony"));
    await boundJid(client);
    client.write(`<iq type='set' id='s' to='juliet@example.org/chamber'>${SESSION}</iq>`);
    const iq = await juliet.element();
    assert.equal(iq.attr("from"), "romeo@example.org/balcony");
  },
);

binding(
  "RFC 6120 §7.7.2.2, resourceConflict replace: the new session takes the place of the old one",
  async (client, stage) => {
    const old = await stage.login("romeo@example.org/balcony");
    client.write(bindResource("balcony"));
    assert.equal(await boundJid(client), "romeo@example.org/balcony");
    const error = await old.element();
    assert.equal(error.child(NS.streamErrors)?.name, "conflict");
    client.write(rosterGet("p"));
    assert.match(await client.until("/>"), /type='result' id='p'/);
    assert.equal(stage.server.sessions.size, 1);
  },
);

binding(
  "RFC 6120 §7.7.2.2, resourceConflict rename: the new session gets another name",
  async (client, stage) => {
    const long = "😀".repeat(250);
    await stage.login(`romeo@example.org/${long}`);
    client.write(bindResource(long));
    const jid = await boundJid(client);
    assert.ok(jid.startsWith(`romeo@example.org/${"😀".repeat(200)}-`), jid);
    assert.equal(stage.server.sessions.size, 2);
  },
  { config: { auth: { requireTls: false, plainWithoutTls: true, resourceConflict: "rename" } } },
);

binding(
  "RFC 6120 §7.7.2.2, resourceConflict refuse: the old session stays, and the client may try again",
  async (client, stage) => {
    const old = await stage.login("romeo@example.org/balcony");
    client.write(bindResource("balcony"));
    await refused(client, "conflict", "cancel");
    client.write(bindResource("orchard"));
    assert.equal(await boundJid(client), "romeo@example.org/orchard");
    await old.sync();
    assert.equal(stage.server.sessions.size, 2);
  },
  { config: { auth: { requireTls: false, plainWithoutTls: true, resourceConflict: "refuse" } } },
);

binding(
  "RFC 6120 §7.6.2.1, the limit sessionsPerAccount: one session too many is refused; replacing is not one",
  async (client, stage) => {
    await stage.login("romeo@example.org/one");
    const two = await stage.login("romeo@example.org/two");
    await stage.login("juliet@example.org/one");
    client.write(bindResource("three"));
    await refused(client, "resource-constraint", "wait");
    client.write(bindResource("one"));
    assert.equal(await boundJid(client), "romeo@example.org/one");
    await two.close();
    const third = connect(stage);
    await third.login("romeo", "three");
    assert.equal(stage.server.sessions.size, 3);
  },
  { config: { limits: { sessionsPerAccount: 2 } } },
);

test("RFC 6120 §7: the account of a session is who authenticated, whatever the `from` of the request", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("juliet@example.org");
  const client = await authenticated(stage);
  client.write(`<iq type='set' id='b' from='juliet@example.org'><bind xmlns='${NS.bind}'/></iq>`);
  assert.match(await boundJid(client), /^romeo@example\.org\//);
});
