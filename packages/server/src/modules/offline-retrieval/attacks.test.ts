import assert from "node:assert/strict";
import { test } from "node:test";
import { discoInfo, discoItems, OFFLINE_NS } from "@rookery/protocol";
import { befriend, conversation } from "@rookery/testkit";
import {
  cast,
  count,
  DONE,
  isHanded,
  julietComes,
  messagesTo,
  nodes,
  offlineIq,
  PLACES,
  refusal,
  wait,
} from "./retrieval-scene.test.ts";

const both = { ...cast, juliet: "juliet@example.org/chamber" } as const;

test(
  "XEP-0013 §5: nobody but its owner sees or removes what waits for an account",
  conversation(both, async ({ romeo, juliet }) => {
    const attempts = [
      offlineIq("get", "<fetch/>", "juliet@example.org"),
      offlineIq("get", "<item action='view' node='x'/>", "juliet@example.org"),
      offlineIq("set", "<purge/>", "juliet@example.org"),
      offlineIq("set", "<item action='remove' node='x'/>", "juliet@example.org"),
    ];
    // as if there were no such account
    for (const attempt of attempts) {
      const unknown = await romeo.asks(attempt.replace("juliet@", "nobody@"));
      const answer = await romeo.asks(attempt, refusal("cancel", "service-unavailable"));
      assert.deepEqual(answer.children.slice(1), unknown.children.slice(1));
    }
    await romeo.comesOnline();
    await juliet.comesOnline();
    await befriend(romeo, juliet);
    for (const attempt of attempts) await romeo.asks(attempt, refusal("auth", "forbidden"));
    for (const { ns } of [discoInfo, discoItems]) {
      const answer = await romeo.asks(
        `<iq type='get' id='d1' to='juliet@example.org'><query xmlns='${ns}' node='${OFFLINE_NS}'/></iq>`,
      );
      const error = answer.child("jabber:client", "error");
      assert.ok(error?.child("urn:ietf:params:xml:ns:xmpp-stanzas", "forbidden"));
    }
  }),
);

test(
  "XEP-0013 §2.4, §2.5: what is shown is asked for by get, what is removed by set",
  conversation(both, async ({ juliet }) => {
    const wrong = refusal("modify", "bad-request");
    await juliet.asks(offlineIq("set", "<fetch/>"), wrong);
    await juliet.asks(offlineIq("set", "<item action='view' node='x'/>"), wrong);
    await juliet.asks(offlineIq("get", "<purge/>"), wrong);
    await juliet.asks(offlineIq("get", "<item action='remove' node='x'/>"), wrong);
  }),
);

for (const { place, modules } of PLACES) {
  test(
    `SECURITY: the limit offlineHeaders bounds one list; those after it are shown next, from ${place}`,
    conversation(
      cast,
      async ({ romeo, stage }) => {
        const texts = Array.from({ length: 12 }, (_, n) => `message ${n}`);
        await wait(stage, romeo, ...texts);
        const juliet = await julietComes(stage);
        assert.equal(await count(juliet), 10);
        const first = await nodes(juliet);
        assert.equal(first.length, 10);
        const items = first.map((node) => `<item action='remove' node='${node}'/>`).join("");
        await juliet.asks(offlineIq("set", items), DONE);
        assert.equal(await count(juliet), 2);
        await juliet.leaves();
        await isHanded(await julietComes(stage), "message 10", "message 11");
      },
      { config: { modules, limits: { offlineHeaders: 10 } } },
    ),
  );

  test(
    `all are removed, however many, and what comes afterwards waits, from ${place}`,
    conversation(
      cast,
      async ({ romeo, stage }) => {
        await stage.accounts("juliet@example.org");
        for (let n = 0; n < 2500; n++) {
          romeo.client.send(`<message to='juliet@example.org'><body>message ${n}</body></message>`);
        }
        await romeo.client.sync();
        const juliet = await julietComes(stage);
        await juliet.asks(offlineIq("set", "<purge/>"), DONE);
        assert.equal(await count(juliet), 0);
        stage.clock.advance(1000);
        await romeo.sends("<message to='juliet@example.org'><body>later</body></message>");
        assert.equal(await count(juliet), 1);
        await juliet.leaves();
        await isHanded(await julietComes(stage), "later");
      },
      { config: { modules, limits: { offlineMessages: 0, c2sBytesPerSecond: 0 } } },
    ),
  );
}

test(
  "SECURITY: the limit offlineRequests bounds what one session has waiting",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await wait(stage, romeo, "one");
      const juliet = await julietComes(stage);
      const ask = (id: string): string => offlineIq("get", "<fetch/>").replace("o1", id);
      for (let n = 0; n < 10; n++) juliet.client.send(ask(`o${n}`));
      await juliet.client.sync();
      const answers: (string | undefined)[] = [];
      for (let n = 0; n < 10; n++) answers.push((await juliet.client.answer(`o${n}`)).attr("type"));
      assert.ok(answers.includes("result"));
      assert.ok(answers.includes("error"));
    },
    { config: { limits: { offlineRequests: 1 } } },
  ),
);

test(
  "SECURITY: the node of a message is given by the server alone",
  conversation(cast, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    await romeo.sends(`<message to='juliet@example.org'><body>one</body>
      <offline xmlns='${OFFLINE_NS}'><item node='forged'/></offline></message>`);
    const juliet = await julietComes(stage);
    juliet.client.send(offlineIq("get", "<fetch/>"));
    const [node] = await nodes(juliet);
    await juliet.receives(`<message><body>one</body><delay xmlns='urn:xmpp:delay'>*</delay>
      <offline xmlns='${OFFLINE_NS}'><item node='${node}'/></offline></message>`);
  }),
);

test(
  "a copy that was shown goes to nobody else when its session is lost, and nobody is told of an error",
  conversation(cast, async ({ romeo, stage }) => {
    await wait(stage, romeo, "one");
    const juliet = await julietComes(stage);
    await juliet.sends("<enable xmlns='urn:xmpp:sm:3'/>");
    await juliet.client.element();
    juliet.client.send(offlineIq("get", "<fetch/>"));
    assert.deepEqual(await messagesTo(stage, juliet), ["one"]);
    const other = await julietComes(stage, "garden");
    other.client.send("<presence/>");
    assert.deepEqual(await messagesTo(stage, other), []);
    await juliet.isCutOff();
    await romeo.receivesNothing();
    // as one that waits, once
    assert.deepEqual(await messagesTo(stage, other), ["one"]);
  }),
);
