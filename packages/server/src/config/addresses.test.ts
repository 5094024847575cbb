import assert from "node:assert/strict";
import { test } from "node:test";
import { readListenAddress, writeListenAddress } from "./addresses.ts";

test("an address to listen on is a port, or a host and a port", () => {
  assert.deepEqual(readListenAddress(0), { port: 0 });
  assert.deepEqual(readListenAddress("127.0.0.1:5222"), { host: "127.0.0.1", port: 5222 });
  assert.deepEqual(readListenAddress("[::1]:65535"), { host: "::1", port: 65_535 });
  assert.deepEqual(readListenAddress("xmpp.example.org:1"), { host: "xmpp.example.org", port: 1 });
});

test("what is no address to listen on is said with the value and a remedy", () => {
  const bad = [-1, 65_536, 1.5, Number.NaN, "localhost", ":1", "::1:5222", "a:70000", "a b:1"];
  for (const input of bad) {
    const problem = readListenAddress(input);
    assert.ok(typeof problem === "string" && problem.includes(String(input)), String(input));
  }
  const quoted = readListenAddress("5222");
  assert.ok(typeof quoted === "string" && quoted.includes("without quotes"));
});

test("an address to listen on is written as it is read", () => {
  for (const text of ["127.0.0.1:5222", "[::1]:5222", "localhost:0"]) {
    const address = readListenAddress(text);
    assert.ok(typeof address !== "string");
    assert.equal(writeListenAddress(address), text);
  }
  assert.equal(writeListenAddress({ port: 5222 }), "5222");
});
