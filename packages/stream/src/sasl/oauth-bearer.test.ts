import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { ownAccount } from "./authorization.ts";
import { failed, now, said, succeeded } from "./converse.test.ts";
import { SaslError } from "./error.ts";
import type { ServerMechanism } from "./mechanism.ts";
import { bearerClient, bearerServer } from "./oauth-bearer.ts";

const SOH = "\u0001";

function server(): ServerMechanism {
  return bearerServer({
    verifier: {
      verify(token) {
        if (token === "old") throw new SaslError("credentials-expired");
        return token === "vF9dft4qmT" ? "Juliet" : undefined;
      },
      discovery: { openidConfiguration: "https://example.org/.well-known/x", scope: "xmpp" },
    },
    mayActAs: ownAccount("example.org"),
  });
}

test("RFC 7628 §4.1: whoever has a good token is who it says", () => {
  const client = bearerClient({ token: "vF9dft4qmT", authzid: "juliet@example.org" });
  const message = client.start();
  assert.deepEqual(
    message,
    utf8(`n,a=juliet@example.org,${SOH}auth=Bearer vF9dft4qmT${SOH}${SOH}`),
  );
  const success = succeeded(now(server().respond(message)));
  assert.deepEqual([success.username, success.authzid], ["juliet", "juliet@example.org"]);
  const others = `n,,${SOH}host=example.org${SOH}port=5222${SOH}auth=bearer vF9dft4qmT${SOH}${SOH}`;
  assert.equal(succeeded(now(server().respond(utf8(others)))).username, "juliet");
});

test("RFC 7628 §3.2.2: another token gets to know where to ask for one, and then a failure", () => {
  const mechanism = server();
  const client = bearerClient({ token: "guessed" });
  const told = said(now(mechanism.respond(client.start())));
  assert.deepEqual(JSON.parse(told), {
    status: "invalid_token",
    scope: "xmpp",
    "openid-configuration": "https://example.org/.well-known/x",
  });
  assert.equal(failed(now(mechanism.respond(now(client.respond(utf8(told)))))), "not-authorized");
});

test("who may not act as the authzid, or has a token that is over, is told so", () => {
  const act = (token: string, authzid?: string): string =>
    failed(now(server().respond(bearerClient({ token, authzid }).start())));
  assert.equal(act("vF9dft4qmT", "romeo@example.org"), "invalid-authzid");
  assert.equal(act("old"), "credentials-expired");
});

test("RFC 7628 §3.1: what breaks the grammar is a malformed-request", () => {
  for (const message of [
    "",
    "n,,",
    `n,,${SOH}${SOH}`,
    `n,,auth=Bearer x${SOH}${SOH}`,
    `n,,${SOH}auth=Bearer x${SOH}`,
    `n,,${SOH}auth=Basic x${SOH}${SOH}`,
    `n,,${SOH}auth=Bearer ${SOH}${SOH}`,
    `n,,${SOH}auth=Bearer a b${SOH}${SOH}`,
    `p=tls-exporter,,${SOH}auth=Bearer x${SOH}${SOH}`,
  ]) {
    assert.equal(failed(now(server().respond(utf8(message)))), "malformed-request", message);
  }
});
