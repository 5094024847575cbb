import assert from "node:assert/strict";
import { test } from "node:test";
import { NS, type StreamErrorCondition } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import {
  connect,
  endsWith,
  HEADER,
  header,
  plain,
  type RawClient,
  rosterGet,
  turns,
} from "./stage.test.ts";

const TO_JULIET = "<message to='juliet@example.org/chamber' type='chat'>";

/** A server with Juliet on it, who must not notice, and Romeo, who is logged in and misbehaves. */
async function withBystander(
  play: (romeo: RawClient, stage: TestServer) => Promise<void>,
): Promise<void> {
  await using stage = await TestServer.start();
  const juliet = await stage.login("juliet@example.org/chamber");
  await stage.accounts("romeo@example.org");
  const romeo = connect(stage);
  await romeo.login("romeo", "balcony");
  await play(romeo, stage);
  await juliet.sync();
  assert.deepEqual(juliet.queued, []);
}

const BOMB = `<!DOCTYPE lolz [<!ENTITY a 'lol'>${Array.from({ length: 9 }, (_, i) => `<!ENTITY ${"bcdefghij"[i]} '${`&${"abcdefghi"[i]};`.repeat(10)}'>`).join("")}]>`;

const HOSTILE: readonly {
  readonly what: string;
  readonly says: string | Uint8Array;
  readonly condition: StreamErrorCondition;
}[] = [
  {
    what: "a billion laughs",
    says: `${BOMB}${TO_JULIET}<body>&j;</body></message>`,
    condition: "restricted-xml",
  },
  {
    what: "100,000 elements in each other",
    says: TO_JULIET + "<a>".repeat(100_000) + "</a>".repeat(100_000),
    condition: "policy-violation",
  },
  {
    what: "a start tag without an end",
    says: `<message ${"a".repeat(1_000_000)}`,
    condition: "policy-violation",
  },
  {
    what: "an attribute value without an end",
    says: `<message to='${"a".repeat(1_000_000)}`,
    condition: "policy-violation",
  },
  {
    what: "white space without an end in a tag",
    says: `<message${" ".repeat(1_000_000)}`,
    condition: "policy-violation",
  },
  {
    what: "text without an end",
    says: `${TO_JULIET}<body>${"a".repeat(1_000_000)}`,
    condition: "policy-violation",
  },
  {
    what: "a CDATA section without an end",
    says: `${TO_JULIET}<body><![CDATA[${"a".repeat(1_000_000)}`,
    condition: "policy-violation",
  },
  {
    what: "10,000 attributes",
    says: `<message ${Array.from({ length: 10_000 }, (_, i) => `a${i}=''`).join(" ")}/>`,
    condition: "policy-violation",
  },
  {
    what: "10,000 namespaces",
    says: `<message ${Array.from({ length: 10_000 }, (_, i) => `xmlns:a${i}='urn:${i}'`).join(" ")}/>`,
    condition: "policy-violation",
  },
  {
    what: "100,000 elements beside each other",
    says: `${TO_JULIET}${"<a/>".repeat(60_000)}</message>`,
    condition: "policy-violation",
  },
  {
    what: "an overlong form of <",
    says: Buffer.concat([
      Buffer.from(`${TO_JULIET}<body>`),
      Uint8Array.of(0xc0, 0xbc),
      Buffer.from("/body></message>"),
    ]),
    condition: "unsupported-encoding",
  },
  {
    what: "a surrogate in UTF-8",
    says: Buffer.concat([
      Buffer.from(`${TO_JULIET}<body>`),
      Uint8Array.of(0xed, 0xa0, 0x80),
      Buffer.from("</body></message>"),
    ]),
    condition: "unsupported-encoding",
  },
  {
    what: "a reference to a surrogate",
    says: `${TO_JULIET}<body>&#xD800;</body></message>`,
    condition: "not-well-formed",
  },
  {
    what: "a reference to NUL",
    says: `${TO_JULIET}<body>&#0;</body></message>`,
    condition: "not-well-formed",
  },
  {
    what: "a comment between attributes' element and text",
    says: `${TO_JULIET}<!----><body/></message>`,
    condition: "restricted-xml",
  },
  {
    what: "an end of CDATA without its beginning",
    says: `${TO_JULIET}<body>]]></body></message>`,
    condition: "not-well-formed",
  },
  {
    what: "an end tag with attributes",
    says: `${TO_JULIET}<body></body a='1'></message>`,
    condition: "not-well-formed",
  },
  {
    what: "a prefix that was bound in another stanza",
    says: `<presence xmlns:a='urn:a' type='unavailable'/>${TO_JULIET}<a:b/></message>`,
    condition: "bad-namespace-prefix",
  },
  {
    what: "the prefix xml bound to something else",
    says: "<message xmlns:xml='urn:a'/>",
    condition: "bad-namespace-prefix",
  },
];

for (const { what, says, condition } of HOSTILE) {
  test(`RFC 6120 §11, §13.12: ${what} ends the stream and reaches nobody`, () =>
    withBystander(async (romeo) => {
      romeo.write(says);
      await endsWith(romeo, condition, false);
    }));
}

test("RFC 6120 §13.12: before authentication hostile input meets smaller bounds", async () => {
  await using stage = await TestServer.start();
  for (const says of [
    "<a>".repeat(100_000),
    `<a ${"b".repeat(100_000)}`,
    "<a>".repeat(65),
    `<auth xmlns='${NS.sasl}' mechanism='${"A".repeat(10_000)}`,
  ]) {
    const client = connect(stage);
    await client.open();
    client.write(says);
    await endsWith(client, "policy-violation", false);
  }
  const client = connect(stage);
  client.write(`<stream:stream ${"a".repeat(20_000)}`);
  await endsWith(client, "policy-violation", true);
});

test("XML 1.0 §2.7: CDATA is text like any other, and is passed on escaped", async () => {
  await using stage = await TestServer.start();
  const juliet = await stage.login("juliet@example.org/chamber");
  await stage.accounts("romeo@example.org");
  const romeo = connect(stage);
  await romeo.login("romeo", "balcony");
  romeo.write(
    `${TO_JULIET}<body><![CDATA[</body></message><presence to='x'/>]]]]><![CDATA[>&amp;]]></body></message>`,
  );
  const message = await juliet.element();
  assert.equal(
    message.child(NS.client, "body")?.text,
    "</body></message><presence to='x'/>]]>&amp;",
  );
  // what the server adds (XEP-0359) is in namespaces of its own
  const said = message.elements().filter(({ ns }) => ns === NS.client);
  assert.deepEqual(
    said.map(({ name }) => name),
    ["body"],
  );
});

test("RFC 6120 §8.1.2.1: one's own full and bare JID are taken as `from`, in any spelling", async () => {
  await using stage = await TestServer.start();
  const juliet = await stage.login("juliet@example.org/chamber");
  await stage.accounts("romeo@example.org");
  const romeo = connect(stage);
  await romeo.login("romeo", "balcony");
  const own = [
    "romeo@example.org/balcony",
    "romeo@example.org",
    "ROMEO@Example.ORG",
    "Romeo@EXAMPLE.org./balcony",
  ];
  for (const from of own) {
    romeo.write(
      `<message from='${from}' to='juliet@example.org/chamber'><body>hi</body></message>`,
    );
    assert.equal((await juliet.element()).attr("from"), "romeo@example.org/balcony", from);
  }
});

test("RFC 6120 §4.3.3: the host cannot change when the stream restarts", async () => {
  await using stage = await TestServer.start({
    config: { domains: [{ name: "example.org" }, { name: "example.net" }] },
  });
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  await client.open("example.org");
  client.write(plain("romeo"));
  await client.until("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  client.write(header("example.net"));
  await endsWith(client, "host-unknown", true);
});

test("RFC 6120 §4.7: a stream header inside a stream opens nothing, nor is what follows it handled", () =>
  withBystander(async (romeo) => {
    romeo.write(HEADER.slice(HEADER.indexOf("<stream")));
    romeo.write(`${TO_JULIET}<body>hi</body></message>${rosterGet("p")}`);
    await turns();
    assert.equal(romeo.text, "");
    romeo.write("</stream:stream>");
    await endsWith(romeo, "unsupported-stanza-type", false);
  }));

test("RFC 6120 §4.4: nothing is handled after </stream:stream>", () =>
  withBystander(async (romeo) => {
    romeo.write(`</stream:stream>${TO_JULIET}<body>hi</body></message>`);
    assert.equal(await romeo.end(), "</stream:stream>");
  }));

test("RFC 6120 §11.1: a client may send white space between stanzas, and it is no stanza", () =>
  withBystander(async (romeo) => {
    romeo.write(` \r\n\t ${" ".repeat(100_000)}${rosterGet("p")}\n`);
    assert.match(await romeo.until("/>"), /type='result' id='p'/);
  }));
