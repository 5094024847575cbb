import assert from "node:assert/strict";
import { test } from "node:test";
import { APP, chat, enables, error, JULIET, outcome, staged, whileAway } from "./stage.test.ts";

test("what can be no app server, and what is too long, is refused; nobody enables for others", async () => {
  const { stage } = await staged({ config: { limits: { pushRegistrationBytes: 300 } } });
  await using _ = stage;
  const juliet = await stage.login(`${JULIET}/phone`);
  assert.equal(await enables(juliet, "n".repeat(300)), "not-acceptable");
  const asks = async (to: string, jid: string): Promise<string> => {
    juliet.send(
      `<iq type='set' id='x' ${to}><enable xmlns='urn:xmpp:push:0' jid='${jid}' node='n'/></iq>`,
    );
    return outcome(await juliet.answer("x"));
  };
  assert.equal(await asks("", "example.org"), "not-acceptable");
  assert.equal(await asks("", "romeo@example.org"), "not-acceptable");
  assert.equal(await asks("", "a@b@c"), "jid-malformed");
  await stage.accounts("romeo@example.org");
  assert.equal(await asks("to='romeo@example.org'", APP), "service-unavailable");
  assert.equal(await asks("to='nobody@example.org'", APP), "service-unavailable");
});

test("the limit pushRegistrations bounds the places of an account: the oldest goes", async () => {
  const { stage, app } = await staged({ config: { limits: { pushRegistrations: 3 } } });
  await using _ = stage;
  const phone = await stage.login(`${JULIET}/phone`);
  for (const node of ["a", "b", "c", "a", "d"]) {
    stage.clock.advance(1000);
    assert.equal(await enables(phone, node), "result");
  }
  await phone.close();
  const romeo = await stage.login("romeo@example.org/orchard");
  romeo.send(chat());
  await romeo.sync();
  assert.deepEqual((await app.told()).map(({ node }) => node).toSorted(), ["a", "c", "d"]);
});

test("registrations without end leave as many places of an account as are allowed", async () => {
  const { stage, app } = await staged({ config: { limits: { c2sBytesPerSecond: 0 } } });
  await using _ = stage;
  const phone = await stage.login(`${JULIET}/phone`);
  for (let i = 0; i < 500; i++) {
    phone.send(
      `<iq type='set' id='e${i}'><enable xmlns='urn:xmpp:push:0' jid='${APP}' node='n${i}'/></iq>`,
    );
    if (i % 100 === 0) await phone.sync();
  }
  await phone.sync();
  await stage.settled();
  await phone.close();
  const romeo = await stage.login("romeo@example.org/orchard");
  romeo.send(chat());
  await romeo.sync();
  assert.equal((await app.told()).length, 20);
});

test(
  "XEP-0357 §7.1: an error ends a registration, unless it may pass",
  whileAway(async ({ stage, app, says }) => {
    for (const passing of [
      error("remote-server-timeout", "wait"),
      error("service-unavailable"),
      error("forbidden", "wait"),
    ]) {
      app.answer = passing;
      await says(chat());
      assert.equal((await app.told()).length, 1, passing);
      app.answer = "result";
      assert.equal((await app.passes(stage.clock, 60_000)).length, 1, passing); // again
    }
    app.answer = error("item-not-found");
    await says(chat());
    assert.equal((await app.told()).length, 1);
    app.answer = "result";
    assert.deepEqual(await app.passes(stage.clock, 60_000), []);
    await says(chat());
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "an app server that never answers is asked less and less, and after about a day not any more",
  whileAway(async ({ stage, app, says }) => {
    app.answer = "never";
    await says(...Array.from({ length: 50 }, () => chat()));
    const hours: number[] = [(await app.told()).length];
    for (let hour = 1; hour <= 26; hour++) {
      hours.push((await app.passes(stage.clock, 3_600_000)).length);
    }
    const [first = 0, second = 0, ...later] = hours;
    assert.equal(first, 1);
    assert.ok(second < 10, `${second}`);
    assert.ok(later.every((told) => told <= 2));
    assert.equal(
      hours.reduce((sum, told) => sum + told),
      30,
    );
    await says(chat());
    assert.deepEqual(await app.told(), []);
  }),
);

test(
  "answers that others give in the name of an app server count for nothing",
  whileAway(async ({ stage, app, romeo, says }) => {
    app.answer = "never";
    await says(chat());
    const [told] = await app.told();
    romeo.send(
      `<iq type='error' id='${told?.iq.attr("id")}' to='${JULIET}'>${error("item-not-found")}</iq>`,
    );
    await romeo.sync();
    app.answer = "result";
    assert.equal((await app.passes(stage.clock, 90_000)).length, 1);
  }),
);

test(
  "XEP-0357 §8: an app server withdraws a registration, a stranger does not",
  whileAway(async ({ stage, app, says }) => {
    const withdrawal = `<pubsub xmlns='http://jabber.org/protocol/pubsub' node='n1'>
      <affiliation jid='${JULIET}' affiliation='none'/></pubsub>`;
    await says(chat(withdrawal, "normal"));
    await says(chat());
    assert.equal((await app.told()).length, 1);
    const desk = await stage.login(`${JULIET}/desk`);
    desk.send("<presence/>");
    await desk.sync();
    desk.clear();
    app.client.write(`<message from='${APP}' to='${JULIET}'>${withdrawal}</message>`);
    await app.passes(stage.clock, 60_000);
    await says(chat());
    assert.deepEqual(await app.told(), []);
    const names = desk.queued.map((one) =>
      one !== "closed" && "ns" in one ? one.elements()[0]?.name : "",
    );
    assert.ok(!names.includes("pubsub"));
  }),
);

test("guests are not woken, and make the server reach for nobody (XEP-0175 §4)", async () => {
  const domains = [{ name: "example.org", auth: { guests: { enabled: true } } }];
  const { stage, app } = await staged({ config: { domains } });
  await using _ = stage;
  const guest = stage.connect();
  await guest.open("example.org");
  guest.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
  assert.equal((await guest.element()).name, "success");
  await guest.open("example.org");
  guest.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await guest.answer("b");
  assert.equal(await enables(guest), "forbidden");
  assert.deepEqual(await app.told(), []);
});
