import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza, type StreamError } from "@rookery/protocol";
import { type Leftover, type Outlet, Session } from "./session.ts";
import { slot } from "./slot.ts";

const romeo = Jid.parse("romeo@example.org/balcony");

class TestOutlet implements Outlet {
  readonly maxQueuedBytes: number = 1000;
  readonly sent: string[] = [];
  ended: string | undefined = undefined;
  left: readonly Leftover[] = [];

  send(stanza: Stanza): void {
    this.sent.push(stanza.id ?? "");
  }

  close(error?: StreamError): void {
    this.ended ??= error?.condition ?? "";
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  leftovers(): readonly Leftover[] {
    return this.left;
  }
}

function made(): { session: Session; outlet: TestOutlet } {
  const outlet = new TestOutlet();
  return { session: new Session(romeo, 0, outlet), outlet };
}

function message(id: string, size = 0): Stanza {
  return new Stanza({
    kind: "message",
    type: "chat",
    id,
    from: romeo,
    children: ["x".repeat(size)],
  });
}

test("what is sent goes to the outlet at once", () => {
  const { session, outlet } = made();
  session.send(message("1"));
  session.send(message("2"));
  assert.deepEqual(outlet.sent, ["1", "2"]);
});

test("what is held back follows what is released first, in order", () => {
  const { session, outlet } = made();
  session.send(message("1"));
  const hold = session.hold();
  session.send(message("4"));
  session.send(message("5"));
  assert.deepEqual(outlet.sent, ["1"]);
  hold.send(message("2"));
  hold.send(message("3"));
  hold.release();
  session.send(message("6"));
  assert.deepEqual(outlet.sent, ["1", "2", "3", "4", "5", "6"]);
});

test("a release works once, and the session can be held back again", () => {
  const { session, outlet } = made();
  const first = session.hold();
  session.send(message("1"));
  first.release();
  const second = session.hold();
  session.send(message("2"));
  first.send(message("never"));
  first.release();
  assert.deepEqual(outlet.sent, ["1"]);
  second.release();
  assert.deepEqual(outlet.sent, ["1", "2"]);
});

test("what several hold back is sent when all have let go, what they release first, in order", async () => {
  const { session, outlet } = made();
  const one = session.hold();
  const other = session.hold();
  session.send(message("3"));
  one.send(message("1"));
  one.release();
  one.send(message("never"));
  assert.deepEqual(outlet.sent, ["1"]);
  const kept = session.keptBack;
  other.send(message("2"));
  other.release();
  assert.deepEqual(outlet.sent, ["1", "2", "3"]);
  await kept;
  assert.equal(session.keptBack, undefined);
});

test("what was sent and not received, then what was kept back, is given back, once", async () => {
  const { session, outlet } = made();
  outlet.left = [{ kept: "a", stanza: () => message("0") }];
  const hold = session.hold();
  session.send(message("1"), "b");
  const kept = session.keptBack;
  const back = session.takeBack();
  assert.deepEqual(
    back.map((left) => [left.kept, left.stanza().id]),
    [
      ["a", "0"],
      ["b", "1"],
    ],
  );
  outlet.left = [];
  await kept;
  assert.deepEqual(session.takeBack(), []);
  hold.send(message("0"));
  hold.release();
  assert.deepEqual(outlet.sent, []);
});

test("SECURITY: what is held back is bounded; beyond it the session ends and nothing is kept", () => {
  const { session, outlet } = made();
  const hold = session.hold();
  session.send(message("1", 500));
  assert.equal(outlet.ended, undefined);
  session.send(message("2", 500));
  assert.equal(outlet.ended, "resource-constraint");
  session.send(message("3", 1));
  hold.release();
  assert.deepEqual(outlet.sent, []);
});

test("SECURITY: what was held back in a session that ends for it is given back, all of it", () => {
  const { session, outlet } = made();
  const back: (string | undefined)[] = [];
  outlet.close = () => {
    for (const { kept } of session.takeBack()) back.push(kept);
  };
  session.hold();
  session.send(message("1", 500), "a");
  session.send(message("2", 500), "b");
  assert.deepEqual(back, ["a", "b"]);
});

test("XEP-0198 §4: what went another way before it was managed, and is not known to be received, is given back", () => {
  const { session, outlet } = made();
  outlet.left = [{ kept: "a", stanza: () => message("0") }];
  session.attach(made().outlet);
  assert.deepEqual(
    session.takeBack().map(({ kept }) => kept),
    ["a"],
  );
});

test("a session is available exactly while it has a priority (RFC 6121 §4.2)", () => {
  const { session } = made();
  assert.equal(session.available, false);
  session.priority = -1;
  assert.equal(session.available, true);
  session.priority = undefined;
  assert.equal(session.available, false);
});

test("slots of a session are typed, begin with their initial value and are kept by name", () => {
  const { session } = made();
  const count = slot("counter/count", 7);
  const other = slot<string | undefined>("counter/other", undefined, { shared: true });
  assert.deepEqual([count.shared, other.shared], [false, true]);
  assert.equal(session.get(count), 7);
  session.set(count, 8);
  session.set(other, "x");
  assert.equal(session.get(slot("counter/count", 0)), 8, "it survives a reload of its module");
  session.set(other, undefined);
  assert.equal(session.get(slot<string | undefined>("counter/other", "initial")), undefined);
  assert.equal(made().session.get(count), 7, "sessions share nothing");
});
