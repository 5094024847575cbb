import assert from "node:assert/strict";
import { test } from "node:test";
import { discoInfo, OFFLINE_NS } from "@rookery/protocol";
import { conversation } from "@rookery/testkit";
import {
  cast,
  count,
  DONE,
  headers,
  isHanded,
  julietComes,
  message,
  messagesTo,
  nodes,
  offlineIq,
  PLACES,
  refusal,
  shown,
  wait,
} from "./retrieval-scene.test.ts";

test(
  "XEP-0013 §2.1: the server tells that messages can be retrieved one by one",
  conversation(cast, async ({ romeo }) => {
    const answer = await romeo.asks(
      `<iq type='get' id='d1' to='example.org'><query xmlns='${discoInfo.ns}'/></iq>`,
    );
    assert.ok(discoInfo.in(answer)?.features.includes(OFFLINE_NS));
  }),
);

for (const { place, modules } of PLACES) {
  const options = { config: { modules } };
  const scene = (name: string, play: Parameters<typeof conversation<typeof cast>>[1]): void => {
    test(`${name}, from ${place}`, conversation(cast, play, options));
  };

  scene("XEP-0013 §2.2, §2.3: the number of messages, and their headers", async (scene) => {
    const { romeo, stage } = scene;
    await wait(stage, romeo, "one", "two", "three");
    const juliet = await julietComes(stage);
    assert.equal(await count(juliet), 3);
    const list = await headers(juliet);
    assert.deepEqual(
      list.map(({ jid, name }) => [jid.toString(), name]),
      Array.from({ length: 3 }, () => ["juliet@example.org", "romeo@example.org/balcony"]),
    );
    const order = list.map(({ node }) => node ?? "");
    assert.deepEqual(order, order.toSorted());
    assert.equal(new Set(order).size, 3);
  });

  scene("XEP-0013 §2.3: where nothing waits, the list is empty", async ({ stage }) => {
    await stage.accounts("juliet@example.org");
    const juliet = await julietComes(stage);
    assert.deepEqual(await headers(juliet), []);
    assert.equal(await count(juliet), 0);
  });

  scene("XEP-0013 §2.2: who has asked is not handed what waits", async ({ romeo, stage }) => {
    await wait(stage, romeo, "one");
    const juliet = await julietComes(stage);
    assert.equal(await count(juliet), 1);
    await isHanded(juliet);
    // messages of the session come as usual
    await romeo.sends(message("live"));
    await juliet.receives("<message><body>live</body></message>");
    // nor is another resource, as long as the first is there
    const other = await julietComes(stage, "garden");
    other.client.send("<presence/>");
    assert.deepEqual(await messagesTo(stage, other), []);
    await juliet.leaves();
    assert.deepEqual(await messagesTo(stage, other), ["one"]);
    await other.leaves();
    await isHanded(await julietComes(stage));
  });

  scene("XEP-0013 §2.4: messages are shown on request, and wait on", async ({ romeo, stage }) => {
    await wait(stage, romeo, "one", "two", "three");
    const juliet = await julietComes(stage);
    const [first = "", , third = ""] = await nodes(juliet);
    juliet.client.send(
      offlineIq(
        "get",
        `<item action='view' node='${third}'/><item action='view' node='${first}'/>`,
      ),
    );
    await juliet.receives(shown("three", third));
    await juliet.receives(shown("one", first));
    await juliet.receives(DONE);
    assert.equal(await count(juliet), 3);
    await juliet.leaves();
    await isHanded(await julietComes(stage), "one", "two", "three");
  });

  scene("XEP-0013 §2.4: what is not there is not found", async ({ romeo, stage }) => {
    await wait(stage, romeo, "one");
    const juliet = await julietComes(stage);
    const [node = ""] = await nodes(juliet);
    const missing = [
      "nothing",
      "/",
      node.slice(node.indexOf("/") + 1),
      node.replace("2026", "2025"),
      `${node}0`,
    ];
    for (const other of missing) {
      const both = (action: string): string =>
        `<item action='${action}' node='${node}'/><item action='${action}' node='${other}'/>`;
      const notFound = refusal("cancel", "item-not-found");
      await juliet.asks(offlineIq("get", both("view")), notFound);
      await juliet.asks(offlineIq("set", both("remove")), notFound);
    }
    await juliet.receivesNothing();
    assert.deepEqual(await nodes(juliet), [node]);
  });

  scene("XEP-0013 §2.5: what is removed is not handed over", async ({ romeo, stage }) => {
    await wait(stage, romeo, "one", "two", "three", "four");
    const juliet = await julietComes(stage);
    const [first = "", second = "", third = "", fourth = ""] = await nodes(juliet);
    await juliet.asks(
      offlineIq(
        "set",
        `<item action='remove' node='${second}'/><item action='remove' node='${first}'/>`,
      ),
      DONE,
    );
    assert.deepEqual(await nodes(juliet), [third, fourth]);
    await juliet.asks(offlineIq("set", `<item action='remove' node='${fourth}'/>`), DONE);
    assert.deepEqual(await nodes(juliet), [third]);
    const gone = refusal("cancel", "item-not-found");
    await juliet.asks(offlineIq("get", `<item action='view' node='${first}'/>`), gone);
    await juliet.asks(offlineIq("set", `<item action='remove' node='${fourth}'/>`), gone);
    await juliet.leaves();
    const again = await julietComes(stage);
    assert.deepEqual(await nodes(again), [third]);
    await again.leaves();
    await romeo.sends(message("five"));
    await isHanded(await julietComes(stage), "three", "five");
  });

  scene("XEP-0013 §2.6: all are fetched, and wait on", async ({ romeo, stage }) => {
    const texts = Array.from({ length: 120 }, (_, n) => `message ${n}`);
    await wait(stage, romeo, ...texts);
    const juliet = await julietComes(stage);
    juliet.client.send(offlineIq("get", "<fetch/>"));
    for (const text of texts) {
      await juliet.receives(`<message><body>${text}</body><delay xmlns='urn:xmpp:delay'>*</delay>
        <offline xmlns='${OFFLINE_NS}'><item node='*'/></offline></message>`);
    }
    await juliet.receives(DONE);
    // the semantics are those of the headers
    await isHanded(juliet);
    assert.equal(await count(juliet), 120);
  });

  scene("XEP-0013 §2.7: all are removed", async ({ romeo, stage }) => {
    await wait(stage, romeo, "one", "two", "three");
    const juliet = await julietComes(stage);
    await juliet.asks(offlineIq("set", "<purge/>"), DONE);
    assert.equal(await count(juliet), 0);
    await juliet.asks(offlineIq("set", "<purge/>"), DONE);
    await juliet.leaves();
    await isHanded(await julietComes(stage));
    await romeo.ignoresAll();
  });
}
