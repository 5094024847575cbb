import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { Session } from "../../sessions/session.ts";
import { answersCopied, remember } from "./answerable.ts";

const BALCONY = "juliet@example.org/balcony";

test("of the messages that were copied, as many are remembered as were agreed", () => {
  const romeo = session();
  const other = Jid.parse(BALCONY);
  const message = (id: string): Stanza =>
    new Stanza({ kind: "message", type: "chat", from: other, id });
  for (let i = 0; i < 101; i++) remember(romeo, message(`m${i}`), other);
  assert.equal(answersCopied(romeo, message("m0"), other), false);
  assert.equal(answersCopied(romeo, message("m1"), Jid.parse("mallory@example.org")), false);
  assert.equal(answersCopied(romeo, message("m1"), other.bare), true);
  assert.equal(answersCopied(romeo, message("m1"), other.bare), false);
});

function session(): Session {
  return new Session(Jid.parse("romeo@example.org/garden"), 0, {
    send() {},
    close() {},
    flushed: () => Promise.resolve(),
    maxQueuedBytes: 0,
    leftovers: () => [],
  });
}
