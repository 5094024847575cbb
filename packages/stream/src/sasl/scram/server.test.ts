import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64 } from "../../base64.ts";
import { concat, utf8 } from "../../bytes.ts";
import type { Crypto } from "../../crypto.ts";
import { nodeCrypto } from "../../node-crypto.test.ts";
import { ownAccount } from "../authorization.ts";
import type { ChannelBindingType } from "../channel-binding.ts";
import { accounts, bindingsOf, converse, failed, now, said, succeeded } from "../converse.test.ts";
import { MESSAGE_BYTES, type SaslStep, type ServerMechanism } from "../mechanism.ts";
import { scramClient } from "./client.ts";
import { type ScramServerOptions, scramServer } from "./server.ts";

const source = accounts({ juliet: "wherefore" });

function server(options: Partial<ScramServerOptions> = {}): ServerMechanism {
  return scramServer({
    crypto: nodeCrypto,
    hash: "SHA-256",
    source,
    plus: false,
    plusOffered: false,
    nonce: "server",
    mayActAs: ownAccount("example.org"),
    ...options,
  });
}

/** What an honest client would say last, in parts. */
function honest(first = "n,,n=juliet,r=client"): {
  readonly scram: ServerMechanism;
  readonly c: string;
  readonly r: string;
  readonly p: string;
} {
  const scram = server();
  said(now(scram.respond(utf8(first))));
  const nonce = "client";
  const client = scramClient({
    crypto: nodeCrypto,
    hash: "SHA-256",
    username: "juliet",
    password: "wherefore",
    binding: { flag: "n" },
    nonce,
  });
  client.start();
  const asked = said(now(server().respond(utf8(first))));
  const response = Buffer.from(now(client.respond(utf8(asked)))).toString();
  const [c = "", r = "", p = ""] = response.split(",");
  return { scram, c, r, p };
}

test("a first message that breaks the grammar of RFC 5802 §7 is a malformed-request", () => {
  const messages = [
    "",
    ",",
    ",,",
    "n",
    "n,",
    "n,,",
    "n,,,",
    "x,,n=juliet,r=client",
    "N,,n=juliet,r=client",
    "F,n,,n=juliet,r=client",
    "nn,,n=juliet,r=client",
    "n=tls-unique,,n=juliet,r=client",
    "y=,,n=juliet,r=client",
    "p,,n=juliet,r=client",
    "p=,,n=juliet,r=client",
    "p=tls unique,,n=juliet,r=client",
    `p=${"x".repeat(65)},,n=juliet,r=client`,
    "n,juliet,n=juliet,r=client",
    "n,a=,n=juliet,r=client",
    "n,a=a=b,n=juliet,r=client",
    "n,a=a=2,n=juliet,r=client",
    "n,a=a=2c,n=juliet,r=client",
    "n,a=a=3d,n=juliet,r=client",
    "n,a=a\0b,n=juliet,r=client",
    "n,b=juliet,n=juliet,r=client",
    "n=juliet,r=client",
    "n,,juliet,r=client",
    "n,,n=,r=client",
    "n,,n=jul=iet,r=client",
    "n,,n=juliet=,r=client",
    "n,,n=juliet=2,r=client",
    "n,,n=juliet=2c,r=client",
    "n,,n=juliet=3d,r=client",
    "n,,n=juliet=41,r=client",
    "n,,n=jul\0iet,r=client",
    "n,,r=client,n=juliet",
    "n,,u=juliet,r=client",
    "n,,n=juliet",
    "n,,n=juliet,",
    "n,,n=juliet,r",
    "n,,n=juliet,r=",
    "n,,n=juliet,r= client",
    "n,,n=juliet,r=cli ent",
    "n,,n=juliet,r=cli\tent",
    "n,,n=juliet,r=cli\x7fent",
    "n,,n=juliet,r=cli\0ent",
    "n,,n=juliet,r=cliént",
    "n,,n=juliet,n=juliet,r=client",
    "n,,n=juliet,r=client,",
    "n,,n=juliet,r=client,x",
    "n,,n=juliet,r=client,x=",
    "n,,n=juliet,r=client,xx=1",
    "n,,n=juliet,r=client,1=1",
    "n,,n=juliet,r=client,x=\0",
    "n,,m=ext,n=juliet,r=client", // mandatory extensions, wherever they are
    "n,,n=juliet,m=ext,r=client",
    "n,,n=juliet,r=client,m=ext",
    "n,,m=,n=juliet,r=client",
  ];
  for (const message of messages) {
    assert.equal(failed(now(server().respond(utf8(message)))), "malformed-request", message);
  }
});

test("a first message that is not UTF-8 or too long is a malformed-request", () => {
  const overlong = concat(utf8("n,,n=juliet"), Uint8Array.of(0xc0, 0x80));
  const broken = concat(utf8("n,,n=juliet,r=client,x="), Uint8Array.of(0xff));
  const long = utf8(`n,,n=juliet,r=${"c".repeat(MESSAGE_BYTES)}`);
  for (const message of [overlong, broken, long]) {
    assert.equal(failed(now(server().respond(message))), "malformed-request");
  }
  const longest = utf8(`n,,n=juliet,r=${"c".repeat(MESSAGE_BYTES - "n,,n=juliet,r=".length)}`);
  assert.equal(now(server().respond(longest)).step, "challenge");
});

test("extensions that are not mandatory are passed over (RFC 5802 §5.1)", () => {
  assert.equal(
    said(now(server().respond(utf8("n,,n=juliet,r=client,x=1,Y=é=,z=zz")))).split(",")[0],
    "r=clientserver",
  );
});

test("a user name that cannot be one is not authorized", () => {
  for (const name of [
    "jul iet",
    "ju/liet",
    "juliet@example.org",
    "\u0001",
    "a<b>",
    "♥",
    "\u{e000}",
  ]) {
    assert.equal(
      failed(now(server().respond(utf8(`n,,n=${name},r=client`)))),
      "not-authorized",
      name,
    );
  }
  const long = `n,,n=${"j".repeat(1024)},r=client`;
  assert.equal(failed(now(server().respond(utf8(long)))), "not-authorized");
});

test("a user name is read in its canonical form (RFC 8265 §3.3)", async () => {
  const asked: string[] = [];
  const listening = {
    ...source,
    scram: (name: string): undefined => {
      asked.push(name);
    },
  };
  for (const name of ["JULIET", "Ｊuliet", "a=2Cb=3Dc=2C"]) {
    await server({ source: listening }).respond(utf8(`n,,n=${name},r=client`));
  }
  assert.deepEqual(asked, ["juliet", "juliet", "a,b=c,"]);
});

test("the last message an honest client would send succeeds", () => {
  const { scram, c, r, p } = honest();
  const success = succeeded(now(scram.respond(utf8(`${c},${r},${p}`))));
  assert.equal(success.username, "juliet");
  assert.equal(success.authzid, undefined);
  assert.match(said(success), /^v=[A-Za-z0-9+/]{43}=$/);
});

test("a last message with any part wrong is a failure, never a success or silence", () => {
  const whole = honest();
  const { c, r, p } = whole;
  const flipped = encodeBase64(
    Uint8Array.from(Buffer.from(p.slice(2), "base64"), (byte, i) => (i === 31 ? byte ^ 1 : byte)),
  );
  const messages: readonly (readonly [string, string])[] = [
    ["", "malformed-request"],
    [",,", "malformed-request"],
    [`${c},${r}`, "malformed-request"],
    [`${r},${p}`, "malformed-request"],
    [`${c},${p}`, "malformed-request"],
    [`${r},${c},${p}`, "malformed-request"],
    [`${c},${p},${r}`, "malformed-request"],
    [`${c},${r},${p},`, "malformed-request"],
    [`${c},${r},${p},x=1`, "malformed-request"],
    [`${c},${r},x,${p}`, "malformed-request"],
    [`${c},${r},${p},${p}`, "not-authorized"],
    [`m=ext,${c},${r},${p}`, "malformed-request"],
    [`${c},${r},m=ext,${p}`, "malformed-request"],
    [`c=,${r},${p}`, "malformed-request"],
    [`c=eSws,${r},${p}`, "not-authorized"], // y,,
    [`c=biws=,${r},${p}`, "not-authorized"],
    [`c=biwsYQ==,${r},${p}`, "not-authorized"],
    [`c=biwsAAAA,${r},${p}`, "not-authorized"],
    [`${c},r=,${p}`, "malformed-request"],
    [`${c},r=client,${p}`, "not-authorized"],
    [`${c},r=server,${p}`, "not-authorized"],
    [`${c},r=clientServer,${p}`, "not-authorized"],
    [`${c},${r}x,${p}`, "not-authorized"],
    [`${c},${r},p=`, "malformed-request"],
    [`${c},${r},p=!!!!`, "malformed-request"],
    [`${c},${r},${p.slice(0, -1)}`, "malformed-request"],
    [`${c},${r},${p} `, "malformed-request"],
    [`${c},${r},p=AAAA`, "malformed-request"],
    [`${c},${r},p=${encodeBase64(new Uint8Array(31))}`, "malformed-request"],
    [`${c},${r},p=${encodeBase64(new Uint8Array(33))}`, "malformed-request"],
    [`${c},${r},p=${encodeBase64(new Uint8Array(32))}`, "not-authorized"],
    [`${c},${r},p=${flipped}`, "not-authorized"],
    [`${c},${r},x=1,${p}`, "not-authorized"], // the proof is for a message without it
    [`${c},${r},${p}\0`, "malformed-request"],
    [`${c},${r},x=${"x".repeat(MESSAGE_BYTES)},${p}`, "malformed-request"],
  ];
  for (const [message, condition] of messages) {
    assert.equal(failed(now(honest().scram.respond(utf8(message)))), condition, message);
  }
  assert.equal(
    failed(now(whole.scram.respond(concat(utf8(`${c},${r},x=`), Uint8Array.of(0xff))))),
    "malformed-request",
  );
});

test("after a failure or a success every message is a failure", () => {
  const { scram, c, r, p } = honest();
  succeeded(now(scram.respond(utf8(`${c},${r},${p}`))));
  for (const message of [utf8(`${c},${r},${p}`), utf8("n,,n=juliet,r=client"), undefined]) {
    assert.equal(failed(now(scram.respond(message))), "malformed-request");
  }
  const other = honest();
  failed(now(other.scram.respond(utf8("c=eSws"))));
  assert.equal(failed(now(other.scram.respond(utf8(`${c},${r},${p}`)))), "malformed-request");
});

test("a client that sends no initial response is asked for it, once (RFC 4422 §3)", () => {
  const scram = server();
  assert.equal(said(now(scram.respond(undefined))), "");
  assert.ok(said(now(scram.respond(utf8("n,,n=juliet,r=client")))).startsWith("r=client"));
  const silent = server();
  now(silent.respond(undefined));
  assert.equal(failed(now(silent.respond(undefined))), "malformed-request");
});

test("a message that comes while the last one is handled is a failure", async () => {
  const slow = { ...source, scram: async () => undefined };
  const scram = server({ source: slow });
  const first = scram.respond(utf8("n,,n=juliet,r=client"));
  assert.equal(failed(await scram.respond(utf8("n,,n=juliet,r=client"))), "malformed-request");
  assert.equal((await first).step, "challenge");
});

test("a user who does not exist is asked as one who does, always with the same salt, and refused", () => {
  const ask = (name: string, hash: "SHA-1" | "SHA-512" = "SHA-1"): string =>
    said(now(server({ hash }).respond(utf8(`n,,n=${name},r=client`)))).slice(
      "r=clientserver,".length,
    );
  assert.equal(ask("romeo"), ask("ROMEO"));
  assert.notEqual(ask("romeo"), ask("tybalt"));
  assert.notEqual(ask("romeo"), ask("romeo", "SHA-512"));
  const shape = /^s=[A-Za-z0-9+/]{22}==,i=4096$/;
  assert.match(ask("romeo"), shape);

  const scram = server();
  said(now(scram.respond(utf8("n,,n=romeo,r=client"))));
  const proof = encodeBase64(new Uint8Array(32));
  const unknown = now(scram.respond(utf8(`c=biws,r=clientserver,p=${proof}`)));
  const known = now(honest().scram.respond(utf8(`c=biws,r=clientserver,p=${proof}`)));
  assert.deepEqual(text(unknown), text(known));
});

/** How many computations a wrong proof costs. */
function computed(user: string): number {
  let count = 0;
  const crypto: Crypto = {
    ...nodeCrypto,
    hash(name, data) {
      count++;
      return nodeCrypto.hash(name, data);
    },
    hmac(name, key, data) {
      count++;
      return nodeCrypto.hmac(name, key, data);
    },
  };
  const scram = server({ crypto });
  now(scram.respond(utf8(`n,,n=${user},r=client`)));
  failed(now(scram.respond(utf8(`c=biws,r=clientserver,p=${encodeBase64(new Uint8Array(32))}`))));
  return count;
}

test("known and unknown users cost the same computations", () => {
  assert.equal(computed("juliet"), computed("romeo"));
});

test("keys of a length that no hash has verify nothing", async () => {
  const keys = { salt: utf8("salt"), iterations: 4096, storedKey: utf8("k"), serverKey: utf8("k") };
  const step = await attempt(server({ source: { ...source, scram: () => keys } }), {});
  assert.equal(failed(step), "not-authorized");
});

test("a storage that fails makes the exchange fail for now, and says why to the log only", async () => {
  const broken = new Error("the disk is gone");
  const sources = [
    () => {
      throw broken;
    },
    () => Promise.reject(broken),
  ];
  for (const scram of sources) {
    const step = await server({ source: { ...source, scram } }).respond(
      utf8("n,,n=juliet,r=client"),
    );
    assert.ok(step.step === "failure");
    assert.equal(step.error.condition, "temporary-auth-failure");
    assert.equal(step.error.cause, broken);
    assert.ok(!step.error.message.includes("disk"));
  }
});

test("nobody acts as anyone else (RFC 6120 §6.5.6)", async () => {
  for (const authzid of ["juliet@example.org", "Juliet@EXAMPLE.org"]) {
    const success = succeeded(await attempt(server(), { authzid }));
    assert.equal(success.authzid, authzid);
  }
  const others = [
    "romeo@example.org",
    "juliet@example.com",
    "juliet",
    "example.org",
    "juliet@example.org/balcony",
    "@",
    "a,=b",
  ];
  for (const authzid of others) {
    assert.equal(failed(await attempt(server(), { authzid })), "invalid-authzid", authzid);
  }
  const strict = server({ mayActAs: undefined });
  assert.equal(failed(await attempt(strict, { authzid: "juliet@example.org" })), "invalid-authzid");
  const wrong = await attempt(server(), { authzid: "romeo@example.org", password: "wrong" });
  assert.equal(failed(wrong), "not-authorized");
});

const TYPES: readonly ChannelBindingType[] = ["tls-exporter", "tls-unique", "tls-server-end-point"];

test("the channel is bound by each type that the connection has (RFC 5802 §6, RFC 9266, RFC 5929)", async () => {
  const bindings = bindingsOf(...TYPES);
  for (const type of TYPES) {
    const bound = server({ plus: true, plusOffered: true, bindings });
    assert.equal(bound.name, "SCRAM-SHA-256-PLUS");
    succeeded(await attempt(bound, { binding: { flag: "p", type, bindings } }));
  }
});

test("a client on another channel is refused: someone is between", async () => {
  const theirs = { types: TYPES, data: () => utf8("data of another connection") };
  for (const type of TYPES) {
    const bound = server({ plus: true, plusOffered: true, bindings: bindingsOf(...TYPES) });
    const step = await attempt(bound, { binding: { flag: "p", type, bindings: theirs } });
    assert.equal(failed(step), "not-authorized");
  }
});

test("a channel binding that the connection has not is refused", () => {
  const options = { plus: true, plusOffered: true, bindings: bindingsOf("tls-exporter") };
  for (const type of ["tls-unique", "tls-server-end-point", "TLS-EXPORTER", "toString", "x"]) {
    const step = now(server(options).respond(utf8(`p=${type},,n=juliet,r=client`)));
    assert.equal(failed(step), "not-authorized", type);
  }
  const without = server({ plus: true, plusOffered: true });
  assert.equal(
    failed(now(without.respond(utf8("p=tls-exporter,,n=juliet,r=c")))),
    "not-authorized",
  );
});

test("-PLUS is for those who bind the channel, and only for them (RFC 5802 §6)", () => {
  const bindings = bindingsOf("tls-exporter");
  const plus = { plus: true, plusOffered: true, bindings };
  for (const flag of ["n", "y"]) {
    const step = now(server(plus).respond(utf8(`${flag},,n=juliet,r=client`)));
    assert.equal(failed(step), "malformed-request");
  }
  const step = now(server({ bindings }).respond(utf8("p=tls-exporter,,n=juliet,r=client")));
  assert.equal(failed(step), "malformed-request");
});

test("a client that believes -PLUS was not offered, when it was, is refused (RFC 5802 §6)", async () => {
  const offering = { plusOffered: true, bindings: bindingsOf("tls-exporter") };
  const deceived = await attempt(server(offering), { binding: { flag: "y" } });
  assert.equal(failed(deceived), "not-authorized");
  succeeded(await attempt(server(offering), { binding: { flag: "n" } }));
  succeeded(await attempt(server(), { binding: { flag: "y" } }));
});

test("a GS2 header that was changed on the way is noticed (RFC 5802 §6)", () => {
  // the client sent "y,," and, at the end, says so
  const { scram, r, p } = honest();
  assert.equal(failed(now(scram.respond(utf8(`c=eSws,${r},${p}`)))), "not-authorized");
});

function attempt(
  scram: ServerMechanism,
  options: Partial<Parameters<typeof scramClient>[0]>,
): Promise<SaslStep> {
  const client = scramClient({
    crypto: nodeCrypto,
    hash: "SHA-256",
    username: "juliet",
    password: "wherefore",
    binding: { flag: "n" },
    ...options,
  });
  return converse(client, scram);
}

function text(step: SaslStep): readonly string[] {
  assert.ok(step.step === "failure");
  return [step.error.condition, step.error.message];
}
