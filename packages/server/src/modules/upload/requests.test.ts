import assert from "node:assert/strict";
import { test } from "node:test";
import { discoInfo, Jid, NS, StanzaError, uploadAdviceOf } from "@rookery/protocol";
import { conversation, Person } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import {
  asksForSlot,
  cast,
  conditionOf,
  http,
  slotFor,
  uploads,
  webConversation,
} from "./upload-scene.test.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

const adviceOf = (iq: Element): ReturnType<typeof uploadAdviceOf> => {
  const error = iq.child(NS.client, "error");
  assert.ok(error);
  return uploadAdviceOf(StanzaError.read(error));
};

test(
  "XEP-0363 §3: the service is an item of the server, and tells what it is and how large files may be",
  webConversation(
    async ({ romeo }) => {
      await romeo.asks(
        `<iq type='get' id='i1' to='example.org'><query xmlns='${ITEMS}'/></iq>`,
        `<iq type='result' id='i1'><query xmlns='${ITEMS}'>
          <item jid='upload.example.org' name='HTTP File Upload'/></query></iq>`,
      );
      const answer = await romeo.asks(
        `<iq type='get' id='i2' to='upload.example.org'><query xmlns='${INFO}'/></iq>`,
      );
      const info = discoInfo.in(answer);
      assert.deepEqual(
        info?.identities.map(({ category, type }) => [category, type]),
        [["store", "file"]],
      );
      for (const feature of [
        "urn:xmpp:http:upload:0",
        "urn:xmpp:http:upload:purpose:0#message",
        "urn:xmpp:http:upload:purpose:0#profile",
        "urn:xmpp:http:upload:purpose:0#ephemeral",
      ]) {
        assert.ok(info?.features.includes(feature), feature);
      }
      assert.ok(!info?.features.includes("urn:xmpp:http:upload:purpose:0#permanent"));
      const [form] = info?.forms ?? [];
      const field = (name: string): readonly string[] | undefined =>
        form?.fields.find((one) => one.var === name)?.values;
      assert.deepEqual(field("FORM_TYPE"), ["urn:xmpp:http:upload:0"]);
      assert.deepEqual(field("max-file-size"), ["5242880"]);
      await romeo.asks(
        `<iq type='get' id='i3' to='upload.example.org'><query xmlns='${ITEMS}'/></iq>`,
        `<iq type='result' id='i3' from='upload.example.org'><query xmlns='${ITEMS}'/></iq>`,
      );
      for (const ns of [INFO, ITEMS]) {
        const iq = `<iq type='get' id='n' to='upload.example.org'><query xmlns='${ns}' node='x'/></iq>`;
        assert.equal(conditionOf(await romeo.asks(iq)), "item-not-found");
      }
    },
    { limits: { uploadFileBytes: 5_242_880 } },
  ),
);

test(
  "XEP-0363 §4: a slot has two addresses with the name of the file, and neither leads to the other",
  webConversation(async ({ romeo }) => {
    const { put, get, headers } = await slotFor(romeo, 23_456, {
      name: "très cool.jpg",
      type: "image/jpeg",
    });
    assert.deepEqual(headers, []);
    const address =
      /^http:\/\/example\.org:\d+\/upload\/example\.org\/([\w-]{24})\/tr%C3%A8s%20cool\.jpg$/;
    const [, token] = address.exec(put) ?? [];
    const [, id] = address.exec(get) ?? [];
    assert.ok(token && id && token !== id, `${put} ${get}`);
    const other = await slotFor(romeo, 23_456);
    assert.notEqual(other.get.split("/").at(-2), id);
  }),
);

test(
  "XEP-0363 §4: a request without a name or a proper size, or with a broken type, is refused",
  webConversation(async ({ romeo }) => {
    for (const size of ["0", "-1", "1.5", "1e3", "", "99999999999999999999", " 1"]) {
      assert.equal(conditionOf(await asksForSlot(romeo, size)), "bad-request", size);
    }
    assert.equal(conditionOf(await asksForSlot(romeo, 1, { name: "" })), "bad-request");
    for (const type of ["image", "image/", "a b/c", "image/jpeg&#10;x: y", "x".repeat(5000)]) {
      assert.equal(conditionOf(await asksForSlot(romeo, 1, { type })), "bad-request", type);
    }
  }),
);

test(
  "XEP-0363 §6: a file that is too large is refused, and told how large it may be",
  webConversation(
    async ({ romeo }) => {
      await slotFor(romeo, 20_000);
      const refusal = await asksForSlot(romeo, 20_001);
      assert.equal(conditionOf(refusal), "not-acceptable");
      assert.deepEqual(adviceOf(refusal), { maxSize: 20_000 });
      const purpose = "<profile xmlns='urn:xmpp:http:upload:purpose:0'/>";
      await slotFor(romeo, 2000, { purpose });
      const large = await asksForSlot(romeo, 2001, { purpose });
      assert.deepEqual(adviceOf(large), { maxSize: 2000 });
    },
    { limits: { uploadFileBytes: 20_000, uploadProfileBytes: 2000 } },
  ),
);

test(
  "XEP-0363 §6: only accounts of the domain upload; guests do not",
  webConversation(
    async ({ romeo, stage }) => {
      await slotFor(romeo, 1);
      const stranger = await Person.enters(stage, "paris@example.net/x");
      const iq = `<iq type='get' id='s' to='upload.example.org'>
        <request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/></iq>`;
      const refusal = await stranger.asks(iq);
      assert.equal(conditionOf(refusal), "forbidden");
      assert.equal(refusal.child(NS.client, "error")?.attr("type"), "auth");

      const client = stage.connect();
      await client.open("example.org");
      client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
      await client.element();
      await client.open("example.org");
      client.send(`<iq type='set' id='b'><bind xmlns='${BIND}'/></iq>`);
      const bound = await client.answer("b");
      client.jid = Jid.parse(bound.child(BIND, "bind")?.child(BIND, "jid")?.text ?? "");
      assert.equal(conditionOf(await new Person(client, stage).asks(iq)), "forbidden");
    },
    {
      domains: [
        { name: "example.org", auth: { guests: { enabled: true } } },
        { name: "example.net" },
      ],
    },
  ),
);

test(
  "XEP-0363 §6: who has uploaded enough for a day is told to come back tomorrow",
  webConversation(
    async ({ romeo, juliet, stage }) => {
      await uploads(romeo, "x".repeat(3000));
      await slotFor(romeo, 1500);
      const refusal = await asksForSlot(romeo, 501); // what the open slot is for counts too
      assert.equal(conditionOf(refusal), "resource-constraint");
      assert.deepEqual(adviceOf(refusal), { retryAt: Date.UTC(2026, 0, 2) });
      await slotFor(juliet, 5000);
      stage.clock.advance(86_400_000);
      await slotFor(romeo, 5000);
    },
    { limits: { uploadDayBytes: 5000 } },
  ),
);

test(
  "the files that one account keeps are bounded in bytes and in number, until some are gone",
  webConversation(
    async ({ romeo, stage }) => {
      await uploads(romeo, "x".repeat(3000));
      assert.equal(conditionOf(await asksForSlot(romeo, 2001)), "resource-constraint");
      await uploads(romeo, "y");
      await uploads(romeo, "y");
      const refusal = await asksForSlot(romeo, 1);
      assert.equal(conditionOf(refusal), "resource-constraint");
      assert.ok((adviceOf(refusal).retryAt ?? 0) > stage.clock.now());
      const end = Date.now() + 20_000;
      stage.clock.advance(3_600_000);
      while (conditionOf(await asksForSlot(romeo, 5000)) !== undefined) {
        assert.ok(Date.now() < end, "the files are still counted");
        stage.clock.advance(60_000);
        await stage.settled();
      }
    },
    {
      limits: { uploadAccountBytes: 5000, uploadAccountFiles: 3, uploadDayBytes: 0 },
      modules: { upload: { keep: "1h" } },
    },
  ),
);

test(
  "places that are asked for and never used are bounded, and free again after a while",
  webConversation(
    async ({ romeo, juliet, stage }) => {
      const conditions = new Map<string | undefined, number>();
      for (let i = 0; i < 1000; i++) {
        const condition = conditionOf(await asksForSlot(romeo, 1));
        conditions.set(condition, (conditions.get(condition) ?? 0) + 1);
      }
      assert.deepEqual(Object.fromEntries(conditions), {
        undefined: 50,
        "resource-constraint": 950,
      });
      for (let i = 0; i < 10; i++) await slotFor(juliet, 1);
      const full = await asksForSlot(juliet, 1);
      assert.equal(conditionOf(full), "resource-constraint");
      assert.deepEqual(adviceOf(full), { retryAt: stage.clock.now() + 300_000 });
      stage.clock.advance(300_000);
      for (let i = 0; i < 50; i++) await slotFor(romeo, 1);
    },
    { limits: { uploadSlots: 60, uploadSlotsPerAccount: 50 } },
  ),
);

test(
  "a disk that is nearly full takes no uploads",
  webConversation(
    async ({ romeo }) => {
      const refusal = await asksForSlot(romeo, 1);
      assert.equal(conditionOf(refusal), "resource-constraint");
      assert.ok(adviceOf(refusal).retryAt);
    },
    { limits: { uploadFreeBytes: Number.MAX_SAFE_INTEGER } },
  ),
);

test(
  "XEP-0363 §5: how long a file is kept follows from what it is for",
  webConversation(
    async ({ romeo, stage }) => {
      const ns = "xmlns='urn:xmpp:http:upload:purpose:0'";
      const day = 86_400_000;
      const stamp = new Date(stage.clock.now() + day / 2).toISOString();
      const message = await uploads(romeo, "m", { purpose: `<message ${ns}/>` });
      const profile = await uploads(romeo, "p", { purpose: `<profile ${ns}/>` });
      const permanent = await uploads(romeo, "p", { purpose: `<permanent ${ns}/>` });
      const ephemeral = await uploads(romeo, "e", {
        purpose: `<ephemeral ${ns} expire-before='${stamp}'/>`,
      });
      const there = async (): Promise<boolean[]> =>
        Promise.all(
          [ephemeral, message, profile, permanent].map(
            async (url) => (await http("GET", url)).status === 200,
          ),
        );
      assert.deepEqual(await there(), [true, true, true, true]);
      stage.clock.advance(day / 2); // MUST NOT be available after the time
      assert.deepEqual(await there(), [false, true, true, true]);
      stage.clock.advance(day * 30);
      assert.deepEqual(await there(), [false, false, true, true]);
      stage.clock.advance(day * 400);
      assert.deepEqual(await there(), [false, false, false, true]);
      for (const expiry of ["", "expire-before='2020-01-01T00:00:00Z'", "expire-before='soon'"]) {
        const answer = await asksForSlot(romeo, 1, { purpose: `<ephemeral ${ns} ${expiry}/>` });
        assert.equal(conditionOf(answer), "bad-request", expiry);
      }
      const far = `<ephemeral ${ns} expire-before='2999-01-01T00:00:00Z'/>`;
      const late = await uploads(romeo, "e", { purpose: far });
      stage.clock.advance(day * 30);
      assert.equal((await http("GET", late)).status, 404);
    },
    { modules: { upload: { permanent: true, keepProfile: "1y" } } },
  ),
);

test(
  "XEP-0363 §5.4: files are not kept for ever unless the operator wants it",
  webConversation(async ({ romeo }) => {
    const purpose = "<permanent xmlns='urn:xmpp:http:upload:purpose:0'/>";
    assert.equal(conditionOf(await asksForSlot(romeo, 1, { purpose })), "not-acceptable");
  }),
);

test(
  "RFC 6120 §8.4: the service answers what it does not know, and takes no messages",
  webConversation(async ({ romeo }) => {
    for (const to of ["upload.example.org", "romeo@upload.example.org"]) {
      const version = "<query xmlns='jabber:iq:version'/>";
      const answer = await romeo.asks(`<iq type='get' id='v' to='${to}'>${version}</iq>`);
      assert.equal(conditionOf(answer), "service-unavailable");
      assert.equal(answer.attr("from"), to);
      await romeo.sends(`<message id='m' to='${to}'><body>hello?</body></message>`);
      const bounce = await romeo.client.element();
      assert.equal(bounce.attr("type"), "error");
      assert.equal(conditionOf(bounce), "service-unavailable");
    }
    await romeo.sends("<presence to='upload.example.org'/>");
    await romeo.receivesNothing();
  }),
);

test("without a web there is nothing to upload to, and a name that is taken stays who has it", async () => {
  const items = `<iq type='get' id='i' to='example.org'><query xmlns='${ITEMS}'/></iq>`;
  const none = `<iq type='result' id='i'><query xmlns='${ITEMS}'/></iq>`;
  await conversation(cast, async ({ romeo }) => {
    await romeo.asks(items, none);
    assert.equal(conditionOf(await asksForSlot(romeo, 1)), "remote-server-not-found");
  })();
  await webConversation(
    async ({ romeo }) => {
      await romeo.asks(items, none);
      assert.notEqual(conditionOf(await asksForSlot(romeo, 1)), undefined);
    },
    {
      components: { "upload.example.org": { secret: "wherefore" } },
      limits: { componentQueueSeconds: 0 },
    },
  )();
  await webConversation(
    async ({ romeo }) => assert.notEqual(conditionOf(await asksForSlot(romeo, 1)), undefined),
    { domains: [{ name: "example.org" }, { name: "upload.example.org" }] },
  )();
});

test("the service can have another name, its files an address of their own, and every domain has its own", async () => {
  await webConversation(
    async ({ romeo, stage }) => {
      const answer = await romeo.asks(
        `<iq type='get' id='i' to='files.example.org'>
          <request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/></iq>`,
      );
      const url = answer.elements()[0]?.elements()[0]?.attr("url") ?? "";
      assert.match(url, /^https:\/\/files\.example\.org\/upload\/example\.org\//);
      await stage.server.host("example.org").modules.reload("upload", {});
      await slotFor(romeo, 1);
    },
    { modules: { upload: { service: "files", url: "https://files.example.org" } } },
  )();
  await webConversation(
    async ({ stage }) => {
      // web.url names one host for all domains
      const paris = await Person.enters(stage, "paris@example.net/x");
      const { put, get } = await slotFor(paris, 5);
      assert.match(get, /^http:\/\/chat\.example\.com\/upload\/example\.net\//);
      const [port] = stage.server.ports.http;
      const here = (url: string): string => url.replace("example.com", `example.com:${port}`);
      assert.equal((await http("PUT", here(put), { body: "hello" })).status, 201);
      assert.equal((await http("GET", here(get))).body.toString(), "hello");
      const elsewhere = here(get).replace("/upload/example.net/", "/upload/example.org/");
      assert.equal((await http("GET", elsewhere)).status, 404);
    },
    {
      domains: [{ name: "example.org" }, { name: "example.net" }],
      web: { url: "http://chat.example.com" },
    },
  )();
});
