import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza, StanzaError } from "@rookery/protocol";
import { parseDocument } from "@rookery/xml";
import { systemRandom } from "../../clock.ts";
import { Session } from "../../sessions/session.ts";
import { sendResults } from "./results.ts";

const JULIET = Jid.parse("juliet@example.org/chamber");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session whose client takes what it was sent when a test says so. */
function slowSession(): {
  readonly session: Session;
  readonly sent: Stanza[];
  readonly takes: () => void;
  readonly leaves: () => void;
} {
  const sent: Stanza[] = [];
  let waiting = Promise.withResolvers<void>();
  const session = new Session(JULIET, 0, {
    send: (stanza) => sent.push(stanza),
    close: () => {},
    flushed: () => waiting.promise,
    maxQueuedBytes: 1_000_000,
    leftovers: () => [],
  });
  return {
    session,
    sent,
    takes() {
      waiting.resolve();
      waiting = Promise.withResolvers();
    },
    leaves: () => waiting.reject(new Error("away")),
  };
}

const entries = Array.from({ length: 40 }, (_, n) => ({
  id: `id${n}`,
  at: n,
  value: `<message from='romeo@example.org/x'><body>${"x".repeat(10_000)}</body></message>`,
}));
const OPTIONS = { queryId: "f27", random: systemRandom };

test("SECURITY: a client that does not read is sent 64 KiB of its archive, and the rest as it takes them", async () => {
  const { session, sent, takes } = slowSession();
  const done = sendResults(session, entries, OPTIONS);
  await turn();
  assert.equal(sent.length, 7);
  takes();
  await turn();
  assert.equal(sent.length, 14);
  while (sent.length < 40) {
    takes();
    await turn();
  }
  await done;
  const ids = sent.map((message) => message.child("urn:xmpp:mam:2", "result")?.attr("id"));
  assert.deepEqual(
    ids,
    entries.map(({ id }) => id),
  );
});

test("the results end when the client has left, with an error that it may find when it comes back", async () => {
  const { session, sent, leaves } = slowSession();
  const done = sendResults(session, entries, OPTIONS);
  await turn();
  leaves();
  await assert.rejects(
    done,
    (error) => error instanceof StanzaError && error.condition === "recipient-unavailable",
  );
  assert.equal(sent.length, 7);
});

test("results wait while older messages are handed over", async () => {
  const { session, sent } = slowSession();
  const hold = session.hold();
  const done = sendResults(session, entries.slice(0, 2), OPTIONS);
  await turn();
  assert.equal(sent.length, 0);
  const older = parseDocument("<message xmlns='jabber:client'><body>older</body></message>");
  hold.send(Stanza.read(older, JULIET));
  hold.release();
  await done;
  assert.deepEqual(
    sent.map((message) => message.has("urn:xmpp:mam:2")),
    [false, true, true],
  );
});
