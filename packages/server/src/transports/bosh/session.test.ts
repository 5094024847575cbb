import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { XBOSH } from "./namespaces.ts";
import { BoshStage, bind, message, rosterGet, soFar, turns } from "./stage.test.ts";

const SM = "urn:xmpp:sm:3";
const JULIET = "juliet@example.org/chamber";

test("XEP-0124 §7, XEP-0206 §4: a session is agreed on, and begins with the features of a stream", async () => {
  await using stage = await BoshStage.start();
  const response = await stage.client().open({ wait: "30", ver: "1.6", "xml:lang": "de" });
  assert.equal(response.status, 200);
  assert.equal(response.headers?.["content-type"], "text/xml; charset=utf-8");
  const { body } = response;
  assert.match(body.attr("sid") ?? "", /^[\w-]{27}$/);
  const said = Object.fromEntries(
    ["wait", "hold", "requests", "ver", "polling", "inactivity", "maxpause", "ack", "from"].map(
      (name) => [name, body.attr(name)],
    ),
  );
  assert.deepEqual(said, {
    wait: "30",
    hold: "1",
    requests: "2",
    ver: "1.6",
    polling: "5",
    inactivity: "60",
    maxpause: "120",
    ack: "1000000",
    from: "example.org",
  });
  assert.equal(body.attr(`{${XBOSH}}version`), "1.0");
  assert.equal(body.attr(`{${XBOSH}}restartlogic`), "true");
  assert.match(response.text, /^<body [^>]*xmlns:stream='http:\/\/etherx\.jabber\.org\/streams'/);
  assert.match(response.text, /<stream:features>/);
  assert.ok(response.payload[0]?.child(NS.sasl, "mechanisms"));
});

test("XEP-0206 §5: login, restart and binding of a resource", async () => {
  await using stage = await BoshStage.start();
  await stage.stage.accounts("romeo@example.org");
  const romeo = stage.client();
  await romeo.open();
  await romeo.login("romeo", "balcony");
  assert.equal(stage.stage.server.sessions.size, 1);
  const roster = await romeo.send(rosterGet("r"));
  const [answer] = roster.payload;
  assert.ok(answer?.is(NS.client, "iq"));
  assert.equal(answer?.attr("id"), "r");
});

test("XEP-0124 §8: a request waits until there is something to say", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const waiting = juliet.send();
  assert.equal(await soFar(waiting), undefined);
  const sent = romeo.send(message(JULIET, "Hi &amp; bye"));
  const heard = await waiting;
  assert.equal(heard.payload[0]?.attr("from"), "romeo@example.org/balcony");
  assert.equal(heard.payload[0]?.child(NS.client, "body")?.text, "Hi & bye");
  assert.equal(await soFar(sent), undefined, "who has nothing to hear waits too");
});

test("XEP-0124 §8: what is said while nobody asks waits, in order, and comes with the next request", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const answers = [1, 2, 3].map((n) => message(JULIET, `${n}`));
  void romeo.send(answers.join(""));
  await turns();
  const heard = await juliet.send();
  const texts = heard.payload.map((stanza) => stanza.child(NS.client, "body")?.text);
  assert.deepEqual(texts, ["1", "2", "3"]);
});

test("XEP-0124 §7.1: after the time that a client gives a request has its empty response", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo", "balcony", { wait: "20" });
  const waiting = romeo.send();
  await turns();
  stage.stage.clock.advance(19_999);
  assert.equal(await soFar(waiting), undefined);
  stage.stage.clock.advance(1);
  assert.equal((await waiting).text, "<body xmlns='http://jabber.org/protocol/httpbind'/>");
});

test("XEP-0124 §3: a request that comes while one waits takes its place", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo");
  const first = romeo.send();
  assert.equal(await soFar(first), undefined);
  const second = romeo.send(message(JULIET, "Hi"));
  const response = await first;
  assert.equal(response.body.attr("ack"), `${romeo.rid - 1}`, "§9.1: both were received");
  assert.equal(response.end, "");
  void second;
});

test("XEP-0124 §14.2: requests are handled in the order of their IDs, whatever they come in", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const first = romeo.request(message(JULIET, "first"));
  const second = romeo.request(message(JULIET, "second"));
  const later = stage.post(second);
  assert.equal(await soFar(later), undefined);
  const earlier = stage.post(first);
  await earlier;
  const heard = await juliet.send();
  const texts = heard.payload.map((stanza) => stanza.child(NS.client, "body")?.text);
  assert.deepEqual(texts, ["first", "second"]);
});

test("XEP-0124 §14.3: a request that was answered is answered again with the same, and not handled", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const request = romeo.request(message(JULIET, "once") + rosterGet("r"));
  const response = await stage.post(request);
  const again = await stage.post(request);
  assert.equal(again.text, response.text);
  assert.match(again.text, /id='r'/);
  const heard = await juliet.send();
  assert.equal(heard.payload.length, 1);
  const more = juliet.send();
  assert.equal(await soFar(more), undefined);
});

test("XEP-0124 §14.3: a request that waits and comes again is answered there", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const request = juliet.request();
  const [first, second] = [stage.post(request), stage.post(request)];
  assert.equal(
    (await first).text,
    "<body xmlns='http://jabber.org/protocol/httpbind' type='error'/>",
  );
  assert.equal(await soFar(second), undefined);
  void romeo.send(message(JULIET, "Hi"));
  assert.equal((await second).payload[0]?.name, "message");
});

test("XEP-0124 §14.3: what is said when a waiting client is cut off waits until it comes back", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const cut = new AbortController();
  const request = juliet.request();
  void stage.post(request, { signal: cut.signal });
  await turns();
  cut.abort();
  void romeo.send(message(JULIET, "Hi"));
  await turns();
  const again = await stage.post(request);
  assert.equal(again.payload[0]?.child(NS.client, "body")?.text, "Hi");
});

test("XEP-0124 §14.3: a response that was lost underway is given again", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const request = juliet.request();
  void stage.post(request);
  void romeo.send(message(JULIET, "Hi"));
  await turns();
  assert.equal((await stage.post(request)).payload[0]?.name, "message");
  stage.stage.clock.advance(59_000);
  assert.equal((await stage.post(request)).payload[0]?.name, "message");
});

test("XEP-0124 §9.2: a client that misses a response is told so", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo", "balcony", { ack: "1" });
  const { rid } = romeo;
  await romeo.send(rosterGet("a"));
  stage.stage.clock.advance(1500);
  const told = await romeo.send("", { ack: `${rid - 1}` });
  assert.equal(told.body.attr("report"), `${rid}`);
  assert.equal(told.body.attr("time"), "1500");
  const next = romeo.send();
  assert.equal(await soFar(next), undefined, "who says nothing of it misses nothing");
});

test("XEP-0124 §10: a session without requests ends; its client finds none", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo");
  stage.stage.clock.advance(59_999);
  assert.equal(stage.stage.server.sessions.size, 1);
  stage.stage.clock.advance(1);
  assert.equal(stage.bosh.size, 0);
  await turns();
  assert.equal(stage.stage.server.sessions.size, 0);
  assert.equal((await romeo.send()).end, "terminate item-not-found");
});

test("XEP-0124 §10: messages for a client that is gone do not keep its session", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  for (let seconds = 0; seconds < 60; seconds += 20) {
    stage.stage.clock.advance(20_000);
    void romeo.send(message(JULIET, "Hi"));
    await turns();
  }
  assert.equal(stage.bosh.size, 1);
  assert.equal((await juliet.send()).end, "terminate item-not-found");
});

test("XEP-0124 §10: a request whose client went away does not keep the session either", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo");
  const cut = new AbortController();
  void romeo.send("", {}, { signal: cut.signal });
  await turns();
  stage.stage.clock.advance(30_000);
  cut.abort();
  await turns();
  stage.stage.clock.advance(59_999);
  await turns();
  assert.equal(stage.bosh.size, 1);
  stage.stage.clock.advance(1);
  assert.equal(stage.bosh.size, 0);
});

test("XEP-0124 §10: a client that announces a pause has it, once", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const waiting = juliet.send();
  const paused = juliet.send("", { pause: "120" });
  assert.deepEqual((await waiting).payload, []);
  assert.deepEqual((await paused).payload, []);
  void romeo.send(message(JULIET, "Hi"));
  await turns();
  stage.stage.clock.advance(119_000);
  assert.equal((await juliet.send()).payload[0]?.name, "message");
  stage.stage.clock.advance(60_000);
  assert.equal((await juliet.send()).end, "terminate item-not-found");
});

test("XEP-0124 §10: a longer pause than the session's is refused", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo");
  assert.equal((await romeo.send("", { pause: "121" })).end, "terminate policy-violation");
});

test("XEP-0124 §12: a client that polls is answered at once", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [
    await stage.login("romeo"),
    await stage.login("juliet", "chamber", { hold: "0" }),
  ];
  stage.stage.clock.advance(5000);
  assert.deepEqual((await juliet.send()).payload, []);
  void romeo.send(message(JULIET, "Hi"));
  stage.stage.clock.advance(5000);
  await turns();
  assert.equal((await juliet.send()).payload[0]?.name, "message");
  assert.equal(juliet.sid === "", false);
});

test("XEP-0124 §13: a client ends its session, and what it says last is heard", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const waiting = romeo.send();
  const gone = romeo.send(message(JULIET, "Good night"), { type: "terminate" });
  assert.equal((await waiting).end, "terminate");
  assert.equal((await gone).end, "");
  assert.equal((await juliet.send()).payload[0]?.name, "message");
  assert.equal(stage.bosh.size, 1);
  assert.equal((await romeo.send()).end, "terminate item-not-found");
});

test("XEP-0206 §6: the end of a stream is told with what came before it", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const waiting = juliet.send();
  void romeo.send(message(JULIET, "Hi"));
  await stage.stage.remove("juliet@example.org");
  const told = await waiting;
  const last = told.end === "" ? await juliet.send() : told;
  assert.equal(last.end, "terminate remote-stream-error");
  assert.ok(last.payload.at(-1)?.child(NS.streamErrors, "not-authorized"));
  assert.match(last.text, /<stream:error>/);
});

test("XEP-0124 §13: the end of a stream is told to a client that asks later, for a while", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  await stage.stage.remove("juliet@example.org");
  await stage.stage.remove("romeo@example.org");
  await turns();
  stage.stage.clock.advance(50_000);
  assert.equal((await juliet.send()).end, "terminate remote-stream-error");
  assert.equal((await juliet.send()).end, "terminate item-not-found");
  stage.stage.clock.advance(10_000);
  assert.equal((await romeo.send()).end, "terminate item-not-found");
  assert.equal(stage.bosh.size, 0);
});

test("XEP-0124 §17.2: domains that are not served, or not named, are told as such", async () => {
  await using stage = await BoshStage.start();
  const unknown = await stage.client().open({ to: "example.net" });
  assert.equal(unknown.end, "terminate host-unknown");
  const nowhere = await stage.client().open({ to: undefined });
  assert.equal(nowhere.end, "terminate improper-addressing");
  assert.equal(stage.bosh.size, 0);
});

test("XEP-0206 §2: stanzas without a namespace are of jabber:client", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const bare = `<message to='${JULIET}'><body>Hi</body><x xmlns='urn:x'><y/></x></message>`;
  void romeo.send(bare);
  await turns();
  const heard = await juliet.send();
  assert.equal(heard.payload[0]?.child(NS.client, "body")?.text, "Hi");
  assert.ok(heard.payload[0]?.child("urn:x", "x")?.child("urn:x", "y"));
});

test("XEP-0206 §5: what comes with a restart is ignored", async () => {
  await using stage = await BoshStage.start();
  await stage.stage.accounts("romeo@example.org");
  const romeo = stage.client();
  await romeo.open();
  const initial = Buffer.from("\0romeo\0pencil").toString("base64");
  await romeo.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${initial}</auth>`);
  const restarted = await romeo.send(bind("balcony"), { "xmpp:restart": "1", to: "example.org" });
  assert.deepEqual(
    restarted.payload.map((element) => element.name),
    ["features"],
  );
  assert.equal(stage.stage.server.sessions.size, 0);
});

test("XEP-0124 §7.1: responses are called what the client asks for, and run nothing", async () => {
  await using stage = await BoshStage.start();
  const response = await stage.client().open({ content: "text/html; charset=utf-8" });
  assert.equal(response.headers?.["content-type"], "text/html; charset=utf-8");
  assert.match(`${response.headers?.["content-security-policy"]}`, /default-src 'none'.*sandbox$/);
  assert.equal(response.headers?.["x-content-type-options"], "nosniff");
  assert.equal(response.headers?.["cache-control"], "no-store");
});

test("the end of the server is told to who waits", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo");
  const waiting = romeo.send();
  await turns();
  stage.bosh.stop();
  assert.equal((await stage.client().open()).end, "terminate system-shutdown");
  await stage.stage.server.stop();
  const told = await waiting;
  assert.equal(told.end, "terminate remote-stream-error");
  assert.ok(told.payload[0]?.child(NS.streamErrors, "system-shutdown"));
});

test("XEP-0198 §5: a session whose client was away too long goes on in another one of BOSH", async () => {
  await using stage = await BoshStage.start();
  const { clock } = stage.stage;
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  const [enabled] = (await juliet.send(`<enable xmlns='${SM}' resume='true'/>`)).payload;
  assert.equal(enabled?.name, "enabled");
  void romeo.send(message(JULIET, "Hi"));
  await turns();
  clock.advance(30_000);
  void romeo.send(rosterGet("r"));
  await turns();
  clock.advance(30_000);
  await turns();
  assert.equal((await juliet.send()).end, "terminate item-not-found");
  const again = stage.client();
  await again.open();
  const initial = Buffer.from("\0juliet\0pencil").toString("base64");
  await again.send(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${initial}</auth>`);
  await again.send("", { "xmpp:restart": "true" });
  const back = await again.send(`<resume xmlns='${SM}' previd='${enabled?.attr("id")}' h='0'/>`);
  assert.deepEqual(
    back.payload.map((element) => element.name).filter((name) => name !== "r"),
    ["resumed", "message"],
  );
});
