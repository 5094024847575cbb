import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { decodeBase64 } from "../../base64.ts";
import { readUtf8, utf8 } from "../../bytes.ts";
import { webCrypto } from "../../crypto.ts";
import { nodeCrypto } from "../../node-crypto.test.ts";
import { now, said, succeeded } from "../converse.test.ts";
import { scramClient } from "./client.ts";
import { deriveScramKeys, type ScramKeys } from "./keys.ts";
import type { ScramHash } from "./names.ts";
import { scramServer } from "./server.ts";

/** An exchange of the user "user" with the password "pencil". */
interface Vector {
  readonly hash: ScramHash;
  readonly clientNonce: string;
  readonly serverNonce: string;
  readonly salt: string;
  /** The client's first message, the server's, the client's, the server's. */
  readonly messages: readonly [string, string, string, string];
}

const RFC_5802: Vector = {
  hash: "SHA-1",
  clientNonce: "fyko+d2lbbFgONRv9qkxdawL",
  serverNonce: "3rfcNHYJY1ZVvWVs7j",
  salt: "QSXCR+Q6sek8bf92",
  messages: [
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  ],
};

const RFC_7677: Vector = {
  hash: "SHA-256",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
  messages: [
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  ],
};

test("the example of RFC 5802 §5 is spoken word for word by both sides", async () => {
  await speak(RFC_5802);
});

test("the example of RFC 7677 §3 is spoken word for word by both sides", async () => {
  await speak(RFC_7677);
});

test("an exchange with SHA-512 is what the formulas of RFC 5802 §3 give", async () => {
  await speak(computed("SHA-512", "sha512"));
});

test("the formulas of RFC 5802 §3, computed apart, give the example of RFC 7677 §3", () => {
  assert.deepEqual(computed("SHA-256", "sha256").messages, RFC_7677.messages);
});

async function speak(vector: Vector): Promise<void> {
  await speakAsClient(vector);
  speakAsServer(vector);
}

async function speakAsClient({ hash, clientNonce, messages }: Vector): Promise<void> {
  for (const crypto of [nodeCrypto, webCrypto]) {
    const client = scramClient({
      crypto,
      hash,
      username: "user",
      password: "pencil",
      binding: { flag: "n" },
      nonce: clientNonce,
    });
    assert.equal(client.name, `SCRAM-${hash}`);
    assert.equal(readUtf8(client.start() ?? new Uint8Array()), messages[0]);
    assert.equal(readUtf8(await client.respond(utf8(messages[1]))), messages[2]);
    await client.finish(utf8(messages[3]));
  }
}

function speakAsServer({ hash, serverNonce, salt, messages }: Vector): void {
  const keys = now(
    deriveScramKeys(nodeCrypto, hash, "pencil", decodeBase64(salt) as Uint8Array, 4096),
  );
  const scram = (name: string): ScramKeys | undefined => (name === "user" ? keys : undefined);
  const server = scramServer({
    crypto: nodeCrypto,
    hash,
    source: { scram, fake: { secret: utf8("secret"), iterations: 4096 } },
    plus: false,
    plusOffered: false,
    nonce: serverNonce,
  });
  assert.equal(said(now(server.respond(utf8(messages[0])))), messages[1]);
  const success = now(server.respond(utf8(messages[2])));
  assert.equal(said(success), messages[3]);
  assert.equal(succeeded(success).username, "user");
}

/** The exchange of RFC 7677 §3 with another hash, computed straight from the formulas. */
function computed(hash: ScramHash, name: string): Vector {
  const { clientNonce, serverNonce, salt } = RFC_7677;
  const hmac = (key: Buffer, data: string): Buffer => createHmac(name, key).update(data).digest();
  const length = createHash(name).digest().length;
  const salted = pbkdf2Sync("pencil", Buffer.from(salt, "base64"), 4096, length, name);
  const first = `n=user,r=${clientNonce}`;
  const serverFirst = `r=${clientNonce}${serverNonce},s=${salt},i=4096`;
  const final = `c=biws,r=${clientNonce}${serverNonce}`;
  const auth = `${first},${serverFirst},${final}`;
  const clientKey = hmac(salted, "Client Key");
  const signature = hmac(createHash(name).update(clientKey).digest(), auth);
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] as number));
  const verifier = hmac(hmac(salted, "Server Key"), auth).toString("base64");
  return {
    hash,
    clientNonce,
    serverNonce,
    salt,
    messages: [
      `n,,${first}`,
      serverFirst,
      `${final},p=${Buffer.from(proof).toString("base64")}`,
      `v=${verifier}`,
    ],
  };
}
