import assert from "node:assert/strict";
import { test } from "node:test";
import { dataForm } from "@rookery/protocol";
import { conversation, type Person } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import {
  comesInterested,
  conditionOf,
  config,
  idsIn,
  item,
  options,
  owner,
  PUBLISHED,
  PUBSUB,
  publish,
  pubsub,
  RESULT,
  TUNE,
} from "./scenes.test.ts";

const cast = { juliet: "juliet@example.org/chamber" } as const;
const MAX = options({ max_items: "max", access_model: "whitelist" });
const items = (inside = "", attrs = ""): string =>
  pubsub("get", `<items node='${TUNE}'${attrs}>${inside}</items>`);

/** The configuration of a node, by the names of its fields. */
async function configOf(person: Person, node = TUNE): Promise<ReadonlyMap<string, string>> {
  const answer = await person.asks(owner("get", `<configure node='${node}'/>`));
  return fieldsOf(answer, "configure");
}

function fieldsOf(answer: Element, name: string): ReadonlyMap<string, string> {
  const form = answer.child(`${PUBSUB}#owner`, "pubsub")?.child(`${PUBSUB}#owner`, name);
  const { fields } = dataForm.read(form?.child(dataForm.ns, "x") as Element);
  return new Map(fields.map(({ var: key = "", values }) => [key, values.join()]));
}

test(
  "XEP-0163 §5: a node begins with the access model presence, and gives its last item with presence",
  conversation(cast, async ({ juliet }) => {
    await juliet.asks(publish("one"));
    const now = await configOf(juliet);
    assert.equal(now.get("FORM_TYPE"), `${PUBSUB}#node_config`);
    assert.equal(now.get("pubsub#access_model"), "presence");
    assert.equal(now.get("pubsub#send_last_published_item"), "on_sub_and_presence");
    assert.equal(now.get("pubsub#deliver_payloads"), "1");
    const defaults = fieldsOf(await juliet.asks(owner("get", "<default/>")), "default");
    assert.deepEqual(defaults, now);
  }),
);

test(
  "XEP-0060 §7.1.5: a node that publish-options make fulfils them, and they are checked ever after",
  conversation(cast, async ({ juliet }) => {
    const wanted = {
      access_model: "whitelist",
      persist_items: "true",
      max_items: "max",
      send_last_published_item: "never",
    };
    for (let i = 0; i < 2; i++) {
      await juliet.asks(publish("one", { options: options(wanted) }), PUBLISHED);
    }
    const now = await configOf(juliet);
    for (const [name, value] of Object.entries({ ...wanted, persist_items: "1" })) {
      assert.equal(now.get(`pubsub#${name}`), value, name);
    }
    for (const [name, value] of Object.entries({ access_model: "open", max_items: "3" })) {
      const refused = await juliet.asks(publish("x", { options: options({ [name]: value }) }));
      assert.equal(conditionOf(refused), "precondition-not-met");
    }
    const unknown = options({ color: "blue" });
    const refused = await juliet.asks(publish("x", { options: unknown, node: "urn:new" }));
    assert.equal(conditionOf(refused), "precondition-not-met");
    const list = pubsub("get", "<items node='urn:new'/>");
    assert.equal(conditionOf(await juliet.asks(list)), "item-not-found", "it was not made");
    const wrong = "<publish-options><x xmlns='jabber:x:data' type='submit'/></publish-options>";
    assert.equal(conditionOf(await juliet.asks(publish("x", { options: wrong }))), "bad-request");
  }),
);

test(
  "XEP-0060 §8.1, §8.2: nodes are made and configured; values that do not fit change nothing",
  conversation(cast, async ({ juliet }) => {
    const named = `<configure>${config({ title: "Tunes", max_items: "2" })}</configure>`;
    await juliet.asks(
      pubsub("set", `<create node='${TUNE}'/>${named}`),
      `<iq type='result' id='q'>
      <pubsub xmlns='${PUBSUB}'><create node='${TUNE}'/></pubsub></iq>`,
    );
    const again = await juliet.asks(pubsub("set", `<create node='${TUNE}'/>`));
    assert.equal(conditionOf(again), "conflict");
    const instant = await juliet.asks(pubsub("set", "<create/>"));
    const made = instant.child(PUBSUB)?.child(PUBSUB, "create")?.attr("node") ?? "";
    assert.equal((await configOf(juliet, made)).get("pubsub#max_items"), "1");
    const before = await configOf(juliet);
    const set = (form: string): string =>
      owner("set", `<configure node='${TUNE}'>${form}</configure>`);
    for (const [fields, condition] of [
      [{ access_model: "authorize" }, "unsupported-access-model"],
      [{ access_model: "nobody" }, "not-acceptable"],
      [{ max_items: "1001" }, "not-acceptable"],
      [{ max_items: "-1" }, "not-acceptable"],
      [{ publish_model: "open" }, "not-acceptable"],
      [{ persist_items: "maybe" }, "not-acceptable"],
    ] as const) {
      assert.equal(conditionOf(await juliet.asks(set(config(fields)))), condition);
    }
    assert.deepEqual(await configOf(juliet), before);
    await juliet.asks(set("<x xmlns='jabber:x:data' type='cancel'/>"), RESULT);
    await juliet.asks(set(config({ access_model: "open", unheard_of: "x" })), RESULT);
    const after = await configOf(juliet);
    assert.equal(after.get("pubsub#access_model"), "open");
    assert.equal(after.get("pubsub#title"), "Tunes", "what is not named stays");
  }),
);

test(
  "XEP-0060 §8.2: a node keeps as many items as it is configured to, and those that are not too old",
  conversation(cast, async ({ juliet, stage }) => {
    const two = options({ max_items: "2", item_expire: "60" });
    for (const id of ["a", "b", "c"]) await juliet.asks(publish(id, { id, options: two }));
    assert.deepEqual(idsIn(await juliet.asks(items())), ["b", "c"]);
    stage.clock.advance(30_000);
    await juliet.asks(publish("b again", { id: "b" }));
    assert.deepEqual(idsIn(await juliet.asks(items())), ["c", "b"]);
    stage.clock.advance(30_000);
    assert.deepEqual(idsIn(await juliet.asks(items())), ["b"]);
    const one = config({ max_items: "1" });
    await juliet.asks(publish("d", { id: "d" }));
    await juliet.asks(owner("set", `<configure node='${TUNE}'>${one}</configure>`), RESULT);
    assert.deepEqual(idsIn(await juliet.asks(items())), ["d"]);
  }),
);

test(
  "XEP-0060 §6.5.7, §6.5.8, XEP-0059: the newest items, some by their ids, pages",
  conversation(cast, async ({ juliet }) => {
    for (const id of ["a", "b", "c", "d"]) await juliet.asks(publish(id, { id, options: MAX }));
    assert.deepEqual(idsIn(await juliet.asks(items("", " max_items='2'"))), ["c", "d"]);
    const named = "<item id='d'/><item id='a'/><item id='nothing'/>";
    assert.deepEqual(idsIn(await juliet.asks(items(named))), ["a", "d"]);
    const page = (inside: string): string =>
      pubsub(
        "get",
        `<items node='${TUNE}'/>
        <set xmlns='http://jabber.org/protocol/rsm'>${inside}</set>`,
      );
    assert.deepEqual(idsIn(await juliet.asks(page("<max>2</max>"))), ["a", "b"]);
    const second = await juliet.asks(page("<max>2</max><after>b</after>"));
    assert.deepEqual(idsIn(second), ["c", "d"]);
    const set = second.child(PUBSUB)?.child("http://jabber.org/protocol/rsm", "set");
    assert.deepEqual(
      set?.elements().map(({ name, text }) => [name, text]),
      [
        ["first", "c"],
        ["last", "d"],
        ["count", "4"],
      ],
    );
    assert.deepEqual(idsIn(await juliet.asks(page("<max>2</max><before/>"))), ["c", "d"]);
    assert.deepEqual(idsIn(await juliet.asks(page("<max>0</max>"))), []);
    const lost = await juliet.asks(page("<max>2</max><after>x</after>"));
    assert.equal(conditionOf(lost), "item-not-found");
  }),
);

test(
  "XEP-0060 §6.5.4: an answer holds a million bytes, the newest items first, and tells of the rest",
  conversation(
    cast,
    async ({ juliet }) => {
      const large = "x".repeat(180_000);
      for (let i = 0; i < 7; i++) await juliet.asks(publish(large, { id: `${i}`, options: MAX }));
      const answer = await juliet.asks(items());
      assert.deepEqual(idsIn(answer), ["2", "3", "4", "5", "6"]);
      const set = answer.child(PUBSUB)?.child("http://jabber.org/protocol/rsm", "set");
      assert.equal(set?.child("http://jabber.org/protocol/rsm", "count")?.text, "7");
    },
    { config: { limits: { c2sBytesPerSecond: 0 } } },
  ),
);

test(
  "XEP-0060 §7.1.3: what cannot be published is refused with the reason",
  conversation(cast, async ({ juliet }) => {
    const say = (inside: string): string =>
      pubsub("set", `<publish node='${TUNE}'>${inside}</publish>`);
    for (const [inside, condition] of [
      ["", "item-required"],
      ["<item/>", "payload-required"],
      ["<item><a xmlns='x'/><b xmlns='x'/></item>", "invalid-payload"],
      [item("a", "1") + item("b", "2"), "bad-request"],
      [item("a", "i".repeat(1024)), "not-acceptable"],
    ] as const) {
      assert.equal(conditionOf(await juliet.asks(say(inside))), condition, inside.slice(0, 50));
    }
    const long = publish("x", { node: "n".repeat(1024) });
    assert.equal(conditionOf(await juliet.asks(long)), "not-acceptable");
    const transient = options({ persist_items: "0", deliver_payloads: "0" });
    await juliet.asks(pubsub("set", `<publish node='t'/>${transient}`), RESULT);
    assert.equal(conditionOf(await juliet.asks(publish("x", { node: "t" }))), "item-forbidden");
    const keepsNothing = await juliet.asks(pubsub("get", "<items node='t'/>"));
    assert.equal(conditionOf(keepsNothing), "unsupported");
    const retract = pubsub("set", `<retract node='t'><item id='x'/></retract>`);
    assert.equal(conditionOf(await juliet.asks(retract)), "unsupported");
    const wrongType = await juliet.asks(publish("x").replace("'set'", "'get'"));
    assert.equal(conditionOf(wrongType), "bad-request");
  }),
);

test(
  "XEP-0060 §7.1.2.3: the publisher is told where the node says so, and is who published",
  conversation(cast, async ({ juliet }) => {
    const told = options({ itemreply: "publisher" });
    const forged = publish("x", { options: told }).replace("<item ", "<item publisher='x@y' ");
    await juliet.asks(forged, PUBLISHED);
    const answer = (await juliet.asks(items())).child(PUBSUB)?.child(PUBSUB, "items");
    assert.equal(answer?.elements()[0]?.attr("publisher"), "juliet@example.org/chamber");
  }),
);

test(
  "the limits pepNodes, pepItemBytes and pepBytes bound what an account keeps",
  conversation(
    cast,
    async ({ juliet }) => {
      const refused = async (iq: string): Promise<string> => conditionOf(await juliet.asks(iq));
      assert.equal(await refused(publish("x".repeat(6000))), "payload-too-big");
      for (const node of ["a", "b"]) await juliet.asks(publish("x", { node }), PUBLISHED);
      assert.equal(await refused(publish("x", { node: "c" })), "max-nodes-exceeded");
      assert.equal(await refused(pubsub("set", "<create/>")), "max-nodes-exceeded");
      const large = "x".repeat(4500);
      for (const node of ["a", "b"]) await juliet.asks(publish(large, { node }), PUBLISHED);
      await juliet.asks(publish(large, { node: "a" }), PUBLISHED); // in the place of itself
      await juliet.asks(
        owner("set", `<configure node='a'>${config({ max_items: "9" })}</configure>`),
      );
      assert.equal(await refused(publish(large, { node: "a", id: "2" })), "resource-constraint");
      await juliet.asks(owner("set", "<purge node='b'/>"), RESULT);
      await juliet.asks(publish(large, { node: "a", id: "2" }), PUBLISHED);
      await juliet.asks(owner("set", "<delete node='b'/>"), RESULT);
      await juliet.asks(publish("x", { node: "c" }), PUBLISHED);
    },
    { config: { limits: { pepNodes: 2, pepItemBytes: 5000, pepBytes: 10_000 } } },
  ),
);

test(
  "the limit pepItems bounds 10,000 items of a node to the newest",
  conversation(
    cast,
    async ({ juliet }) => {
      const count = 10_000;
      for (let i = 0; i < count; i += 500) {
        for (let j = i; j < i + 500; j++) {
          juliet.client.send(publish("x", { id: `${j}`, options: MAX }));
        }
        await juliet.client.sync();
      }
      await juliet.ignoresAll();
      const kept = idsIn(await juliet.asks(items()));
      assert.deepEqual([kept.length, kept[0], kept.at(-1)], [100, "9900", "9999"]);
    },
    { config: { limits: { pepItems: 100, c2sBytesPerSecond: 0 } } },
  ),
);

test(
  "the limits pepSubscribers and pepAffiliations bound who is known to a node",
  conversation(
    { ...cast, romeo: "romeo@example.org/x", nurse: "nurse@example.org/x" },
    async ({ juliet, romeo, nurse }) => {
      await juliet.asks(publish("x", { options: options({ access_model: "open" }) }));
      const subscribes = (who: Person): Promise<Element> =>
        who.asks(
          pubsub("set", `<subscribe node='${TUNE}' jid='${who.jid.bare}'/>`, "juliet@example.org"),
        );
      assert.equal((await subscribes(romeo)).attr("type"), "result");
      assert.equal((await subscribes(romeo)).attr("type"), "result");
      assert.equal((await subscribes(nurse)).attr("type"), "error");
      const members = (...names: readonly string[]): string =>
        owner(
          "set",
          `<affiliations node='${TUNE}'>${names
            .map((name) => `<affiliation jid='${name}@example.org' affiliation='member'/>`)
            .join("")}</affiliations>`,
        );
      assert.equal(conditionOf(await juliet.asks(members("a", "b"))), "resource-constraint");
      await juliet.asks(members("a"), RESULT);
      const more = `<subscription jid='a@example.org' subscription='subscribed'/>`;
      const set = owner("set", `<subscriptions node='${TUNE}'>${more}</subscriptions>`);
      assert.equal(conditionOf(await juliet.asks(set)), "not-allowed", "a is not asked");
      const end = set
        .replace("a@example.org", "romeo@example.org")
        .replace("'subscribed'", "'none'");
      await juliet.asks(end, RESULT);
      assert.equal((await subscribes(nurse)).attr("type"), "result");
    },
    { config: { limits: { pepSubscribers: 1, pepAffiliations: 1 } } },
  ),
);

test(
  "XEP-0084, XEP-0402, OMEMO: avatars, bookmarks and keys are published as their clients do",
  conversation(cast, async ({ juliet }) => {
    await comesInterested(juliet, ["urn:xmpp:avatar:metadata", "urn:xmpp:bookmarks:1"]);
    const put = (node: string, id: string, payload: string, how = ""): string =>
      pubsub("set", `<publish node='${node}'><item id='${id}'>${payload}</item></publish>${how}`);
    const data = `<data xmlns='urn:xmpp:avatar:data'>${"qANQR1DBwU4DX7jmYZnncm".repeat(4000)}</data>`;
    await juliet.asks(put("urn:xmpp:avatar:data", "111f4b3c", data), PUBLISHED);
    const info = `<metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='66000' id='111f4b3c'
      height='64' type='image/png' width='64'/></metadata>`;
    await juliet.asks(put("urn:xmpp:avatar:metadata", "111f4b3c", info), PUBLISHED);
    assert.equal((await juliet.client.element()).name, "message");
    const bookmarks = options({
      persist_items: "true",
      max_items: "max",
      send_last_published_item: "never",
      access_model: "whitelist",
    });
    for (const room of [
      "theplay@conference.shakespeare.lit",
      "orchard@conference.shakespeare.lit",
    ]) {
      const conference = "<conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/>";
      await juliet.asks(put("urn:xmpp:bookmarks:1", room, conference, bookmarks), PUBLISHED);
      assert.equal((await juliet.client.element()).name, "message");
    }
    const all = await juliet.asks(pubsub("get", "<items node='urn:xmpp:bookmarks:1'/>"));
    assert.equal(idsIn(all).length, 2);
    const open = options({ access_model: "open", persist_items: "true", max_items: "max" });
    const bundle = "<bundle xmlns='urn:xmpp:omemo:2'/>";
    await juliet.asks(put("urn:xmpp:omemo:2:bundles", "31415", bundle, open), PUBLISHED);
    await juliet.receivesNothing();
  }),
);
