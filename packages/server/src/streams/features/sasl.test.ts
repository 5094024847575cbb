import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import { bindResource, connect, endsWith, HEADER, plain, type RawClient } from "../stage.test.ts";

const SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const CHALLENGE = "</challenge>";

async function begun(stage: TestServer): Promise<RawClient> {
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  await client.open();
  return client;
}

function auth(mechanism: string, message: string): string {
  return `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${message}</auth>`;
}

function response(text: string): string {
  return `<response xmlns='${NS.sasl}'>${text}</response>`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const SCRAM = auth("SCRAM-SHA-256", base64("n,,n=romeo,r=abcdefghijkl"));

async function fails(client: RawClient, condition: string): Promise<string> {
  const failure = await client.until("</failure>");
  assert.match(failure, new RegExp(`^<failure xmlns='${NS.sasl}'><${condition}/>`));
  return failure;
}

/** RFC 6120 §6.5; each failure leaves the stream open for another try. */
const FAILURES: readonly (readonly [condition: string, what: string, says: string])[] = [
  ["aborted", "<abort/> with nothing begun", `<abort xmlns='${NS.sasl}'/>`],
  ["incorrect-encoding", "an initial response that is not base64", auth("PLAIN", "!!!!")],
  ["incorrect-encoding", "base64 without its padding", auth("PLAIN", "AHI")],
  ["incorrect-encoding", "base64 with white space", auth("PLAIN", "AHJv bWVv")],
  ["incorrect-encoding", "`=` with something before it", auth("PLAIN", "==")],
  ["invalid-mechanism", "a mechanism nobody knows", auth("KERBEROS_V4", "")],
  [
    "invalid-mechanism",
    "channel binding without TLS",
    auth("SCRAM-SHA-1-PLUS", base64("p=tls-exporter,,n=romeo,r=abc")),
  ],
  ["invalid-mechanism", "a mechanism in lower case", auth("plain", "AAAA")],
  ["invalid-mechanism", "no mechanism", `<auth xmlns='${NS.sasl}'>AAAA</auth>`],
  ["malformed-request", "an empty initial response", auth("PLAIN", "=")],
  ["malformed-request", "PLAIN without a password", auth("PLAIN", base64("\0romeo\0"))],
  [
    "malformed-request",
    "PLAIN with too many parts",
    auth("PLAIN", base64("\0romeo\0pencil\0more")),
  ],
  [
    "malformed-request",
    "PLAIN that is not UTF-8",
    auth("PLAIN", Buffer.from("\0romeo\0\xff", "latin1").toString("base64")),
  ],
  [
    "malformed-request",
    "elements in <auth/>",
    `<auth xmlns='${NS.sasl}' mechanism='PLAIN'><a/></auth>`,
  ],
  ["malformed-request", "<response/> without <auth/>", response("AAAA")],
  ["malformed-request", "an element that is not of SASL", `<success xmlns='${NS.sasl}'/>`],
  ["malformed-request", "SCRAM without a nonce", auth("SCRAM-SHA-1", base64("n,,n=romeo"))],
  ["malformed-request", "SCRAM with m=", auth("SCRAM-SHA-1", base64("n,,m=x,n=romeo,r=abcdefgh"))],
  ["not-authorized", "a wrong password", plain("romeo", "pencils")],
  ["not-authorized", "a user who does not exist", plain("tybalt")],
  ["not-authorized", "a user name that cannot be one", plain("a b@c")],
  [
    "invalid-authzid",
    "someone else's authzid",
    auth("PLAIN", base64("juliet@example.org\0romeo\0pencil")),
  ],
  [
    "invalid-authzid",
    "an authzid on another host",
    auth("PLAIN", base64("romeo@example.net\0romeo\0pencil")),
  ],
  ["invalid-authzid", "an authzid that is no address", auth("PLAIN", base64("@@\0romeo\0pencil"))],
];

for (const [condition, what, says] of FAILURES) {
  test(`RFC 6120 §6.5: ${condition} for ${what}; the next try succeeds`, async () => {
    await using stage = await TestServer.start();
    const client = await begun(stage);
    client.write(says);
    await fails(client, condition);
    client.write(plain("romeo"));
    await client.until(SUCCESS);
  });
}

test("RFC 6120 §6.3.8: an authzid may be one's own account, in any spelling", async () => {
  await using stage = await TestServer.start();
  for (const authzid of ["romeo@example.org", "ROMEO@Example.Org"]) {
    const client = await begun(stage);
    client.write(auth("PLAIN", base64(`${authzid}\0romeo\0pencil`)));
    await client.until(SUCCESS);
  }
});

test("RFC 6120 §6.3.7: the account is the prepared form of the user name", async () => {
  await using stage = await TestServer.start();
  const client = await begun(stage);
  client.write(plain("ROMEO"));
  await client.until(SUCCESS);
  client.write(HEADER);
  await client.until("</stream:features>");
  client.write(bindResource("b"));
  assert.match(await client.until("</iq>"), /<jid>romeo@example\.org\/b<\/jid>/);
});

test("RFC 4422 §3: without an initial response the client is asked for it", async () => {
  await using stage = await TestServer.start();
  for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
    const client = await begun(stage);
    client.write(auth(mechanism, ""));
    await client.until(`<challenge xmlns='${NS.sasl}'/>`);
    client.write(
      response(mechanism === "PLAIN" ? base64("\0romeo\0pencil") : base64("n,,n=romeo,r=abcdefgh")),
    );
    await client.until(mechanism === "PLAIN" ? SUCCESS : CHALLENGE);
  }
});

test("RFC 6120 §6.4.4: <abort/> ends an exchange, and nothing of it is left", async () => {
  await using stage = await TestServer.start();
  const client = await begun(stage);
  client.write(SCRAM);
  await client.until(CHALLENGE);
  client.write(`<abort xmlns='${NS.sasl}'/>`);
  await fails(client, "aborted");
  client.write(response(base64("c=biws,r=abcdefghijkl,p=AAAA")));
  await fails(client, "malformed-request");
});

test("RFC 6120 §6.3.2: an <auth/> within an exchange ends both; neither can be gone on with", async () => {
  await using stage = await TestServer.start();
  const client = await begun(stage);
  client.write(SCRAM);
  await client.until(CHALLENGE);
  client.write(plain("romeo"));
  await fails(client, "malformed-request");
  client.write(response(base64("\0romeo\0pencil")));
  await fails(client, "malformed-request");
});

test("RFC 6120 §6.4.5, the limit authenticationTries: too many failures end the stream", async () => {
  await using stage = await TestServer.start({ config: { limits: { authenticationTries: 3 } } });
  const client = await begun(stage);
  client.write(plain("romeo", "one") + response("!") + SCRAM + SCRAM + plain("romeo"));
  await fails(client, "not-authorized");
  await fails(client, "incorrect-encoding|<malformed-request");
  await client.until(CHALLENGE);
  await fails(client, "malformed-request");
  await endsWith(client, "policy-violation", false);
});

test("an unknown user looks as a known one: challenge, iterations, salt and failure", async () => {
  await using stage = await TestServer.start();
  const seen: string[] = [];
  const salts: string[] = [];
  for (const user of ["romeo", "tybalt", "tybalt"]) {
    const client = await begun(stage);
    client.write(auth("SCRAM-SHA-1", base64(`n,,n=${user},r=abcdefgh`)));
    const challenge = await client.until(CHALLENGE);
    const first = Buffer.from(/>([^<]+)</.exec(challenge)?.[1] ?? "", "base64").toString();
    const parts = /^r=(abcdefgh[^,]+),s=([^,]+),i=(\d+),h=[^,]+$/.exec(first);
    assert.ok(parts, first);
    salts.push(parts[2] ?? "");
    client.write(response(base64(`c=biws,r=${parts[1]},p=${Buffer.alloc(20).toString("base64")}`)));
    seen.push(`${parts[3]} ${parts[2]?.length} ${await fails(client, "not-authorized")}`);
  }
  assert.equal(seen[0], seen[1]);
  assert.equal(salts[1], salts[2], "the salt of an unknown user stays the same");
  assert.notEqual(salts[0], salts[1]);
});

test("RFC 6120 §6.4.6: after success nothing of the old stream is left, and it begins anew", async () => {
  await using stage = await TestServer.start();
  const client = await begun(stage);
  client.write(plain("romeo"));
  await client.until(SUCCESS);
  client.write("<presence/>");
  await endsWith(client, "invalid-namespace", true);
});

test("RFC 6120 §6.3.1: SASL is not offered once authenticated, binding is not offered before", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  const before = await client.open();
  assert.match(
    before,
    /<mechanism>SCRAM-SHA-512<\/mechanism><mechanism>SCRAM-SHA-256<\/mechanism><mechanism>SCRAM-SHA-1<\/mechanism><mechanism>PLAIN<\/mechanism>/,
  );
  assert.doesNotMatch(before, /<bind|<session|<starttls/);
  client.write(plain("romeo"));
  await client.until(SUCCESS);
  const after = await client.open();
  assert.match(after, /<bind [^>]*\/><session/);
  assert.doesNotMatch(after, /<mechanisms|<starttls/);
});

test("RFC 6120 §6.5.4: where TLS is required nothing is offered without it, and every try fails", async () => {
  await using stage = await TestServer.start({
    config: { auth: { requireTls: true, plainWithoutTls: false } },
  });
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  client.write(HEADER);
  await client.until("<stream:features/>");
  for (const says of [plain("romeo"), SCRAM]) {
    client.write(says);
    await fails(client, "encryption-required");
  }
});

test("PLAIN is refused in the clear unless the configuration allows it", async () => {
  await using stage = await TestServer.start({
    config: { auth: { requireTls: false, plainWithoutTls: false } },
  });
  await stage.accounts("romeo@example.org");
  const client = connect(stage);
  assert.doesNotMatch(await client.open(), /PLAIN/);
  client.write(plain("romeo"));
  await fails(client, "invalid-mechanism");
});
