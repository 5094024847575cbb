import assert from "node:assert/strict";
import { test } from "node:test";
import { NS, type StreamErrorCondition } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import { el } from "@rookery/xml";
import type { Log } from "../log.ts";
import { type StreamFeature, streamFeatures } from "./feature.ts";
import {
  bindResource,
  connect,
  endsWith,
  HEADER,
  header,
  plain,
  type RawClient,
} from "./stage.test.ts";

/** How far a client is when it goes wrong: connected, on a stream, authenticated, bound. */
type Progress = "connected" | "open" | "authenticated" | "bound";

interface Fault {
  readonly condition: StreamErrorCondition;
  readonly why: string;
  readonly at: Progress;
  /** What the client sends. */
  readonly says?: string | Uint8Array;
  /** How long it then says nothing. */
  readonly waits?: readonly number[];
  /** No header was sent on the stream before. */
  readonly fresh?: boolean;
}

const SMUGGLED = "<message to='juliet@example.org/chamber'><body>smuggled</body></message>";
const S = NS.streams;

const FAULTS: readonly Fault[] = [
  { condition: "bad-format", why: "text between stanzas (§4.9.3.1)", at: "bound", says: "hello" },
  { condition: "bad-format", why: "CDATA between stanzas", at: "bound", says: "<![CDATA[ ]]>" },
  {
    condition: "bad-format",
    why: "another root than <stream/>",
    at: "connected",
    says: header("example.org").replace("<stream:stream", "<stream:flow"),
    fresh: true,
  },
  {
    condition: "bad-format",
    why: "<proceed/> from the client (§5.4.2.3)",
    at: "open",
    says: `<proceed xmlns='${NS.tls}'/>`,
  },
  {
    condition: "bad-namespace-prefix",
    why: "an unbound prefix (§4.9.3.2)",
    at: "bound",
    says: "<foo:message/>",
  },
  {
    condition: "bad-namespace-prefix",
    why: "an unbound prefix in the header",
    at: "connected",
    says: `<stream:stream to='example.org' version='1.0' xmlns='${NS.client}'>`,
    fresh: true,
  },
  {
    condition: "connection-timeout",
    why: "no header came (§4.9.3.4)",
    at: "connected",
    waits: [20_000],
    fresh: true,
  },
  {
    condition: "connection-timeout",
    why: "the header came too slowly",
    at: "connected",
    says: HEADER.slice(0, 50),
    waits: [20_000],
    fresh: true,
  },
  { condition: "connection-timeout", why: "no login came", at: "open", waits: [60_000] },
  {
    condition: "connection-timeout",
    why: "no resource was bound",
    at: "authenticated",
    waits: [60_000],
  },
  {
    condition: "connection-timeout",
    why: "idle, and silent when asked (§4.6.1)",
    at: "bound",
    waits: [301_000, 62_000],
  },
  {
    condition: "host-unknown",
    why: "a host that is not served (§4.9.3.6)",
    at: "connected",
    says: header("example.net"),
    fresh: true,
  },
  {
    condition: "host-unknown",
    why: "a `to` that is no domain",
    at: "connected",
    says: header("romeo@example.org"),
    fresh: true,
  },
  {
    condition: "host-unknown",
    why: "a long `to`, cut within a character",
    at: "connected",
    says: header(`${"a".repeat(99)}😀😀`),
    fresh: true,
  },
  {
    condition: "improper-addressing",
    why: "no `to` (§4.7.2)",
    at: "connected",
    says: HEADER.replace("to='example.org'", ""),
    fresh: true,
  },
  {
    condition: "invalid-from",
    why: "someone else's address (§4.9.3.9)",
    at: "bound",
    says: "<message from='juliet@example.org'/>",
  },
  {
    condition: "invalid-from",
    why: "another resource of one's own",
    at: "bound",
    says: "<message from='romeo@example.org/orchard'/>",
  },
  {
    condition: "invalid-from",
    why: "one's host",
    at: "bound",
    says: "<message from='example.org'/>",
  },
  { condition: "invalid-from", why: "no address", at: "bound", says: "<message from='@@'/>" },
  { condition: "invalid-from", why: "nothing", at: "bound", says: "<message from=''/>" },
  {
    condition: "invalid-from",
    why: "a long address, cut within a character",
    at: "bound",
    says: `<message from='${"a".repeat(99)}😀😀'/>`,
  },
  {
    condition: "invalid-from",
    why: "in an IQ of the negotiation",
    at: "bound",
    says: `<iq from='juliet@example.org' type='set' id='1'><session xmlns='${NS.session}'/></iq>`,
  },
  {
    condition: "invalid-namespace",
    why: "another namespace of the stream (§4.9.3.10)",
    at: "connected",
    says: HEADER.replace(S, "urn:example:stream"),
    fresh: true,
  },
  {
    condition: "invalid-namespace",
    why: "the content namespace of servers",
    at: "connected",
    says: HEADER.replace(NS.client, NS.server),
    fresh: true,
  },
  {
    condition: "invalid-namespace",
    why: "no content namespace",
    at: "connected",
    says: HEADER.replace(`xmlns='${NS.client}'`, ""),
    fresh: true,
  },
  {
    condition: "not-authorized",
    why: "a message before authentication (§4.9.3.12)",
    at: "open",
    says: SMUGGLED,
  },
  {
    condition: "not-authorized",
    why: "presence before authentication",
    at: "open",
    says: "<presence/>",
  },
  {
    condition: "not-authorized",
    why: "an IQ before authentication",
    at: "open",
    says: "<iq type='get' id='1' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
  },
  {
    condition: "not-authorized",
    why: "binding before authentication",
    at: "open",
    says: bindResource("balcony"),
  },
  {
    condition: "not-authorized",
    why: "a session before authentication",
    at: "open",
    says: `<iq type='set' id='1'><session xmlns='${NS.session}'/></iq>`,
  },
  {
    condition: "not-authorized",
    why: "something unknown before authentication",
    at: "open",
    says: "<a xmlns='urn:example:a'/>",
  },
  {
    condition: "not-authorized",
    why: "a message before binding (§7.1)",
    at: "authenticated",
    says: SMUGGLED,
  },
  {
    condition: "not-authorized",
    why: "a session before binding",
    at: "authenticated",
    says: `<iq type='set' id='1'><session xmlns='${NS.session}'/></iq>`,
  },
  {
    condition: "not-authorized",
    why: "<bind/> without an IQ",
    at: "authenticated",
    says: `<bind xmlns='${NS.bind}'/>`,
  },
  {
    condition: "not-well-formed",
    why: "tags that do not match (§4.9.3.13)",
    at: "bound",
    says: "<message><body></message>",
  },
  {
    condition: "not-well-formed",
    why: "no XML at all",
    at: "connected",
    says: "GET / HTTP/1.1\r\n\r\n",
    fresh: true,
  },
  {
    condition: "not-well-formed",
    why: "a control character",
    at: "bound",
    says: "<message><body>\u0001</body></message>",
  },
  {
    condition: "restricted-xml",
    why: "an entity nobody declared",
    at: "bound",
    says: "<message><body>&nbsp;</body></message>",
  },
  {
    condition: "not-well-formed",
    why: "an attribute twice",
    at: "bound",
    says: "<message a='1' a='2'/>",
  },
  {
    condition: "unsupported-encoding",
    why: "bytes that are not UTF-8 (§11.6)",
    at: "bound",
    says: Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0xfe),
  },
  {
    condition: "policy-violation",
    why: "a stanza too large (§4.9.3.14)",
    at: "bound",
    says: `<message><body>${"x".repeat(262_144)}`,
  },
  {
    condition: "policy-violation",
    why: "something too large before authentication",
    at: "open",
    says: `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${"A".repeat(10_000)}`,
  },
  {
    condition: "policy-violation",
    why: "SASL again (§6.4.6)",
    at: "authenticated",
    says: plain("romeo"),
  },
  { condition: "policy-violation", why: "SASL in a session", at: "bound", says: plain("romeo") },
  { condition: "restricted-xml", why: "a comment (§11.1)", at: "bound", says: "<!-- hello -->" },
  {
    condition: "restricted-xml",
    why: "a comment in a stanza",
    at: "bound",
    says: "<message><body>a<!-- b --></body></message>",
  },
  {
    condition: "restricted-xml",
    why: "a processing instruction",
    at: "bound",
    says: "<?php echo 1 ?>",
  },
  { condition: "restricted-xml", why: "a second XML declaration", at: "bound", says: HEADER },
  {
    condition: "restricted-xml",
    why: "an entity declaration",
    at: "connected",
    says: "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY lol 'lol'>]>",
    fresh: true,
  },
  {
    condition: "restricted-xml",
    why: "an entity declaration in a session",
    at: "bound",
    says: "<!DOCTYPE a [<!ENTITY lol 'lol'>]>",
  },
  {
    condition: "unsupported-encoding",
    why: "another encoding is declared (§11.6)",
    at: "connected",
    says: HEADER.replace("?>", " encoding='iso-8859-1'?>"),
    fresh: true,
  },
  {
    condition: "unsupported-encoding",
    why: "UTF-16",
    at: "connected",
    says: Buffer.from(HEADER, "utf16le"),
    fresh: true,
  },
  {
    condition: "unsupported-stanza-type",
    why: "an unknown stanza (§4.9.3.24)",
    at: "bound",
    says: "<pubsub/>",
  },
  {
    condition: "unsupported-stanza-type",
    why: "an unknown namespace",
    at: "bound",
    says: "<message xmlns='jabber:server'/>",
  },
  {
    condition: "unsupported-stanza-type",
    why: "<bind/> without an IQ in a session",
    at: "bound",
    says: `<bind xmlns='${NS.bind}'/>`,
  },
  {
    condition: "unsupported-version",
    why: "no version (§4.9.3.25)",
    at: "connected",
    says: HEADER.replace(" version='1.0' x", " x"),
    fresh: true,
  },
  {
    condition: "unsupported-version",
    why: "a version that is none",
    at: "connected",
    says: HEADER.replace("version='1.0' x", "version='one' x"),
    fresh: true,
  },
];

for (const fault of FAULTS) {
  test(`RFC 6120 §4.9: ${fault.condition}, ${fault.at}: ${fault.why}`, async () => {
    await using stage = await TestServer.start();
    const juliet = await stage.login("juliet@example.org/chamber");
    await stage.accounts("romeo@example.org");
    const romeo = connect(stage);
    await progress(romeo, fault.at);
    if (fault.says !== undefined) romeo.write(fault.says);
    if (fault.waits === undefined) romeo.write(SMUGGLED + SMUGGLED);
    for (const ms of fault.waits ?? []) {
      await juliet.sync();
      stage.clock.advance(ms);
      if (fault.at === "bound") await answerPings(romeo);
    }
    await endsWith(romeo, fault.condition, fault.fresh ?? false);
    await stage.settled();
    const messages = juliet.queued.filter(
      (r) => r !== "closed" && !("event" in r) && r.name === "message",
    );
    assert.deepEqual(messages, [], "what comes after an error is not processed");
    assert.equal(juliet.closed, false, "others go on");
    assert.deepEqual(
      [...stage.server.sessions.all()].map(({ jid }) => jid.toString()),
      ["juliet@example.org/chamber"],
    );
  });
}

async function progress(client: RawClient, to: Progress): Promise<void> {
  if (to === "open") await client.open();
  if (to === "authenticated") await client.authenticate("romeo");
  if (to === "bound") await client.login("romeo", "balcony");
}

/** Takes what the server asked, and says nothing. */
async function answerPings(client: RawClient): Promise<void> {
  if (client.text !== "" || client.closed) return;
  await client.until("<ping xmlns='urn:xmpp:ping'/></iq>");
}

test("RFC 6120 §4.9.3.3: conflict, for the session whose resource another one takes", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const [first, second] = [connect(stage), connect(stage)];
  await first.login("romeo", "balcony");
  await second.login("romeo", "balcony");
  await endsWith(first, "conflict", false);
  assert.equal(stage.server.sessions.size, 1);
  assert.equal(second.closed, false);
});

test("RFC 6120 §4.9.3.20: system-shutdown, for every stream when the server stops", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const [silent, open, bound] = [connect(stage), connect(stage), connect(stage)];
  await open.open();
  await bound.login("romeo", "balcony");
  await stage.server.stop();
  await endsWith(silent, "system-shutdown", true);
  await endsWith(open, "system-shutdown", false);
  await endsWith(bound, "system-shutdown", false);
});

test("RFC 6120 §4.9.3.8: internal-server-error, for the one stream that failed", async () => {
  const errors: string[] = [];
  await using stage = await TestServer.start({ log: recording(errors) });
  stage.server
    .host("example.org")
    .hooks.add(streamFeatures, "", "broken", (): readonly StreamFeature[] => [
      {
        name: "broken",
        ns: "urn:example:broken",
        offer: () => el("urn:example:broken", "broken"),
        negotiate(_stream, element) {
          if (element.name === "late") return Promise.reject(new Error("broken later"));
          throw new Error("broken at once");
        },
      },
    ]);
  const juliet = await stage.login("juliet@example.org/chamber");
  await stage.accounts("romeo@example.org");
  for (const name of ["now", "late"]) {
    const romeo = connect(stage);
    await romeo.login("romeo", "balcony");
    romeo.write(`<${name} xmlns='urn:example:broken'/>${SMUGGLED}`);
    await endsWith(romeo, "internal-server-error", false);
  }
  await juliet.sync();
  assert.deepEqual(juliet.queued, []);
  assert.deepEqual(errors, ["a client's stream failed", "a client's stream failed"]);
});

function recording(errors: string[]): Log {
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (text: string) => void errors.push(text),
    part: () => log,
  };
  return log;
}
