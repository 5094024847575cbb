import assert from "node:assert/strict";
import { test } from "node:test";
import { isNetwork, Networks, plainAddress } from "./networks.ts";

test("an address is found in the networks of its own kind", () => {
  const networks = new Networks(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]);
  for (const address of ["127.0.0.1", "10.255.0.1", "2001:db8:1::2", "::ffff:10.1.2.3"]) {
    assert.equal(networks.has(address), true, address);
  }
  for (const address of ["127.0.0.2", "11.0.0.1", "2001:db9::1", "::1", "", "unknown"]) {
    assert.equal(networks.has(address), false, address);
  }
});

test("networks are written as addresses, with the bits that count if not all do", () => {
  for (const text of ["0.0.0.0/0", "::/0", "192.0.2.1", "fe80::1/64"]) assert.ok(isNetwork(text));
  for (const text of ["", "localhost", "10.0.0.0/33", "10/8", "1.2.3.4/", "::1/129"]) {
    assert.equal(isNetwork(text), false, text);
  }
});

test("RFC 4291 §2.5.5.2: an address of IPv4 in the form of IPv6 is one of IPv4", () => {
  assert.equal(plainAddress("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(plainAddress("2001:db8::1"), "2001:db8::1");
});
