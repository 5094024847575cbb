import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { HTTPBIND } from "./namespaces.ts";
import { type BoshClient, BoshStage, message, turns } from "./stage.test.ts";

const TO_JULIET = "<message xmlns='jabber:client' to='juliet@example.org/chamber'>";
const BAD = "terminate bad-request";

test("XEP-0124 §6: what is no <body/> is a bad request, with a code of HTTP", async () => {
  await using stage = await BoshStage.start();
  const requests: readonly (string | Uint8Array)[] = [
    "",
    " ",
    "hello",
    "<",
    "<body",
    "<body/>",
    "<body xmlns='jabber:client'/>",
    `<Body xmlns='${HTTPBIND}'/>`,
    `<a:body xmlns='${HTTPBIND}'/>`,
    `<!DOCTYPE body><body xmlns='${HTTPBIND}' rid='1' to='example.org'/>`,
    `<!-- --><body xmlns='${HTTPBIND}' rid='1' to='example.org'/>`,
    `<?pi?><body xmlns='${HTTPBIND}' rid='1' to='example.org'/>`,
    `<body xmlns='${HTTPBIND}' rid='1' rid='1' to='example.org'/>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'/><body xmlns='${HTTPBIND}' rid='2' to='example.org'/>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'/>text`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'>text</body>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'></bod>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'/><`,
    Uint8Array.of(0xff, 0xfe, 0x3c, 0),
    Uint8Array.of(0),
    `<body xmlns='${HTTPBIND}' a='${"x".repeat(20_000)}' rid='1' to='example.org'/>`,
    `<body xmlns='${HTTPBIND}' rid='1' to='example.org'>${`<presence xmlns='${NS.client}'/>`.repeat(2000)}</body>`,
  ];
  for (const request of requests) {
    for (const chunk of [1, 1000]) {
      const response = await stage.post(request, { chunk });
      const what = `${chunk} ${Buffer.from(request.slice(0, 100)).toString()}`;
      assert.equal(response.status, 400, what);
      assert.equal(response.end, BAD, what);
    }
  }
  assert.equal(stage.bosh.size, 0);
});

const HOSTILE: readonly [what: string, content: string, condition: string][] = [
  ["a comment", "<!-- -->", "restricted-xml"],
  ["a processing instruction", "<?a b?>", "restricted-xml"],
  ["a DTD", "<!DOCTYPE a>", "restricted-xml"],
  ["a comment in a stanza", `${TO_JULIET}<!-- --></message>`, "restricted-xml"],
  ["an entity", `${TO_JULIET}<body>&a;</body></message>`, "restricted-xml"],
  ["text", "text", "bad-format"],
  ["a prefix that is not declared", "<a:b/>", "bad-namespace-prefix"],
  ["a wrong end tag", `${TO_JULIET}</presence>`, "not-well-formed"],
  ["a second root", `</body><body xmlns='${HTTPBIND}'>`, "not-well-formed"],
  ["a stanza after the end", `</body>${TO_JULIET}</message><a>`, "not-well-formed"],
  ["depth", `${TO_JULIET}${"<a>".repeat(100)}${"</a>".repeat(100)}</message>`, "policy-violation"],
  ["elements", `${TO_JULIET}${"<a/>".repeat(9000)}</message>`, "policy-violation"],
  ["elements in all", `${TO_JULIET}${"<a/>".repeat(8000)}</message>`.repeat(5), "policy-violation"],
  ["bytes of a stanza", message("juliet@example.org", "x".repeat(300_000)), "policy-violation"],
  [
    "bytes in all",
    message("juliet@example.org", "x".repeat(200_000)).repeat(6),
    "policy-violation",
  ],
  [
    "a start tag without an end",
    `<message ${Array.from({ length: 65 }, (_, i) => `a${i}=''`).join(" ")}/>`,
    "policy-violation",
  ],
];

for (const [what, content, condition] of HOSTILE) {
  test(`XEP-0124 §6: of a body with ${what} nothing is handled, and the stream ends with ${condition}`, async () => {
    await using stage = await BoshStage.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
    const juliet = await stage.login("juliet", "chamber");
    const romeo = await stage.login("romeo");
    const before = message("juliet@example.org/chamber", "before");
    const response = await romeo.send(before + content, {}, { chunk: 10_000 });
    assert.equal(response.end, "terminate remote-stream-error");
    assert.ok(response.payload[0]?.child(NS.streamErrors, condition), response.text);
    await turns();
    assert.equal(stage.bosh.size, 1);
    assert.equal((await juliet.send("", { pause: "10" })).payload.length, 0);
    assert.equal((await juliet.send("", { type: "terminate" })).payload.length, 0);
  });
}

async function opened(stage: BoshStage): Promise<BoshClient> {
  const client = stage.client();
  await client.open();
  return client;
}

test("the limit preAuthStanzaBytes: a client that has not logged in may say less", async () => {
  await using stage = await BoshStage.start();
  const auth = (size: number): string =>
    `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${"A".repeat(size)}</auth>`;
  const small = await (await opened(stage)).send(auth(8000));
  assert.equal(small.payload[0]?.name, "failure");
  const large = await (await opened(stage)).send(auth(10_000));
  assert.ok(large.payload[0]?.child(NS.streamErrors, "policy-violation"));
  const many = await (await opened(stage)).send(auth(8000).repeat(6));
  assert.ok(many.payload[0]?.child(NS.streamErrors, "policy-violation"));
});

test("nothing more is read of a body that is too large", async () => {
  await using stage = await BoshStage.start();
  const counted = countedBody(`<body xmlns='${HTTPBIND}' rid='1' to='example.org'>`, 1_000_000);
  const reply = await stage.bosh.handle({
    address: "192.0.2.1",
    secure: false,
    signal: new AbortController().signal,
    stream: () => counted.stream() as never,
  });
  assert.equal(reply.status, 400);
  assert.ok(counted.read() < 60_000, `${counted.read()} bytes were read`);
});

function countedBody(start: string, size: number): { stream: () => unknown; read: () => number } {
  let read = 0;
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start);
    for (; read < size; read += 1000) yield Buffer.from(`<a xmlns='${"x".repeat(987)}'/>`);
  }
  return { stream, read: () => read };
}

test("stanzas that come a byte at a time are whole", async () => {
  await using stage = await BoshStage.start();
  const [romeo, juliet] = [await stage.login("romeo"), await stage.login("juliet", "chamber")];
  void romeo.send(message("juliet@example.org/chamber", "Grüße 🌙"), {}, { chunk: 1 });
  await turns(500);
  const heard = await juliet.send();
  assert.equal(heard.payload[0]?.child(NS.client, "body")?.text, "Grüße 🌙");
});

test("XEP-0025: HTTP Polling is refused in words of its own", async () => {
  await using stage = await BoshStage.start();
  const requests = [
    "0;VvxEk07IFy6hUmG/PPBlTLE2fiA=,<stream:stream to='example.org'>",
    "7776:2054;moPFsg6dOnJWJI6ecdV2FJ6jXrc=;C1fi2ueuvOw=,",
    "0;key,",
  ];
  for (const request of requests) {
    const response = await stage.post(request);
    assert.equal(response.status, 200);
    assert.equal(response.headers?.["set-cookie"], "ID=0:0");
    assert.match(response.text, /HTTP Polling \(XEP-0025\) is not served here; use BOSH/);
  }
  assert.equal((await stage.post("0;key")).status, 400);
});
