import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64 } from "../../base64.ts";
import { utf8 } from "../../bytes.ts";
import { nodeCrypto } from "../../node-crypto.test.ts";
import { chooseMechanism } from "../choose.ts";
import { accounts, bindingsOf, converse, now, said } from "../converse.test.ts";
import { SaslError } from "../error.ts";
import { serverMechanism } from "../server.ts";
import { offerHash } from "./downgrade.ts";

const EXAMPLE = {
  mechanisms: ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"],
  bindings: ["tls-server-end-point", "tls-exporter"],
};

test("XEP-0474 §5.3: the hash of the example, whatever the order", () => {
  const hash = now(offerHash(nodeCrypto, "SHA-1", EXAMPLE));
  assert.equal(encodeBase64(hash), "G6k/rBLDqgOhRRaCuuatSDFkJ08=");
});

test("XEP-0474 §5.1: that nothing was announced is not that an empty list was", () => {
  const hash = (bindings?: string[]): string =>
    encodeBase64(now(offerHash(nodeCrypto, "SHA-256", { mechanisms: ["A"], bindings })));
  assert.notEqual(hash(), hash([]));
  assert.notEqual(hash(["B"]), hash(["C"]));
});

const bindings = bindingsOf("tls-exporter", "tls-server-end-point");
const OFFERED = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];

async function logIn(
  seen: { readonly offered: readonly string[]; readonly announced?: readonly string[] | undefined },
  own = bindings,
): Promise<string> {
  const client = chooseMechanism(seen.offered, {
    crypto: nodeCrypto,
    username: "juliet",
    password: "wherefore",
    bindings: own,
    offer: { mechanisms: seen.offered, bindings: seen.announced },
  });
  assert.ok(client);
  const server = serverMechanism(client.name, {
    crypto: nodeCrypto,
    scram: accounts({ juliet: "wherefore" }),
    offered: OFFERED,
    announced: bindings.types,
    bindings,
  });
  return (await converse(client, server)).step;
}

test("XEP-0474 §5.2: what was not changed on the way is signed, and the login goes on", async () => {
  assert.equal(await logIn({ offered: OFFERED, announced: bindings.types }), "success");
});

test("XEP-0474 §4: mechanisms or types of binding that someone took away are noticed", async () => {
  const aborted = (error: unknown): boolean =>
    error instanceof SaslError && error.condition === "aborted" && /someone/.test(error.message);
  const announced = bindings.types;
  const weaker = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"];
  await assert.rejects(logIn({ offered: weaker, announced }), aborted);
  await assert.rejects(logIn({ offered: OFFERED, announced: ["tls-server-end-point"] }), aborted);
  await assert.rejects(logIn({ offered: [...OFFERED, "PLAIN"], announced }), aborted);
  // a client that cannot bind channels notices too
  const none = bindingsOf();
  await assert.rejects(logIn({ offered: ["SCRAM-SHA-1"], announced }, none), aborted);
});

test("XEP-0474 §5.1: the hash is an optional attribute at the end of the server's first message", () => {
  const server = serverMechanism("SCRAM-SHA-1", {
    crypto: nodeCrypto,
    scram: accounts({ juliet: "wherefore" }),
    offered: EXAMPLE.mechanisms,
    announced: EXAMPLE.bindings,
  });
  const first = said(now(server.respond(utf8("n,,n=juliet,r=abc"))));
  assert.match(first, /^r=abc[^,]+,s=[^,]+,i=4096,h=G6k\/rBLDqgOhRRaCuuatSDFkJ08=$/);
});
