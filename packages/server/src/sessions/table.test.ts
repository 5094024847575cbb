import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import fc from "fast-check";
import { Session } from "./session.ts";
import { SessionTable } from "./table.ts";

const nowhere = {
  send() {},
  close() {},
  flushed: () => Promise.resolve(),
  maxQueuedBytes: 0,
  leftovers: () => [],
};

function session(jid: string): Session {
  return new Session(Jid.parse(jid), 0, nowhere);
}

test("a session is found by its full JID, and with all of its account by the bare one", () => {
  const table = new SessionTable();
  const [a, b, c] = ["romeo@example.org/a", "romeo@example.org/b", "juliet@example.org/a"].map(
    session,
  ) as [Session, Session, Session];
  for (const one of [a, b, c]) table.add(one);
  assert.equal(table.get(Jid.parse("ROMEO@example.org/b")), b);
  assert.equal(table.get(Jid.parse("romeo@example.org/B")), undefined);
  assert.equal(table.get(Jid.parse("romeo@example.org")), undefined);
  assert.deepEqual(table.of(Jid.parse("romeo@example.org")), [a, b]);
  assert.deepEqual(table.of(Jid.parse("romeo@example.org/whatever")), [a, b]);
  assert.deepEqual(table.of(Jid.parse("tybalt@example.org")), []);
});

test("a full JID is taken once; a session that gave its place up cannot take the new one away", () => {
  const table = new SessionTable();
  const [old, next] = [session("romeo@example.org/a"), session("romeo@example.org/a")];
  table.add(old);
  assert.throws(() => table.add(next), /romeo@example\.org\/a is connected already/);
  table.remove(old);
  table.add(next);
  table.remove(old);
  assert.equal(table.get(next.jid), next);
  assert.equal(table.size, 1);
});

test("names of objects' properties are accounts like any other", () => {
  const table = new SessionTable();
  const account = Jid.parse("__proto__@example.org/constructor");
  assert.deepEqual(table.of(account), []);
  table.add(session(account.toString()));
  assert.equal(table.of(account).length, 1);
});

test("a walk over the sessions of an account is not disturbed by those that come and go", () => {
  const table = new SessionTable();
  const all = ["a", "b", "c"].map((resource) => session(`romeo@example.org/${resource}`));
  for (const one of all) table.add(one);
  const walked: Session[] = [];
  for (const one of table.of(all[0]?.jid as Jid)) {
    walked.push(one);
    for (const other of all) table.remove(other);
  }
  assert.deepEqual(walked, all);
  assert.equal(table.size, 0);
});

test("the table behaves as a list of sessions, whatever comes and goes", () => {
  const jid = fc.constantFrom("a@x.example/1", "a@x.example/2", "b@x.example/1", "a@y.example/1");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), jid)), (steps) => {
      const table = new SessionTable();
      const model: Session[] = [];
      for (const [adds, full] of steps) {
        const at = model.findIndex((one) => one.jid.toString() === full);
        if (adds && at < 0) {
          const added = session(full);
          table.add(added);
          model.push(added);
        } else if (!adds && at >= 0) {
          table.remove(model[at] as Session);
          model.splice(at, 1);
        }
        assert.equal(table.size, model.length);
        assert.deepEqual(new Set(table.all()), new Set(model));
        for (const one of model) {
          assert.equal(table.get(one.jid), one);
          assert.deepEqual(
            table.of(one.jid),
            model.filter((m) => m.jid.bare.equals(one.jid.bare)),
          );
        }
      }
    }),
  );
});
