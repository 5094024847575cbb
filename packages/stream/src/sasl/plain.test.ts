import assert from "node:assert/strict";
import { test } from "node:test";
import { readUtf8, utf8 } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { nodeCrypto } from "../node-crypto.test.ts";
import { ownAccount } from "./authorization.ts";
import { accounts, converse, failed, now, succeeded } from "./converse.test.ts";
import { SaslError } from "./error.ts";
import { MESSAGE_BYTES, type SaslStep, type ServerMechanism } from "./mechanism.ts";
import { type PlainVerifier, plainClient, plainServer, scramVerifier } from "./plain.ts";

const source = accounts({ juliet: "wherefore" }, { iterations: 10 });

function server(verifier: PlainVerifier = scramVerifier(nodeCrypto, source)): ServerMechanism {
  return plainServer({ verifier, mayActAs: ownAccount("example.org") });
}

const said = (authzid?: string): string | undefined =>
  readUtf8(
    plainClient({ username: "Juliet", password: "wherefore", authzid }).start() ?? new Uint8Array(),
  );

const attempt = (username: string, password: string, authzid?: string): Promise<SaslStep> =>
  converse(plainClient({ username, password, authzid }), server());

test("a message of PLAIN is authzid, user name and password (RFC 4616 §2)", () => {
  assert.equal(said(), "\0juliet\0wherefore");
  assert.equal(said("juliet@example.org"), "juliet@example.org\0juliet\0wherefore");
});

test("the right password signs in, and no other", async () => {
  const { username, authzid, data } = succeeded(await attempt("JULIET", "wherefore"));
  assert.deepEqual([username, authzid, data], ["juliet", undefined, undefined]);
  assert.equal(failed(await attempt("juliet", "Wherefore")), "not-authorized");
  assert.equal(failed(await attempt("romeo", "wherefore")), "not-authorized");
});

test("nobody acts as anyone else (RFC 6120 §6.5.6)", async () => {
  assert.equal(
    succeeded(await attempt("juliet", "wherefore", "juliet@EXAMPLE.org")).authzid,
    "juliet@EXAMPLE.org",
  );
  for (const authzid of ["romeo@example.org", "juliet@example.com", "juliet"]) {
    assert.equal(failed(await attempt("juliet", "wherefore", authzid)), "invalid-authzid", authzid);
  }
});

test("a message that is not one of PLAIN is a malformed-request, and nobody is asked", () => {
  const never: PlainVerifier = {
    verify() {
      throw new Error("a verifier that must not be asked");
    },
  };
  const messages = [
    "",
    "\0",
    "\0\0",
    "juliet",
    "juliet\0wherefore",
    "\0juliet",
    "\0juliet\0",
    "\0\0wherefore",
    "\0juliet\0wherefore\0",
    "\0juliet\0where\0fore",
    "\0\0juliet\0wherefore",
  ];
  for (const message of messages) {
    assert.equal(failed(now(server(never).respond(utf8(message)))), "malformed-request", message);
  }
  const notUtf8 = Uint8Array.of(0, 0x6a, 0, 0xff);
  assert.equal(failed(now(server(never).respond(notUtf8))), "malformed-request");
  const long = utf8(`\0juliet\0${"w".repeat(MESSAGE_BYTES)}`);
  assert.equal(failed(now(server(never).respond(long))), "malformed-request");
});

test("what cannot be a user name or a password is not authorized", () => {
  for (const message of [
    "\0ju liet\0wherefore",
    "\0a@b\0wherefore",
    "\0juliet\0\u0007",
    "\0\u0001\0x",
  ]) {
    assert.equal(failed(now(server().respond(utf8(message)))), "not-authorized", message);
  }
});

test("a user who does not exist is looked for as often, and costs as much, as one who does", async () => {
  const spent: number[] = [];
  const crypto: Crypto = {
    ...nodeCrypto,
    pbkdf2(name, password, salt, iterations, length) {
      spent.push(iterations * length);
      return nodeCrypto.pbkdf2(name, password, salt, iterations, length);
    },
  };
  const asked: string[] = [];
  const verifier = scramVerifier(crypto, {
    ...source,
    scram(username, hash) {
      asked.push(username);
      return source.scram(username, hash);
    },
  });
  assert.equal(await verifier.verify("juliet", "wrong"), false);
  assert.equal(await verifier.verify("romeo", "wrong"), false);
  assert.deepEqual(spent, [320, 320], "of SHA-256, which costs the server least");
  assert.deepEqual(asked, ["juliet", "juliet", "juliet", "romeo", "romeo", "romeo"]);
});

test("an account that has keys for a weaker hash only is verified by them", async () => {
  const verifier = scramVerifier(nodeCrypto, {
    ...source,
    scram: (username, hash) => (hash === "SHA-1" ? source.scram(username, hash) : undefined),
  });
  assert.equal(await verifier.verify("juliet", "wherefore"), true);
  assert.equal(await verifier.verify("juliet", "wrong"), false);
});

test("the client refuses a challenge, data it does not expect, and a success before it spoke", () => {
  const client = plainClient({ username: "juliet", password: "wherefore" });
  assert.throws(() => client.finish(undefined), SaslError);
  client.start();
  assert.throws(() => client.respond(new Uint8Array()), SaslError);
  assert.throws(() => client.finish(utf8("v=AAAA")), SaslError);
  assert.equal(client.finish(undefined), undefined);
});
