import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { el } from "@rookery/xml";
import fc from "fast-check";
import { LIMITS, type Limits } from "../../config/limits.ts";
import { Session } from "../../sessions/session.ts";
import { Held } from "./held.ts";
import type { Holdable } from "./options.ts";

const ACCOUNT = Jid.parse("juliet@example.org");
const limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { default: value }]) => [name, value]),
) as unknown as Limits;
const ALL: ReadonlySet<Holdable> = new Set([
  "presence",
  "chat-states",
  "receipts",
  "notifications",
] as const);

/** What is sent: its number is its id. */
type Step = { readonly do: "presence" | "state" | "receipt" | "chat"; readonly from: string };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("presence", "state", "receipt", "chat"),
  from: fc.constantFrom("a@x/1", "a@x/2", "b@x/1"),
});

function stanzaOf(sent: Step, id: string): Stanza {
  const fields = { id, from: Jid.parse(sent.from), to: ACCOUNT };
  const message = { ...fields, kind: "message", type: "chat" } as const;
  switch (sent.do) {
    case "presence":
      return new Stanza({ ...fields, kind: "presence", type: "available" });
    case "state":
      return new Stanza({
        ...message,
        children: [el("http://jabber.org/protocol/chatstates", "composing")],
      });
    case "receipt":
      return new Stanza({ ...message, children: [el("urn:xmpp:receipts", "received", { id })] });
    case "chat":
      return new Stanza({ ...message, children: [el("jabber:client", "body", {}, "hi")] });
  }
}

test("XEP-0352 §2.2: whatever comes, all that matters is sent at once, in order, and of the rest the last of its kind", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      (steps, most) => {
        const sent: { readonly id: number; readonly kept: string | undefined }[] = [];
        const outlet = {
          send: (stanza: Stanza, kept?: string) => void sent.push({ id: Number(stanza.id), kept }),
          close() {},
          flushed: () => Promise.resolve(),
          maxQueuedBytes: 0,
          leftovers: () => [],
        };
        const session = new Session(ACCOUNT.withResource("phone"), 0, outlet);
        const held = new Held(session, ALL, { ...limits, csiHeldStanzas: most });
        session.setGate(held.gate);
        for (const [id, one] of steps.entries()) {
          // what the archive keeps has an id
          const kept = one.do === "receipt" || one.do === "chat" ? `k${id}` : undefined;
          session.send(stanzaOf(one, String(id)), kept);
          if (one.do === "chat") assert.equal(sent.at(-1)?.id, id);
        }
        held.flush();
        const ids = sent.map(({ id }) => id);
        assert.deepEqual(
          ids,
          ids.toSorted((a, b) => a - b),
        );
        assert.equal(new Set(ids).size, ids.length);
        for (const [id, one] of steps.entries()) {
          if (ids.includes(id)) continue;
          // what is left out is followed by what says the same
          assert.ok(one.do === "presence" || one.do === "state");
          const later = steps.findIndex(
            (other, at) => at > id && other.do === one.do && other.from === one.from,
          );
          assert.ok(later > id && !steps.slice(id, later).some((other) => other.do === "chat"));
        }
        for (const { id, kept } of sent) {
          const { do: what } = steps[id] as Step;
          assert.equal(kept, what === "receipt" || what === "chat" ? `k${id}` : undefined);
        }
      },
    ),
  );
});
