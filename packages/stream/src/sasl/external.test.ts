import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { converse, failed, now, succeeded } from "./converse.test.ts";
import { externalClient, externalServer } from "./external.ts";
import type { SaslStep } from "./mechanism.ts";

const TWO = ["juliet@example.org", "juliet@example.com"];
const ask = (identities: readonly string[], authzid?: string): Promise<SaslStep> =>
  converse(externalClient(authzid), externalServer(identities));

test("the one address of a certificate is who the client is (XEP-0178 §2)", async () => {
  const success = succeeded(await ask(["juliet@example.org"]));
  assert.deepEqual([success.username, success.authzid], ["juliet@example.org", undefined]);
  assert.equal(succeeded(await ask(["example.org"])).username, "example.org");
});

test("of several addresses the client says which one it is (XEP-0178 §2)", async () => {
  const success = succeeded(await ask(TWO, "Juliet@EXAMPLE.com"));
  assert.deepEqual(
    [success.username, success.authzid],
    ["juliet@example.com", "Juliet@EXAMPLE.com"],
  );
  assert.equal(failed(await ask(TWO)), "invalid-authzid");
});

test("an address that the certificate does not have is an invalid-authzid", async () => {
  for (const authzid of ["romeo@example.org", "example.org", "juliet@example.org/x", "@", "a b"]) {
    assert.equal(failed(await ask(TWO, authzid)), "invalid-authzid", authzid);
  }
});

test("a certificate that proves nothing authorizes nobody (XEP-0178 §2)", async () => {
  assert.equal(failed(await ask([])), "not-authorized");
  assert.equal(failed(await ask([], "juliet@example.org")), "not-authorized");
});

test("a message with NUL or that is not UTF-8 is a malformed-request (RFC 4422 §A.1)", () => {
  for (const message of [utf8("juliet\0@example.org"), Uint8Array.of(0xff)]) {
    assert.equal(failed(now(externalServer(TWO).respond(message))), "malformed-request");
  }
});

test("an address that no longer can be one does not break the exchange", async () => {
  assert.equal(failed(await ask(["@"], "juliet@example.org")), "temporary-auth-failure");
});
