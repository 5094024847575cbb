import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { Jid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { Stanza } from "../stanza.ts";
import { hint, hintsOf } from "./hints.ts";

const romeo = Jid.parse("romeo@example.net");

test("hints are those of the message, not of the one inside an error (XEP-0334 §5)", () => {
  const children = [
    el(NS.client, "body", {}, "hi"),
    hint("no-store"),
    hint("no-copy"),
    el("urn:xmpp:hints", "unknown"),
    el("urn:other", "store"),
  ];
  const message = new Stanza({ kind: "message", type: "chat", from: romeo, children });
  assert.deepEqual([...hintsOf(message)].sort(), ["no-copy", "no-store"]);
  assert.equal(hintsOf(message.with({ type: "error" })).size, 0);
  assert.equal(hintsOf(message.with({ children: [] })).size, 0);
});
