import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NS, SM_NS } from "@rookery/protocol";
import { type Received, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { needing } from "../../modules/left-out.test.ts";
import { authenticated, type ManagedClient, managed, resumes } from "./stage.test.ts";

const ENABLE = `<enable xmlns='${SM_NS}' resume='true'/>`;

/** The clock may run without clients being asked whether they are there. */
const QUIET = { config: { limits: { idleSeconds: 0 } } };

function chat(to: string, text: string, type = "chat"): string {
  return `<message to='${to}' type='${type}' id='${text}'><body>${text}</body></message>`;
}

function bodyOf(element: Element): string {
  return element.child(NS.client, "body")?.text ?? "";
}

function isMessage(received: Received): boolean {
  return received !== "closed" && !("event" in received) && received.name === "message";
}

/** The bodies of the next messages. */
async function bodies(client: ManagedClient, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const stanza = await client.stanza();
    if (stanza.name === "message") texts.push(bodyOf(stanza));
  }
  return texts;
}

async function ends(client: ManagedClient, condition: string): Promise<void> {
  const error = await client.next();
  assert.equal(error.name, "error");
  assert.ok(error.child(NS.streamErrors, condition), error.elements()[0]?.name);
}

test("XEP-0198 §2, §3: it is offered once authenticated, and switched on once a resource is bound", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const client = await authenticated(stage, "romeo@example.org");
  client.write(ENABLE);
  const failed = await client.element();
  assert.ok(failed.is(SM_NS, "failed"));
  assert.ok(failed.child(NS.stanzaErrors, "unexpected-request"));
  client.write(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
  await client.element();
  client.write(ENABLE);
  const enabled = await client.element();
  assert.ok(enabled.is(SM_NS, "enabled"));
  assert.deepEqual([enabled.attr("resume"), enabled.attr("max")], ["true", "600"]);
  assert.ok((enabled.attr("id") ?? "").length >= 22, "nobody guesses it");
});

test("XEP-0198 §3: without resume there is nothing to come back to; a max below ours is kept", async () => {
  await using stage = await TestServer.start();
  const plain = await managed(stage, "romeo@example.org/a", `<enable xmlns='${SM_NS}'/>`);
  assert.equal(plain.id, "");
  const client = await stage.login("romeo@example.org/b");
  client.write(`<enable xmlns='${SM_NS}' resume='1' max='60'/>`);
  assert.equal((await client.element()).attr("max"), "60");
});

test("XEP-0198 §3: what is asked twice, too early or in no known way ends the stream or fails", async () => {
  await using stage = await TestServer.start();
  const twice = await managed(stage, "romeo@example.org/a");
  twice.client.write(ENABLE);
  await ends(twice, "policy-violation");
  const malformed = await stage.login("romeo@example.org/b");
  malformed.write(`<enable xmlns='${SM_NS}' resume='perhaps'/>`);
  assert.ok((await malformed.element()).child(NS.stanzaErrors, "bad-request"));
  malformed.write(`<a xmlns='${SM_NS}' h='0'/>`);
  assert.ok((await malformed.element()).child(NS.streamErrors, "unsupported-stanza-type"));
  const unknown = await managed(stage, "romeo@example.org/c");
  unknown.client.write(`<x xmlns='${SM_NS}'/>`);
  await ends(unknown, "unsupported-stanza-type");
  const wrong = await managed(stage, "romeo@example.org/d");
  wrong.client.write(`<a xmlns='${SM_NS}' h='-1'/>`);
  await ends(wrong, "undefined-condition");
});

test("XEP-0198 §4: h counts what is handled since it was switched on: stanzas of all kinds, refused ones too", async () => {
  await using stage = await TestServer.start();
  const romeo = await managed(stage, "romeo@example.org/a");
  assert.equal(await romeo.handled(), 0);
  romeo.client.write("<presence/>");
  romeo.client.write(chat("juliet@example.org", "nobody there"));
  romeo.client.write("<message to='@@'/>");
  romeo.client.write(`<iq type='get' id='p' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>`);
  romeo.client.write(`<iq type='set' id='s'><session xmlns='${NS.session}'/></iq>`);
  assert.equal(await romeo.handled(), 5);
  await romeo.client.sync();
  romeo.client.clear();
  romeo.client.write(`<a xmlns='${SM_NS}' h='3'/><a xmlns='${SM_NS}' h='2'/>`);
  await ends(romeo, "undefined-condition");
});

test("XEP-0198 §6: who acknowledges more than it was sent is told how much that was", async () => {
  await using stage = await TestServer.start();
  const romeo = await managed(stage, "romeo@example.org/a");
  romeo.client.write(`<a xmlns='${SM_NS}' h='7'/>`);
  const error = await romeo.next();
  const told = error.child(SM_NS, "handled-count-too-high");
  assert.deepEqual([told?.attr("h"), told?.attr("send-count")], ["7", "0"]);
});

test("XEP-0198 §5: a client that comes back gets what it missed, in order, and what it had said is counted", async () => {
  await using stage = await TestServer.start();
  const juliet = await managed(stage, "juliet@example.org/phone");
  const romeo = await managed(stage, "romeo@example.org/a");
  juliet.client.write("<presence/>");
  await juliet.stanza();
  romeo.client.write(chat("juliet@example.org", "one"));
  assert.deepEqual(await bodies(juliet, 1), ["one"]);
  juliet.client.write(chat("romeo@example.org/a", "answer"));
  assert.deepEqual(await bodies(romeo, 1), ["answer"]);
  juliet.client.cut();
  for (const text of ["two", "three"]) romeo.client.write(chat("juliet@example.org", text));
  assert.equal(await romeo.handled(), 3, "the sender's are handled although nobody is there");
  const { answer, client } = await resumes(stage, "juliet@example.org", juliet);
  assert.ok(answer.is(SM_NS, "resumed"));
  assert.deepEqual([answer.attr("previd"), answer.attr("h")], [juliet.id, "2"]);
  assert.deepEqual(await bodies(client, 2), ["two", "three"]);
  client.client.write(chat("romeo@example.org/a", "back"));
  assert.deepEqual(await bodies(romeo, 1), ["back"]);
  assert.equal(await client.handled(), 3, "the count goes on");
});

test("XEP-0198 §5: 1,000 messages in flight when the connection breaks: none lost, none doubled, in order", async () => {
  await using stage = await TestServer.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
  let juliet = await managed(stage, "juliet@example.org/phone");
  const romeo = await managed(stage, "romeo@example.org/a");
  juliet.client.write("<presence/>");
  await juliet.stanza();
  const got: string[] = [];
  for (let n = 0; n < 1000; n++) {
    romeo.client.write(chat("juliet@example.org", String(n)));
    if (n % 250 !== 125) continue;
    await romeo.client.sync();
    got.push(...(await bodies(juliet, 100)));
    if (n % 500 === 125) juliet.acknowledge();
    juliet.client.cut();
    const back = await resumes(stage, "juliet@example.org", juliet);
    assert.equal(back.answer.name, "resumed");
    juliet = back.client;
  }
  got.push(...(await bodies(juliet, 1000 - got.length)));
  assert.deepEqual(
    got,
    Array.from({ length: 1000 }, (_, n) => String(n)),
  );
  await juliet.client.sync();
  assert.deepEqual(juliet.client.queued, [], "nothing comes after them");
});

test("XEP-0198 §5: the old stream is closed with conflict if it is still there, and the session goes on", async () => {
  await using stage = await TestServer.start();
  const old = await managed(stage, "juliet@example.org/phone");
  old.client.write("<presence/>");
  await old.stanza();
  const { answer, client } = await resumes(stage, "juliet@example.org", old);
  assert.equal(answer.name, "resumed");
  await ends(old, "conflict");
  old.client.write("</stream:stream>"); // an answer to our closing says nothing of the session
  const romeo = await stage.login("romeo@example.org/a");
  romeo.write(chat("juliet@example.org", "still there"));
  assert.deepEqual(await bodies(client, 1), ["still there"]);
});

test("XEP-0198 §7: a client that closes its stream ends its session; one that answers our closing does not", async () => {
  await using stage = await TestServer.start();
  const left = await managed(stage, "juliet@example.org/left");
  await left.client.close();
  const gone = await resumes(stage, "juliet@example.org", left);
  assert.ok(gone.answer.is(SM_NS, "failed"));
  const wrong = await managed(stage, "juliet@example.org/wrong");
  wrong.client.write("<oops/>");
  await ends(wrong, "unsupported-stanza-type");
  await wrong.client.close();
  const back = await resumes(stage, "juliet@example.org", wrong);
  assert.equal(back.answer.name, "resumed");
});

test("SECURITY: nobody resumes the session of another account, nor one that ended", async () => {
  await using stage = await TestServer.start();
  const juliet = await managed(stage, "juliet@example.org/phone");
  await stage.accounts("tybalt@example.org");
  juliet.client.cut();
  const tybalt = await resumes(stage, "tybalt@example.org", juliet);
  assert.ok(tybalt.answer.is(SM_NS, "failed"));
  assert.ok(tybalt.answer.child(NS.stanzaErrors, "item-not-found"));
  assert.equal(tybalt.answer.attr("h"), undefined);
  tybalt.client.client.write(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
  assert.equal(
    (await tybalt.client.client.element()).attr("type"),
    "result",
    "it may bind instead",
  );
  stage.clock.advance(601_000);
  const late = await resumes(stage, "juliet@example.org", juliet);
  assert.ok(late.answer.is(SM_NS, "failed"));
});

test("XEP-0198 §5: a session that timed out is not found, and its client learns how much it had said", async () => {
  await using stage = await TestServer.start();
  const juliet = await managed(stage, "juliet@example.org/phone");
  juliet.client.write("<presence/><presence/>");
  assert.equal(await juliet.handled(), 2);
  juliet.client.cut();
  await stage.settled();
  stage.clock.advance(601_000);
  const { answer } = await resumes(stage, "juliet@example.org", juliet);
  assert.ok(answer.child(NS.stanzaErrors, "item-not-found"));
  assert.equal(answer.attr("h"), "2");
});

/** What the contacts of an account learn, and what becomes of what was sent to it, when it times out. */
test(
  "XEP-0198 §4: what a lost session had not acknowledged goes to another resource, once",
  needing("offline"),
  async () => {
    await using stage = await TestServer.start(QUIET);
    const phone = await managed(stage, "juliet@example.org/phone");
    const laptop = await managed(stage, "juliet@example.org/laptop");
    phone.client.write("<presence><priority>5</priority></presence>");
    laptop.client.write("<presence/>");
    await phone.handled();
    await laptop.handled();
    const romeo = await managed(stage, "romeo@example.org/a");
    romeo.client.write(chat("juliet@example.org", "seen"));
    assert.deepEqual(await bodies(phone, 1), ["seen"]);
    phone.acknowledge();
    await phone.handled();
    phone.client.cut();
    romeo.client.write(chat("juliet@example.org", "kept"));
    romeo.client.write(
      `<message to='juliet@example.org' type='chat'><body>not kept</body><no-store xmlns='urn:xmpp:hints'/></message>`,
    );
    romeo.client.write(
      `<iq type='get' id='v' to='juliet@example.org/phone'><query xmlns='jabber:iq:version'/></iq>`,
    );
    await romeo.handled();
    stage.clock.advance(601_000);
    await stage.settled();
    const got = await bodies(laptop, 2);
    assert.deepEqual(got.toSorted(), ["kept", "not kept"]);
    const answer = await romeo.stanza();
    assert.deepEqual([answer.name, answer.attr("type"), answer.attr("id")], ["iq", "error", "v"]);
    await stage.settled();
    assert.deepEqual(laptop.client.queued.filter(isMessage), []);
  },
);

test(
  "XEP-0198 §4: with no other resource it waits for the next one, with the time it came at, once",
  needing("offline"),
  async () => {
    await using stage = await TestServer.start(QUIET);
    const phone = await managed(stage, "juliet@example.org/phone");
    phone.client.write("<presence/>");
    await phone.stanza();
    const romeo = await managed(stage, "romeo@example.org/a");
    romeo.client.write(chat("juliet@example.org", "one"));
    await bodies(phone, 1);
    phone.client.cut(); // it had it, and has not said so
    await stage.settled();
    romeo.client.write(chat("juliet@example.org", "two"));
    romeo.client.write(
      `<message to='juliet@example.org' type='chat'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>`,
    );
    await romeo.handled();
    stage.clock.advance(601_000);
    const bounced = await romeo.stanza();
    assert.deepEqual(
      [bounced.name, bounced.attr("type")],
      ["message", "error"],
      "it may not be kept",
    );
    for (const expected of [["one", "two"], []]) {
      const next = await managed(stage, "juliet@example.org/next");
      next.client.write("<presence/>");
      await next.stanza();
      for (const text of expected) {
        const message = await next.stanza();
        assert.equal(bodyOf(message), text);
        assert.ok(message.child("urn:xmpp:delay", "delay"));
      }
      next.acknowledge();
      await next.client.sync();
      assert.deepEqual(next.client.queued.filter(isMessage), []);
      await next.client.close();
    }
  },
);

test("XEP-0198 §5: contacts see a session that is away as available, and learn when it has timed out", async () => {
  await using stage = await TestServer.start(QUIET);
  const romeo = await stage.login("romeo@example.org/a");
  const juliet = await managed(stage, "juliet@example.org/phone");
  juliet.client.write("<presence to='romeo@example.org/a'/>");
  assert.equal((await romeo.element()).name, "presence");
  juliet.client.cut();
  await stage.settled();
  assert.deepEqual(romeo.queued, []);
  stage.clock.advance(601_000);
  let heard = await romeo.element();
  while (heard.name !== "presence") heard = await romeo.element();
  assert.equal(heard.attr("type"), "unavailable");
});

test(
  "a new session takes the resource of one that is away, and gets what that one missed",
  needing("offline"),
  async () => {
    await using stage = await TestServer.start();
    const phone = await managed(stage, "juliet@example.org/phone");
    phone.client.write("<presence/>");
    await phone.stanza();
    phone.client.cut();
    const romeo = await managed(stage, "romeo@example.org/a");
    romeo.client.write(chat("juliet@example.org", "one"));
    await romeo.handled();
    const again = await managed(stage, "juliet@example.org/phone");
    again.client.write("<presence/>");
    assert.deepEqual(await bodies(again, 1), ["one"]);
    const { answer } = await resumes(stage, "juliet@example.org", phone);
    assert.ok(answer.is(SM_NS, "failed"));
  },
);

test("the limit resumeSeconds of 0: sessions are acknowledged, and end with their streams", async () => {
  await using stage = await TestServer.start({ config: { limits: { resumeSeconds: 0 } } });
  const romeo = await managed(stage, "romeo@example.org/a");
  assert.equal(romeo.id, "");
  romeo.client.write("<presence/>");
  assert.equal(await romeo.handled(), 1);
  romeo.client.cut();
  await stage.settled();
  assert.equal(stage.server.sessions.size, 0);
});

test(
  "the limit unackedBytes: a session that is away ends when too much waits, and nothing kept is lost",
  needing("offline"),
  async () => {
    await using stage = await TestServer.start({
      config: { limits: { unackedBytes: 65_536, c2sBytesPerSecond: 0 } },
    });
    const phone = await managed(stage, "juliet@example.org/phone");
    phone.client.write("<presence/>");
    await phone.stanza();
    phone.client.cut();
    const romeo = await managed(stage, "romeo@example.org/a");
    const long = "x".repeat(10_000);
    for (let n = 0; n < 10; n++) romeo.client.write(chat("juliet@example.org", `${n}${long}`));
    assert.equal(await romeo.handled(), 10);
    await stage.settled();
    assert.equal(stage.server.sessions.size, 1, "romeo's alone");
    const next = await stage.login("juliet@example.org/next");
    next.write("<presence/>");
    await next.element();
    for (let n = 0; n < 10; n++) assert.equal(bodyOf(await next.element()).charAt(0), String(n));
  },
);

test("the limit hibernatedBytes: the session that is away longest ends first", async () => {
  await using stage = await TestServer.start({
    config: { limits: { hibernatedBytes: 1_048_576, c2sBytesPerSecond: 0 } },
  });
  const romeo = await managed(stage, "romeo@example.org/a");
  const long = "x".repeat(100_000);
  for (const resource of ["old", "new"]) {
    const phone = await managed(stage, `juliet@example.org/${resource}`);
    phone.client.write("<presence/>");
    await phone.client.sync();
    phone.client.cut();
    for (let n = 0; n < 6; n++) {
      romeo.client.write(
        `<message to='juliet@example.org/${resource}' type='chat'><body>${long}</body></message>`,
      );
    }
    await romeo.handled();
  }
  await stage.settled();
  const left = [...stage.server.sessions.all()].map(({ jid }) => jid.resource);
  assert.deepEqual(left.toSorted(), ["a", "new"]);
});

test("XEP-0198 §5: sessions wait for their clients over a restart of the server", async () => {
  const data = mkdtempSync(join(tmpdir(), "rookery-resume-"));
  const config = { storage: "sqlite", data } as const;
  try {
    let phone: ManagedClient;
    let romeo: ManagedClient;
    {
      await using stage = await TestServer.start({ config });
      phone = await managed(stage, "juliet@example.org/phone");
      phone.client.write("<presence><show>away</show></presence>");
      await phone.stanza();
      romeo = await managed(stage, "romeo@example.org/a");
      romeo.client.write("<presence/>");
      await romeo.stanza();
      phone.client.cut();
      for (const text of ["one", "two"]) romeo.client.write(chat("juliet@example.org", text));
      assert.equal(await romeo.handled(), 3);
    }
    await using stage = await TestServer.start({ config });
    assert.equal(stage.server.sessions.size, 2, "both are back before their clients are");
    const { answer, client } = await resumes(stage, "romeo@example.org", romeo);
    assert.deepEqual([answer.name, answer.attr("h")], ["resumed", "3"]);
    client.client.write(chat("juliet@example.org", "three"));
    assert.equal(await client.handled(), 4);
    const back = await resumes(stage, "juliet@example.org", phone);
    assert.equal(back.answer.name, "resumed");
    assert.deepEqual(await bodies(back.client, 3), ["one", "two", "three"]);
    back.client.acknowledge();
    await back.client.client.sync();
    await back.client.client.close();
    const next = await managed(stage, "juliet@example.org/next");
    next.client.write("<presence/>");
    assert.equal((await next.stanza()).name, "presence");
    await next.client.sync();
    assert.deepEqual(
      next.client.queued.filter(isMessage),
      [],
      "what was resumed is not handed over once more",
    );
  } finally {
    rmSync(data, { recursive: true });
  }
});
