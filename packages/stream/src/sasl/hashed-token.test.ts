import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { concat, utf8 } from "../bytes.ts";
import { nodeCrypto } from "../node-crypto.test.ts";
import type { ChannelBindings } from "./channel-binding.ts";
import { bindingsOf, failed, now, succeeded } from "./converse.test.ts";
import { SaslError } from "./error.ts";
import { tokenClient, tokenKey, tokenMechanisms, tokenServer } from "./hashed-token.ts";
import type { SaslStep } from "./mechanism.ts";

const TOKEN = "a token of the server's, which is longer than one block of the hash function";
const ALL = bindingsOf("tls-exporter", "tls-server-end-point", "tls-unique");

/** What a server that knows one token of juliet's says. */
function answer(name: string, message: Uint8Array, bindings?: ChannelBindings): SaslStep {
  const server = tokenServer(name, {
    crypto: nodeCrypto,
    bindings,
    tokens: {
      verify(username, mechanism, proves) {
        const key = now(tokenKey(nodeCrypto, TOKEN));
        return username === "juliet" && mechanism === name && now(proves(key)) ? key : undefined;
      },
    },
  });
  assert.ok(server);
  return now(server.respond(message));
}

function client(name: string, options: { token?: string; bindings?: ChannelBindings } = {}) {
  return tokenClient(name, { crypto: nodeCrypto, username: "juliet", token: TOKEN, ...options });
}

test("the mechanisms are those that the connection can be bound by, and the one that binds nothing", () => {
  assert.deepEqual(tokenMechanisms(bindingsOf("tls-exporter", "tls-server-end-point")), [
    "HT-SHA-256-EXPR",
    "HT-SHA-256-ENDP",
    "HT-SHA-256-NONE",
  ]);
  assert.deepEqual(tokenMechanisms(undefined), ["HT-SHA-256-NONE"]);
});

test("both sides prove that they know the token, by every mechanism", () => {
  for (const name of tokenMechanisms(ALL)) {
    const juliet = client(name, { bindings: ALL });
    const success = succeeded(answer(name, now(juliet.start()), ALL));
    assert.equal(success.username, "juliet");
    assert.equal(now(juliet.finish(success.data)), undefined);
  }
});

test("the proof is HMAC-SHA-256 of the token over who speaks and what the channel is bound by", () => {
  const data = ALL.data("tls-exporter");
  const proof = createHmac("sha256", TOKEN).update("Initiator").update(data).digest();
  assert.deepEqual(
    now(client("HT-SHA-256-EXPR", { bindings: ALL }).start()),
    concat(utf8("juliet\0"), proof),
  );
});

test("another token, another connection, another mechanism or another user is not let in", () => {
  const say = (name: string, options?: Parameters<typeof client>[1]): Uint8Array =>
    now(client(name, options).start());
  const wrong = { token: `${TOKEN}!` };
  assert.equal(failed(answer("HT-SHA-256-NONE", say("HT-SHA-256-NONE", wrong))), "not-authorized");
  const elsewhere: ChannelBindings = { types: ALL.types, data: () => utf8("another connection") };
  const bound = say("HT-SHA-256-EXPR", { bindings: elsewhere });
  assert.equal(failed(answer("HT-SHA-256-EXPR", bound, ALL)), "not-authorized");
  assert.equal(failed(answer("HT-SHA-256-EXPR", bound, bindingsOf())), "not-authorized");
  const unbound = say("HT-SHA-256-NONE");
  assert.equal(failed(answer("HT-SHA-256-EXPR", unbound, ALL)), "not-authorized");
  const romeo = concat(utf8("romeo\0"), unbound.subarray(7));
  assert.equal(failed(answer("HT-SHA-256-NONE", romeo)), "not-authorized");
});

test("what is not a user name, NUL and 32 bytes is a malformed-request", () => {
  for (const message of ["", "\0", "juliet", "juliet\0", `juliet\0${"x".repeat(31)}`, "\0juliet"]) {
    assert.equal(failed(answer("HT-SHA-256-NONE", utf8(message))), "malformed-request", message);
  }
  const notText = concat(new Uint8Array([0xff, 0]), new Uint8Array(32));
  assert.equal(failed(answer("HT-SHA-256-NONE", notText)), "malformed-request");
});

test("a client does not believe a server that does not prove itself", () => {
  const refuses = (act: () => unknown): void =>
    assert.throws(act, (e) => e instanceof SaslError && e.condition === "aborted");
  refuses(() => client("HT-SHA-256-NONE").finish(undefined));
  refuses(() => client("HT-SHA-256-NONE").finish(new Uint8Array(32)));
  refuses(() => client("HT-SHA-256-NONE").respond(new Uint8Array()));
  refuses(() => client("HT-SHA-256-UNIQ", { bindings: bindingsOf("tls-exporter") }));
});

test("a name that only resembles one of the mechanisms is none", () => {
  for (const name of [
    "HT-SHA-256-",
    "HT-SHA-512-NONE",
    "ht-sha-256-none",
    "HT-SHA-256-NONE-PLUS",
  ]) {
    const tokens = { verify: () => undefined };
    assert.equal(tokenServer(name, { crypto: nodeCrypto, tokens }), undefined, name);
  }
});
