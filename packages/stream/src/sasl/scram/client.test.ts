import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64 } from "../../base64.ts";
import { concat, readUtf8, utf8 } from "../../bytes.ts";
import { nodeCrypto } from "../../node-crypto.test.ts";
import { accounts, bindingsOf, now, said } from "../converse.test.ts";
import { SaslError } from "../error.ts";
import { type ClientMechanism, MESSAGE_BYTES, type ServerMechanism } from "../mechanism.ts";
import { type ScramClientOptions, scramClient } from "./client.ts";
import { scramServer } from "./server.ts";

function client(options: Partial<ScramClientOptions> = {}): ClientMechanism {
  return scramClient({
    crypto: nodeCrypto,
    hash: "SHA-1",
    username: "juliet",
    password: "wherefore",
    binding: { flag: "n" },
    nonce: "client",
    ...options,
  });
}

function server(): ServerMechanism {
  const source = accounts({ juliet: "wherefore" });
  return scramServer({
    crypto: nodeCrypto,
    hash: "SHA-1",
    source,
    plus: false,
    plusOffered: false,
  });
}

const first = (options: Partial<ScramClientOptions>): string | undefined =>
  readUtf8(client(options).start() ?? new Uint8Array());

/** A client that waits for the signature, and the signature. */
function beforeTheEnd(): { readonly scram: ClientMechanism; readonly signature: string } {
  const scram = client();
  const other = server();
  const challenge = said(now(other.respond(scram.start())));
  return { scram, signature: said(now(other.respond(now(scram.respond(utf8(challenge)))))) };
}

const aborts = (act: () => unknown, name: string): void =>
  assert.throws(act, (e) => e instanceof SaslError && e.condition === "aborted", name);

test("the first message names the user, in canonical form and escaped (RFC 5802 §5.1)", () => {
  assert.equal(first({}), "n,,n=juliet,r=client");
  assert.equal(first({ username: "Juliet" }), "n,,n=juliet,r=client");
  assert.equal(first({ username: "a,b=c" }), "n,,n=a=2Cb=3Dc,r=client");
  assert.equal(first({ authzid: "a,=@b" }), "n,a=a=2C=3D@b,n=juliet,r=client");
  assert.equal(first({ authzid: "" }), "n,,n=juliet,r=client");
});

test("the first message says how the channel is bound (RFC 5802 §6)", () => {
  assert.equal(first({ binding: { flag: "y" } }), "y,,n=juliet,r=client");
  const bindings = bindingsOf("tls-exporter");
  const binding = { flag: "p", type: "tls-exporter", bindings } as const;
  assert.equal(first({ binding }), "p=tls-exporter,,n=juliet,r=client");
  assert.equal(client({ binding }).name, "SCRAM-SHA-1-PLUS");
});

test("a nonce is new for each exchange and has 144 bits", () => {
  const nonces = new Set(Array.from({ length: 100 }, () => first({ nonce: undefined })));
  assert.equal(nonces.size, 100);
  for (const nonce of nonces) assert.match(nonce ?? "", /^n,,n=juliet,r=[A-Za-z0-9+/]{24}$/);
});

test("what cannot be a user name, a password or an authzid is refused without being quoted", () => {
  aborts(() => client({ username: "" }), "empty");
  aborts(() => client({ username: "juliet@example.org" }), "an address");
  aborts(() => client({ password: "" }), "no password");
  aborts(() => client({ password: "secret\u0000" }), "control character");
  aborts(() => client({ authzid: "a\0b" }), "NUL");
  assert.throws(
    () => client({ password: "secret\u0007" }),
    (e) => e instanceof SaslError && !e.message.includes("secret"),
  );
});

test("a first message of the server that breaks the rules ends the exchange", () => {
  const messages = [
    "",
    ",,",
    "r=clientserver",
    "r=clientserver,s=c2FsdA==",
    "s=c2FsdA==,r=clientserver,i=4096",
    "r=clientserver,i=4096,s=c2FsdA==",
    "r=,s=c2FsdA==,i=4096",
    "r=client,s=c2FsdA==,i=4096", // nothing of the server's
    "r=server,s=c2FsdA==,i=4096",
    "r=clienserver,s=c2FsdA==,i=4096",
    "r=xclientserver,s=c2FsdA==,i=4096",
    "r=Clientserver,s=c2FsdA==,i=4096",
    "r=client server,s=c2FsdA==,i=4096",
    "r=clientservér,s=c2FsdA==,i=4096",
    "r=clientserver,s=,i=4096",
    "r=clientserver,s=c2FsdA,i=4096",
    "r=clientserver,s=c2FsdB==,i=4096",
    "r=clientserver,s=!!!!,i=4096",
    "r=clientserver,s=c2FsdA==,i=",
    "r=clientserver,s=c2FsdA==,i=0",
    "r=clientserver,s=c2FsdA==,i=-4096",
    "r=clientserver,s=c2FsdA==,i=04096",
    "r=clientserver,s=c2FsdA==,i=4096.5",
    "r=clientserver,s=c2FsdA==,i=1e5",
    "r=clientserver,s=c2FsdA==,i=0x1000",
    "r=clientserver,s=c2FsdA==,i= 4096",
    "r=clientserver,s=c2FsdA==,i=4095", // RFC 7677 §4
    "r=clientserver,s=c2FsdA==,i=10000001",
    "r=clientserver,s=c2FsdA==,i=99999999999999999999",
    "r=clientserver,s=c2FsdA==,i=4096,",
    "r=clientserver,s=c2FsdA==,i=4096,x",
    "m=ext,r=clientserver,s=c2FsdA==,i=4096",
    "r=clientserver,s=c2FsdA==,i=4096,m=ext",
    "e=other-error",
    "v=AAAA",
    `r=client${"s".repeat(MESSAGE_BYTES)},s=c2FsdA==,i=4096`,
  ];
  for (const message of messages) {
    const scram = client();
    scram.start();
    aborts(() => scram.respond(utf8(message)), message);
    aborts(() => scram.respond(utf8("r=clientserver,s=c2FsdA==,i=4096")), `after ${message}`);
  }
  const scram = client();
  scram.start();
  const notUtf8 = concat(utf8("r=clientserver,s=c2FsdA==,i=4096,x="), Uint8Array.of(0xff));
  aborts(() => scram.respond(notUtf8), "not UTF-8");
});

test("the bounds of iterations are the client's to choose", () => {
  for (const [count, fits] of [
    [99, false],
    [100, true],
    [200, true],
    [201, false],
  ] as const) {
    const scram = client({ iterations: { min: 100, max: 200 } });
    scram.start();
    const message = utf8(`r=clientserver,s=c2FsdA==,i=${count}`);
    if (fits) assert.match(readUtf8(now(scram.respond(message))) ?? "", /,p=/);
    else aborts(() => scram.respond(message), String(count));
  }
});

test("a server that cannot sign with the keys of the password is refused (RFC 5802 §3)", () => {
  const { signature } = beforeTheEnd();
  const bytes = Buffer.from(signature.slice(2), "base64");
  const flipped = bytes.map((byte, i) => (i === 0 ? byte ^ 0x80 : byte));
  const messages = [
    "",
    "v=",
    "v",
    `v=${encodeBase64(flipped)}`,
    `v=${encodeBase64(bytes.subarray(1))}`,
    `v=${encodeBase64(concat(bytes, Uint8Array.of(0)))}`,
    signature, // of another exchange: the nonces differ
    signature.slice(2),
    `x=1,${signature}`,
    "v=!!!!",
    "m=ext,v=AAAA",
    `v=${"A".repeat(MESSAGE_BYTES)}`,
  ];
  for (const message of messages) {
    const { scram } = beforeTheEnd();
    aborts(() => scram.finish(utf8(message)), message);
    aborts(() => scram.finish(undefined), "a refused server is not asked again");
  }
});

test("a success without a signature is refused", () => {
  aborts(() => beforeTheEnd().scram.finish(undefined), "no data");
  aborts(() => beforeTheEnd().scram.finish(new Uint8Array()), "empty data");
  const early = client();
  aborts(() => early.finish(undefined), "before the first message");
  const soon = client();
  soon.start();
  aborts(() => soon.finish(utf8("v=AAAA")), "before the challenge");
});

test("the server's signature is taken, with unknown extensions after it", () => {
  for (const more of ["", ",x=1"]) {
    const { scram, signature } = beforeTheEnd();
    assert.equal(scram.finish(utf8(signature + more)), undefined);
  }
  const { scram, signature } = beforeTheEnd();
  aborts(() => scram.finish(utf8(`${signature},m=ext`)), "mandatory extension");
});

test("the signature may come as a challenge, then the success has no data (RFC 4422 §3)", () => {
  const { scram, signature } = beforeTheEnd();
  assert.deepEqual(now(scram.respond(utf8(signature))), new Uint8Array());
  assert.equal(scram.finish(undefined), undefined);
  const { scram: other } = beforeTheEnd();
  aborts(() => other.respond(utf8("v=AAAA")), "a wrong one");
  aborts(() => other.finish(undefined), "after a wrong one");
});

test("an error of the server (e=) is not authorized", () => {
  const { scram } = beforeTheEnd();
  assert.throws(
    () => scram.finish(utf8("e=invalid-proof")),
    (e) =>
      e instanceof SaslError && e.condition === "not-authorized" && /invalid-proof/.test(e.message),
  );
});

test("an exchange is begun once, and a challenge before it is refused", () => {
  const scram = client();
  scram.start();
  aborts(() => scram.start(), "twice");
  aborts(() => client().respond(utf8("r=clientserver,s=c2FsdA==,i=4096")), "before the start");
});
