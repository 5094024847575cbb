import assert from "node:assert/strict";
import { test } from "node:test";
import { body, Jid, Stanza, type StanzaError } from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import fc from "fast-check";
import { ComponentDomain, type ComponentOutlet } from "./component-domain.ts";

const plays = Jid.parse("plays.example.org");

function message(id: string, from = "romeo@example.org/balcony"): Stanza {
  return new Stanza({
    kind: "message",
    type: "chat",
    id,
    from: Jid.parse(from),
    to: plays,
    children: [body.write({ text: id })],
  });
}

class Outlet implements ComponentOutlet {
  readonly got: Stanza[] = [];
  queuedBytes = 0;

  send(stanza: Stanza): void {
    this.got.push(stanza);
  }

  get ids(): (string | undefined)[] {
    return this.got.map(({ id }) => id);
  }
}

interface Stage {
  readonly domain: ComponentDomain;
  readonly clock: VirtualClock;
  readonly refused: [id: string | undefined, condition: string][];
}

function stage({ queueBytes = 100_000, queueSeconds = 60 } = {}): Stage {
  const clock = new VirtualClock();
  const refused: [string | undefined, string][] = [];
  const refuse = ({ id }: Stanza, { condition }: StanzaError): void => {
    refused.push([id, condition]);
  };
  const domain = new ComponentDomain("plays.example.org", {
    clock,
    queueBytes,
    queueSeconds,
    refuse,
  });
  return { domain, clock, refused };
}

test("what waits for a component that is away is handed over in order when it comes", () => {
  const { domain, refused } = stage();
  for (const id of ["1", "2", "3"]) domain.deliver(message(id));
  assert.equal(domain.waiting, 3);
  const outlet = new Outlet();
  domain.add(outlet);
  domain.deliver(message("4"));
  assert.deepEqual(outlet.ids, ["1", "2", "3", "4"]);
  assert.deepEqual([domain.waiting, refused.length], [0, 0]);
});

test("what waits longer than componentQueueSeconds goes back to its sender, each in its time", () => {
  const { domain, clock, refused } = stage({ queueSeconds: 10 });
  domain.deliver(message("1"));
  clock.advance(5000);
  domain.deliver(message("2"));
  clock.advance(5000);
  assert.deepEqual(refused, [["1", "remote-server-timeout"]]);
  clock.advance(5000);
  assert.deepEqual(refused.at(-1), ["2", "remote-server-timeout"]);
  assert.equal(clock.waiting, 0);
});

test("with componentQueueSeconds 0 nothing waits", () => {
  const { domain } = stage({ queueSeconds: 0 });
  assert.throws(() => domain.deliver(message("1")), { condition: "remote-server-timeout" });
});

test("no more waits than componentQueueBytes", () => {
  const { domain } = stage({ queueBytes: 1000 });
  const kept = Math.floor(1000 / message("1").toXml().length);
  for (let i = 0; i < kept; i++) domain.deliver(message("1"));
  assert.throws(() => domain.deliver(message("1")), { condition: "resource-constraint" });
});

test("a component that does not read holds up to componentQueueBytes", () => {
  const { domain } = stage({ queueBytes: 1000 });
  const outlet = new Outlet();
  domain.add(outlet);
  outlet.queuedBytes = 1001;
  assert.throws(() => domain.deliver(message("1")), { condition: "resource-constraint" });
});

test("several connections share the load, and one sender keeps to one of them", () => {
  const { domain } = stage();
  const outlets = [new Outlet(), new Outlet(), new Outlet()];
  for (const outlet of outlets) domain.add(outlet);
  for (let user = 0; user < 300; user++) {
    for (let n = 0; n < 3; n++) domain.deliver(message(`${n}`, `u${user}@example.org/r${n}`));
  }
  const places = new Map<string, Set<Outlet>>();
  for (const outlet of outlets) {
    assert.ok(outlet.got.length > 200, `${outlet.got.length} of 900`);
    for (const { from } of outlet.got) {
      const account = from.bare.toString();
      places.set(account, (places.get(account) ?? new Set()).add(outlet));
    }
  }
  for (const [account, where] of places) assert.equal(where.size, 1, account);
});

test("what a connection had not confirmed when it went goes to another, before what comes later", () => {
  const { domain } = stage();
  const first = new Outlet();
  domain.add(first);
  for (const id of ["1", "2", "3"]) domain.deliver(message(id));
  domain.remove(first, first.got.slice(1));
  domain.deliver(message("4"));
  const second = new Outlet();
  domain.add(second);
  assert.deepEqual(second.ids, ["2", "3", "4"]);
});

test("when the server stops, what waits goes back to its senders", () => {
  const { domain, refused, clock } = stage();
  domain.deliver(message("1"));
  domain.close();
  assert.deepEqual(refused, [["1", "remote-server-timeout"]]);
  assert.equal(clock.waiting, 0);
});

test("whatever connections do, every stanza is confirmed, waits, or goes back: none is lost", () => {
  const action = fc.oneof(
    fc.constant("deliver" as const),
    fc.constant("connect" as const),
    fc.constant("disconnect" as const),
    fc.constant("wait" as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.nat(), (actions, seed) => {
      const { domain, clock, refused } = stage({ queueBytes: 1500, queueSeconds: 10 });
      const outlets: Outlet[] = [];
      const confirmed = new Set<string | undefined>();
      let sent = 0;
      let thrown = 0;
      for (const [turn, what] of actions.entries()) {
        if (what === "deliver") {
          try {
            domain.deliver(message(`m${sent++}`));
          } catch {
            thrown++;
          }
        } else if (what === "connect") {
          const outlet = new Outlet();
          outlets.push(outlet);
          domain.add(outlet);
        } else if (what === "disconnect") {
          const [outlet] = outlets.splice((seed + turn) % Math.max(1, outlets.length), 1);
          if (outlet === undefined) continue;
          const read = (seed + turn) % (outlet.got.length + 1);
          for (const { id } of outlet.got.slice(0, read)) confirmed.add(id);
          domain.remove(outlet, outlet.got.slice(read));
        } else clock.advance(4000);
      }
      const last = new Outlet();
      for (const outlet of outlets) domain.remove(outlet, outlet.got);
      domain.add(last);
      for (const { id } of last.got) confirmed.add(id);
      const back = new Set(refused.map(([id]) => id));
      for (const id of back) confirmed.add(id);
      assert.equal(confirmed.size, sent - thrown);
    }),
  );
});
