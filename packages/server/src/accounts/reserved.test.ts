import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { RESERVED_NAMES } from "../config/reserved.ts";
import { isReserved } from "./reserved.ts";

test("RFC 2142: names that speak for the domain are reserved, in the form of an address", () => {
  for (const name of ["Postmaster", "ABUSE", "admin", "root"]) {
    assert.ok(isReserved(Jid.of(name, "example.org").local), name);
  }
  assert.ok(!isReserved("romeo"));
  for (const name of RESERVED_NAMES) assert.equal(Jid.of(name, "example.org").local, name);
});

test("which names are reserved is configured", () => {
  assert.ok(isReserved("boss", ["boss"]));
  assert.ok(!isReserved("admin", ["boss"]));
});

test("RFC 8265 §6.2: what looks like a reserved name is reserved, what is another word is not", () => {
  for (const name of ["аdmin", "adrnin", "r00t", "supp\u043ert", "pοstmaster", "admín", "adm1n"]) {
    assert.ok(isReserved(Jid.of(name, "example.org").local), name);
  }
  for (const name of ["админ", "romeo", "adm", "admins", "rooted", "infos", "xmpp2"]) {
    assert.ok(!isReserved(Jid.of(name, "example.org").local), name);
  }
});
