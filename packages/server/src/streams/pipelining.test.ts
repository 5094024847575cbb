import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { bindResource, connect, HEADER, plain, rosterGet } from "./stage.test.ts";

const SESSION = [
  HEADER,
  plain("romeo"),
  HEADER,
  bindResource("balcony"),
  "<presence/>",
  rosterGet("1"),
  "<message to='romeo@example.org/balcony' id='m'><body>\u{1f426} ü &lt; &#x1F426;</body></message>",
  rosterGet("2"),
  "</stream:stream>",
].join("");

/** What the server says, in order, whatever the pieces. */
function assertWhole(text: string): void {
  const marks = [
    /<stream:stream [^>]*><stream:features><mechanisms/,
    /<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'\/>/,
    /<\?xml version='1\.0'\?><stream:stream [^>]*><stream:features><bind/,
    /<iq type='result' id='bind'><bind [^>]*><jid>romeo@example\.org\/balcony<\/jid><\/bind><\/iq>/,
    /type='result' id='1'/,
    /<message id='m' from='romeo@example\.org\/balcony' to='romeo@example\.org\/balcony'><body>\u{1f426} ü &lt; \u{1f426}<\/body>(?:<stanza-id [^>]*\/>)?<\/message>/u,
    /type='result' id='2'/,
    /<\/stream:stream>$/,
  ];
  let at = 0;
  for (const mark of marks) {
    const found = text.slice(at).search(mark);
    assert.notEqual(found, -1, `${mark} is not in ${text.slice(at)}`);
    at += found;
  }
}

test("RFC 6120 §4: a whole session in one segment is handled in order", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const romeo = connect(stage);
  romeo.write(SESSION);
  assertWhole(await romeo.end());
});

test("RFC 6120 §4: a whole session in segments of one byte is handled in order", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const romeo = connect(stage);
  for (const byte of Buffer.from(SESSION)) romeo.write(Uint8Array.of(byte));
  assertWhole(await romeo.end());
});

test("RFC 6120 §10.1: a client may end its side at once and gets all its answers", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const juliet = await stage.login("juliet@example.org/chamber");
  const romeo = connect(stage);
  const messages = Array.from(
    { length: 200 },
    (_, i) => `<message to='juliet@example.org/chamber' id='${i}'/>`,
  ).join("");
  romeo.socket.end(SESSION.replace("</stream:stream>", `${messages}${rosterGet("3")}`));
  const text = await romeo.end();
  assert.match(text, /type='result' id='3'.*<\/stream:stream>$/);
  await juliet.sync();
  assert.equal(juliet.queued.length, 200);
  assert.deepEqual(
    juliet.queued.map((r) => (typeof r === "object" && "attr" in r ? r.attr("id") : r)),
    Array.from({ length: 200 }, (_, i) => `${i}`),
  );
});

test("RFC 6120 §4.4: a client that cuts the connection leaves nothing behind", async () => {
  await using stage = await TestServer.start();
  const romeo = await stage.login("romeo@example.org/balcony");
  const juliet = await stage.login("juliet@example.org/chamber");
  romeo.cut();
  await juliet.sync();
  assert.equal(stage.server.sessions.size, 1);
});
