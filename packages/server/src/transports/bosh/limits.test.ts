import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { HTTPBIND } from "./namespaces.ts";
import { BoshStage, message, type Response, rosterGet, soFar, turns } from "./stage.test.ts";

const JULIET = "juliet@example.org/chamber";
const KB = 1024;

/** A server with Juliet on it, who must not notice, and Romeo, who is logged in and misbehaves. */
async function misbehaving(
  play: (romeo: Awaited<ReturnType<BoshStage["login"]>>, stage: BoshStage) => Promise<void>,
): Promise<void> {
  await using stage = await BoshStage.start();
  const juliet = await stage.login("juliet", "chamber");
  const romeo = await stage.login("romeo");
  await play(romeo, stage);
  const answer = await juliet.send(rosterGet("r"));
  assert.deepEqual(
    answer.payload.map((stanza) => stanza.attr("id")),
    ["r"],
  );
}

test("XEP-0124 §18.3: a session ID that was guessed is no session, whoever asks", async () => {
  await misbehaving(async (romeo, stage) => {
    for (const sid of ["", "0", romeo.sid.slice(1), `${romeo.sid}0`, "__proto__", "constructor"]) {
      const guess = `<body xmlns='${HTTPBIND}' rid='${romeo.rid}' sid='${sid}'/>`;
      assert.equal((await stage.post(guess)).end, "terminate item-not-found", sid);
    }
    assert.equal((await romeo.send(rosterGet("r"))).end, "", "the session goes on");
  });
});

test("XEP-0124 §14.3: another request with an ID that was used ends the session, and is not handled", async () => {
  for (const answered of [true, false]) {
    await misbehaving(async (romeo, stage) => {
      const request = romeo.request(answered ? rosterGet("r") : "");
      const first = stage.post(request);
      await soFar(first);
      const forged = request.replace("</body>", `${message(JULIET, "forged")}</body>`);
      assert.equal((await stage.post(forged)).end, "terminate item-not-found");
      assert.equal(stage.bosh.size, 1);
    });
  }
});

test("XEP-0124 §14.2: a request ID beyond the window ends the session", async () => {
  for (const ahead of [2, 3, 1000, 2 ** 40]) {
    await misbehaving(async (romeo, stage) => {
      const waiting = romeo.send();
      await turns();
      romeo.rid += ahead;
      const response = await romeo.send(message(JULIET, "far"));
      assert.equal(response.end, "terminate item-not-found");
      assert.equal((await waiting).end, "terminate other-request");
      assert.equal(stage.bosh.size, 1);
    });
  }
});

test("XEP-0124 §14.2: the window has as many request IDs as may be unanswered", async () => {
  await misbehaving(async (romeo) => {
    romeo.rid++;
    const early = romeo.send(rosterGet("second"));
    assert.equal(await soFar(early), undefined);
    romeo.rid -= 2;
    const response = await romeo.send(rosterGet("first"));
    assert.equal(response.payload[0]?.attr("id"), "first");
  });
});

test("XEP-0124 §14.3: a response that is no longer kept is not found", async () => {
  await misbehaving(async (romeo, stage) => {
    const old = romeo.request(rosterGet("old"));
    await stage.post(old);
    for (let i = 0; i < 3; i++) await romeo.send(rosterGet(`r${i}`));
    assert.equal((await stage.post(old)).end, "terminate item-not-found");
  });
});

test("XEP-0124 §14.3: a request that is repeated again and again ends the session", async () => {
  for (const content of [rosterGet("r"), ""]) {
    await misbehaving(async (romeo, stage) => {
      const request = romeo.request(content);
      const responses: Promise<Response>[] = [];
      for (let i = 0; i < 12; i++) responses.push(stage.post(request));
      const ends = (await Promise.all(responses)).map((response) => response.end);
      assert.ok(ends.includes("terminate policy-violation"), ends.join());
      assert.equal(stage.bosh.size, 1);
    });
  }
});

test("XEP-0124 §14.1: a request without a possible ID ends the session", async () => {
  for (const rid of [undefined, "", "0", "-1", "1.5", "1e3", "9007199254740992", "x", " 7"]) {
    await misbehaving(async (romeo) => {
      assert.equal((await romeo.send("", { rid })).end, "terminate bad-request", `${rid}`);
    });
  }
});

test("XEP-0124 §11: a thousand requests at once are too many, and few of them are kept", async () => {
  await misbehaving(async (romeo, stage) => {
    const responses = Array.from({ length: 1000 }, () => romeo.send(rosterGet("r")));
    const ends = (await Promise.all(responses)).map((response) => response.end);
    assert.equal(ends.filter((end) => end === "terminate policy-violation").length, 1);
    assert.ok(ends.every((end) => end.startsWith("terminate ")));
    assert.equal(stage.bosh.size, 1);
  });
});

test("XEP-0124 §11: one request more is possible to leave, or to be away", async () => {
  for (const attrs of [{ type: "terminate" }, { pause: "10" }]) {
    await using stage = await BoshStage.start();
    const { promise, resolve } = Promise.withResolvers<void>();
    const romeo = await stage.login("romeo");
    const host = stage.stage.server.host("example.org");
    const original = host.send.bind(host);
    host.send = (session, stanza) => promise.then(() => original(session, stanza));
    const waiting = [romeo.send(message(JULIET, "1")), romeo.send(message(JULIET, "2"))];
    await turns();
    const last = romeo.send("", attrs);
    assert.equal(await soFar(last), undefined);
    resolve();
    for (const response of await Promise.all([...waiting, last])) {
      assert.notEqual(response.end, "terminate policy-violation");
    }
  }
});

test("XEP-0124 §11: empty requests one upon the other end the session; slow ones do not", async () => {
  await misbehaving(async (romeo, stage) => {
    const first = romeo.send();
    await turns();
    stage.stage.clock.advance(5000);
    const second = romeo.send();
    assert.equal((await first).end, "");
    stage.stage.clock.advance(4999);
    assert.equal((await romeo.send()).end, "terminate policy-violation");
    assert.equal((await second).end, "terminate other-request");
  });
});

test("XEP-0124 §12: a client that polls too often loses its session", async () => {
  await using stage = await BoshStage.start();
  const romeo = await stage.login("romeo", "balcony", { wait: "0" });
  assert.equal((await romeo.send()).end, "");
  stage.stage.clock.advance(5000);
  assert.equal((await romeo.send()).end, "");
  stage.stage.clock.advance(4999);
  assert.equal((await romeo.send()).end, "terminate policy-violation");
});

test("XEP-0124 §7: what a client asks for is clamped", async () => {
  await using stage = await BoshStage.start();
  const huge = "9".repeat(300);
  const { body } = await stage.client().open({ wait: huge, hold: huge, ver: "99.99" });
  assert.equal(body.attr("wait"), "60");
  assert.equal(body.attr("hold"), "2");
  assert.equal(body.attr("requests"), "3");
  assert.equal(body.attr("ver"), "1.11");
  const bare = await stage.client().open({ wait: undefined, hold: undefined });
  assert.equal(bare.body.attr("wait"), "60");
  assert.equal(bare.body.attr("hold"), "1");
});

test("the limits boshWaitSeconds, boshInactivitySeconds, boshPauseSeconds and boshPollSeconds", async () => {
  const limits = {
    boshWaitSeconds: 7,
    boshInactivitySeconds: 8,
    boshPauseSeconds: 9,
    boshPollSeconds: 3,
  };
  await using stage = await BoshStage.start({ config: { limits } });
  const { body } = await stage.client().open();
  const said = ["wait", "inactivity", "maxpause", "polling"].map((name) => body.attr(name));
  assert.deepEqual(said, ["7", "8", "9", "3"]);
  const polls = await stage.client().open({ hold: "0" });
  assert.equal(polls.body.attr("inactivity"), "22", "§12: longer than usual");
  stage.stage.clock.advance(8000);
  assert.equal(stage.bosh.size, 1);
});

test("XEP-0124 §17: what is asked for wrongly begins no session", async () => {
  await using stage = await BoshStage.start();
  const wrong: readonly { readonly [name: string]: string }[] = [
    { rid: "x" },
    { rid: "9007199254740992" },
    { wait: "-1" },
    { wait: "ten" },
    { hold: "1.5" },
    { ver: "one" },
    { ver: "0.9" },
    { content: "text/html\r\nSet-Cookie: a=b" },
    { content: "text/xml; charset=utf-7" },
    { newkey: "abc" },
  ];
  for (const attrs of wrong) {
    const response = await stage.client().open(attrs);
    assert.match(response.end, /^terminate (bad-request|item-not-found)$/, JSON.stringify(attrs));
  }
  assert.equal(stage.bosh.size, 0);
});

test("XEP-0124 §17.1: clients from before versions are told by the codes of HTTP", async () => {
  await using stage = await BoshStage.start();
  const refused = await stage.client().open({ ver: undefined, wait: "x" });
  assert.equal(refused.status, 400);
  const romeo = await stage.login("romeo", "balcony", { ver: undefined });
  romeo.rid += 100;
  assert.equal((await romeo.send()).status, 404);
  const juliet = await stage.login("juliet", "balcony", { ver: undefined });
  assert.equal((await juliet.send("", { pause: "1000" })).status, 403);
});

test("XEP-0124 §16: a second stream is refused, and a session has one", async () => {
  await misbehaving(async (romeo) => {
    const response = await romeo.send("", { stream: "another" });
    assert.equal(response.end, "terminate item-not-found");
  });
  await misbehaving(async (romeo) => {
    const ignored = romeo.send("", { to: "example.org" });
    assert.equal(await soFar(ignored), undefined, "§16.3: as if it did not ask");
  });
});

function keys(count: number, seed: string): string[] {
  const all = [seed];
  for (let i = 0; i < count; i++) {
    all.push(
      createHash("sha1")
        .update(all.at(-1) ?? "")
        .digest("hex"),
    );
  }
  return all.slice(1);
}

test("XEP-0124 §15: who begins with keys has to go on with them, and may begin with others", async () => {
  await using stage = await BoshStage.start();
  await stage.stage.accounts("romeo@example.org");
  const [old, fresh] = [keys(3, "seed"), keys(9, "other seed")];
  const romeo = stage.client();
  await romeo.open({ newkey: old.pop()?.toUpperCase() ?? "" });
  await romeo.login("romeo", "balcony", () => {
    const key = (old.length > 0 ? old : fresh).pop() ?? "";
    return old.length === 0 && fresh.length === 9 ? { key, newkey: fresh.pop() ?? "" } : { key };
  });
  assert.equal(stage.stage.server.sessions.size, 1);
  assert.equal((await romeo.send(rosterGet("r"), { key: fresh.pop() ?? "" })).end, "");
  const wrong = await romeo.send(message(JULIET, "forged"), { key: fresh[0] ?? "" });
  assert.equal(wrong.end, "terminate item-not-found");
  await turns();
  assert.equal(stage.stage.server.sessions.size, 0);
});

test("XEP-0124 §15: a request without its key ends the session", async () => {
  await using stage = await BoshStage.start();
  const romeo = stage.client();
  await romeo.open({ newkey: keys(3, "seed").at(-1) ?? "" });
  assert.equal((await romeo.send("")).end, "terminate item-not-found");
  assert.equal(stage.bosh.size, 0);
});

test("XEP-0124 §18.1: what began over TLS goes on over TLS; who comes without does not end it", async () => {
  await using stage = await BoshStage.start();
  const romeo = stage.client();
  await romeo.open({}, { secure: true });
  const request = romeo.request();
  assert.equal((await stage.post(request)).status, 403);
  const response = stage.post(request, { secure: true });
  assert.equal(await soFar(response), undefined);
  assert.equal(stage.bosh.size, 1);
});

test("the limits boshSessions and boshSessionsPerAddress bound sessions, not other people's", async () => {
  const limits = { boshSessions: 5, boshSessionsPerAddress: 3 };
  await using stage = await BoshStage.start({ config: { limits } });
  const begin = async (address: string): Promise<string> => {
    const response = await stage.client().open({}, { address });
    return response.end;
  };
  const full = "terminate policy-violation";
  for (let i = 0; i < 3; i++) assert.equal(await begin("192.0.2.1"), "");
  assert.equal(await begin("192.0.2.1"), full);
  assert.equal(await begin("2001:db8::1"), "");
  assert.equal(await begin("192.0.2.2"), "");
  assert.equal(await begin("192.0.2.3"), full);
  stage.stage.clock.advance(60_000);
  assert.equal(stage.bosh.size, 0);
  assert.equal(await begin("192.0.2.1"), "");
});

test("a session that does not log in ends in time, whatever is asked", async () => {
  await using stage = await BoshStage.start();
  const romeo = stage.client();
  await romeo.open();
  for (let seconds = 0; seconds < 60; seconds += 10) {
    const waiting = romeo.send();
    await turns();
    stage.stage.clock.advance(10_000);
    const response = await soFar(waiting);
    if (response === undefined) continue;
    if (response.end === "") continue;
    assert.equal(response.end, "terminate remote-stream-error");
    assert.ok(response.payload[0]?.child(NS.streamErrors, "connection-timeout"));
    return;
  }
  assert.fail("it did not end");
});

test("the limit c2sBytesPerSecond: a client that sends too fast waits for its responses", async () => {
  const limits = { c2sBytesPerSecond: 1000, c2sBurstBytes: 10_000 };
  await using stage = await BoshStage.start({ config: { limits } });
  const romeo = await stage.login("romeo", "balcony", { hold: "0" });
  const response = romeo.send(message(JULIET, "x".repeat(30_000)));
  assert.equal(await soFar(response), undefined);
  stage.stage.clock.advance(19_000);
  assert.equal(await soFar(response), undefined);
  stage.stage.clock.advance(4000);
  assert.equal((await response).end, "");
});

test("the limit sendQueueBytes: a client that asks for nothing is disconnected when too much waits", async () => {
  const limits = { sendQueueBytes: 300 * KB, c2sBytesPerSecond: 0 };
  await using stage = await BoshStage.start({ config: { limits } });
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  for (let i = 0; i < 50; i++) {
    await romeo.send(message(JULIET, "x".repeat(10 * KB)) + rosterGet(`${i}`));
  }
  const last = await juliet.send();
  assert.equal(last.end, "terminate remote-stream-error");
  assert.ok(last.payload.at(-1)?.child(NS.streamErrors, "resource-constraint"));
  assert.ok(last.text.length < 400 * KB, "what waits is bounded");
});

test("who asks much gets it in pieces, and is asked to take them before more is handled", async () => {
  const limits = { sendQueueBytes: 1024 * KB, c2sBytesPerSecond: 0 };
  await using stage = await BoshStage.start({ config: { limits } });
  const romeo = await stage.login("romeo");
  const question = `<iq xmlns='${NS.client}' type='get' id='q' to='example.org'><query xmlns='urn:example:unknown'/></iq>`;
  const most = Math.floor((600 * KB) / question.length);
  let answers = 0;
  let responses = 0;
  for (; responses < 200 && answers < 2 * most; responses++) {
    const response = await romeo.send(responses < 2 ? question.repeat(most) : "");
    assert.ok(response.text.length < 300 * KB, `${response.text.length}`);
    answers += response.payload.length;
    stage.stage.clock.advance(1000);
  }
  assert.equal(answers, 2 * most);
  assert.ok(responses > 4);
});
