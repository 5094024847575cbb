import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { nodeCrypto } from "../node-crypto.test.ts";
import { accounts, bindingsOf, failed, now } from "./converse.test.ts";
import { SaslError } from "./error.ts";
import { scramVerifier } from "./plain.ts";
import { type SaslServer, serverMechanism } from "./server.ts";

const scram = accounts({ juliet: "wherefore" });
const everything: SaslServer = {
  offered: ["EXTERNAL", "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "ANONYMOUS"],
  crypto: nodeCrypto,
  scram,
  plain: scramVerifier(nodeCrypto, scram),
  identities: ["juliet@example.org"],
  anonymous: () => "guest",
  bindings: bindingsOf("tls-exporter"),
};

test("every mechanism that was offered can be had by its name", () => {
  for (const name of everything.offered) {
    assert.equal(serverMechanism(name, everything).name, name);
  }
});

test("what was not offered is an invalid-mechanism (RFC 6120 §6.5.7)", () => {
  const names = [
    "SCRAM-SHA-512",
    "SCRAM-SHA-1-PLUS",
    "plain",
    "PLAIN ",
    "",
    "DIGEST-MD5",
    "toString",
  ];
  for (const name of names) {
    assert.throws(
      () => serverMechanism(name, everything),
      (error) => error instanceof SaslError && error.condition === "invalid-mechanism",
      name,
    );
  }
});

test("an offer that the server cannot keep is a mistake of its configuration", () => {
  for (const name of [...everything.offered, "DIGEST-MD5"]) {
    const offered = [name];
    assert.throws(() => serverMechanism(name, { offered, crypto: nodeCrypto }), TypeError, name);
  }
});

test("with any -PLUS on offer the flag y is a sign of an attack (RFC 5802 §6)", () => {
  const message = utf8("y,,n=juliet,r=client");
  const deceived = serverMechanism("SCRAM-SHA-1", everything);
  assert.equal(failed(now(deceived.respond(message))), "not-authorized");
  const offered = everything.offered.filter((name) => !name.endsWith("-PLUS"));
  const fine = serverMechanism("SCRAM-SHA-1", { ...everything, offered });
  assert.equal(now(fine.respond(message)).step, "challenge");
});
