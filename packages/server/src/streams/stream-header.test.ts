import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";

const HEADER =
  "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";

test("RFC 6120 §4.7.2: the answering header has a `to` exactly if the client's had a `from`", async () => {
  await using stage = await TestServer.start();
  for (const from of ["romeo@example.org", undefined]) {
    const client = stage.connect();
    client.write(`${HEADER}${from === undefined ? "" : ` from='${from}'`}>`);
    const open = await client.next();
    assert.ok(open !== "closed" && "event" in open && open.event === "open");
    assert.equal(open.header.attr("to"), from);
  }
});

test("RFC 6120 §8.1.5: a stanza without a language has that of its stream", async () => {
  await using stage = await TestServer.start();
  const romeo = await stage.login("romeo@example.org/balcony"); // opens its streams in English
  const juliet = await stage.login("juliet@example.org/chamber");
  for (const [own, expected] of [
    ["", "en"],
    ["xml:lang='it'", "it"],
  ]) {
    romeo.send(`<message to='juliet@example.org/chamber' ${own}><body>ciao</body></message>`);
    assert.equal((await juliet.element()).attr("xml:lang"), expected);
  }
});

test("RFC 6120 §8.3.1: whom a stanza was for answers it, even if it cannot be read", async () => {
  await using stage = await TestServer.start();
  const romeo = await stage.login("romeo@example.org/balcony");
  for (const [to, from] of [
    ["", "romeo@example.org"],
    ["to='juliet@example.org'", "juliet@example.org"],
    ["to='@@'", "example.org"],
  ]) {
    romeo.send(`<iq type='nothing' id='q' ${to}/>`);
    const error = await romeo.element();
    assert.deepEqual([error.attr("type"), error.attr("from")], ["error", from]);
  }
});
