import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { anonymousClient, anonymousServer } from "./anonymous.ts";
import { converse, failed, now, succeeded } from "./converse.test.ts";
import type { SaslStep } from "./mechanism.ts";

test("the server makes up who an anonymous client is (RFC 4505 §2)", async () => {
  for (const name of [() => "guest-1", async () => "guest-1"]) {
    const success = succeeded(await converse(anonymousClient(), anonymousServer(name)));
    assert.equal(success.username, "guest-1");
  }
});

const answer = (trace: Uint8Array): SaslStep => now(anonymousServer(() => "guest").respond(trace));

test("trace information has 255 characters at most (RFC 4505 §2)", () => {
  succeeded(answer(utf8("sirhc")));
  succeeded(answer(utf8("😀".repeat(255))));
  for (const trace of [utf8("a".repeat(256)), utf8("a\0b"), Uint8Array.of(0xc3)]) {
    assert.equal(failed(answer(trace)), "malformed-request");
  }
});
