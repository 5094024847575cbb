import assert from "node:assert/strict";
import { test } from "node:test";
import { Person, TestServer } from "@rookery/testkit";
import fc from "fast-check";

// Two people do things at random, and beside them goes a model of what RFC 6121 lets them see.

const PEOPLE = ["romeo", "juliet"] as const;
type Name = (typeof PEOPLE)[number];

const ACTIONS = [
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "remove",
  "come",
  "change",
  "go",
  "lose",
  "direct",
  "undirect",
  "probe",
] as const;
type Action = (typeof ACTIONS)[number];

/** So that half of the plays have someone to hide from in the end. */
const FRIENDS = [
  ["romeo", "subscribe"],
  ["juliet", "subscribed"],
  ["juliet", "subscribe"],
  ["romeo", "subscribed"],
  ["romeo", "come"],
  ["juliet", "come"],
] as const satisfies readonly (readonly [Name, Action])[];

/** What one person lets the other see. */
interface Side {
  person: Person;
  available: boolean;
  /** Presence was sent to the other, and not taken back. */
  directed: boolean;
  /** It told the other alone that it is unavailable, which holds until its next presence. */
  hidden: boolean;
  /** The other sees it by its subscription: that is, its roster has `from` or `both`. */
  shared: boolean;
  /** What the other asked, and is not answered. */
  asked: boolean;
  approved: boolean;
  /** What the other believes to see now. */
  seen: boolean;
}

test("RFC 6121 §4: presence is seen by exactly those who may, whatever two people do", async () => {
  await using stage = await TestServer.start();
  let plays = 0;
  const step = fc.tuple(fc.constantFrom(...PEOPLE), fc.constantFrom(...ACTIONS));
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 30 }), async (friends, steps) => {
      await play(stage, plays++, friends ? [...FRIENDS, ...steps] : steps);
    }),
    { numRuns: 25 },
  );
});

async function play(
  stage: TestServer,
  n: number,
  steps: readonly (readonly [Name, Action])[],
): Promise<void> {
  const enter = async (name: Name): Promise<Side> => ({
    person: await Person.enters(stage, `${name}${n}@example.org/r`),
    available: false,
    directed: false,
    hidden: false,
    shared: false,
    asked: false,
    approved: false,
    seen: false,
  });
  const sides = { romeo: await enter("romeo"), juliet: await enter("juliet") };
  for (const [name, action] of steps) {
    const self = sides[name];
    const other = sides[name === "romeo" ? "juliet" : "romeo"];
    await act(stage, self, other, action);
    await stage.settled();
    look(self, other, `${name} did ${action}`);
    look(other, self, `${name} did ${action}`);
  }
  for (const { person } of Object.values(sides)) await person.leaves();
}

async function act(stage: TestServer, self: Side, other: Side, action: Action): Promise<void> {
  const to = other.person.jid.bare.toString();
  const { person } = self;
  switch (action) {
    case "come":
    case "change":
      if (!self.available) other.seen = false; // what it asked for before, it did not follow
      await person.sends(`<presence><status>${action}</status></presence>`);
      self.available = true;
      self.hidden = false;
      return;
    case "go":
      await person.sends("<presence type='unavailable'/>");
      self.available = self.directed = false;
      other.seen = false; // a client that hears no broadcasts knows that it does not know
      return;
    case "lose": {
      await person.isCutOff();
      self.person = await Person.enters(stage, person.jid.toString());
      self.available = self.directed = false;
      // a new resource has seen nothing yet
      other.seen = false;
      return;
    }
    case "direct":
      await person.sends(`<presence to='${other.person.jid}'/>`);
      self.directed = true;
      return;
    case "undirect":
      await person.sends(`<presence type='unavailable' to='${other.person.jid}'/>`);
      self.directed = false;
      self.hidden = true;
      return;
    case "probe":
      await person.sends(`<presence type='probe' to='${to}'/>`);
      return;
    case "remove":
      await person.asks(
        `<iq type='set' id='rm'><query xmlns='jabber:iq:roster'>
          <item jid='${to}' subscription='remove'/></query></iq>`,
      );
      break;
    default:
      await person.sends(`<presence type='${action}' to='${to}'/>`);
  }
  follow(self, other, action);
}

/** What a subscription stanza does to who may see whom: RFC 6121 §3 in its simplest words. */
function follow(self: Side, other: Side, action: Action): void {
  switch (action) {
    case "subscribe":
      if (other.shared) return;
      if (other.approved) other.shared = true;
      else other.asked = true;
      return;
    case "subscribed":
      if (self.shared) return;
      if (self.asked) self.shared = true;
      else self.approved = true;
      self.asked = false;
      return;
    case "unsubscribe":
      other.shared = other.asked = false;
      return;
    case "unsubscribed":
      self.shared = self.asked = self.approved = false;
      return;
    default: // the contact is deleted: both directions end
      if (!self.shared && !self.asked) self.approved = false;
      self.shared = self.asked = self.approved = false;
      other.shared = other.asked = false;
  }
}

/** Takes what the watcher received of the other, and holds it against what it may see. */
function look(watcher: Side, other: Side, when: string): void {
  const from = other.person.jid.toString();
  for (const received of watcher.person.client.queued) {
    if (received === "closed" || "event" in received) continue;
    if (received.name !== "presence" || received.attr("from") !== from) continue;
    const type = received.attr("type");
    if (type !== undefined && type !== "unavailable") continue;
    if (type === undefined) {
      const allowed = other.directed || (other.shared && other.available);
      assert.ok(allowed, `${when}: ${from} was shown to one who may not see it`);
    }
    other.seen = type === undefined;
  }
  watcher.person.client.clear();
  // exactly: one who is available and hears broadcasts sees it
  if (watcher.available && other.shared && other.available && !other.hidden) {
    assert.ok(other.seen, `${when}: ${from} is available and is not seen`);
  }
  if (watcher.available && !other.directed && !(other.shared && other.available)) {
    assert.ok(!other.seen, `${when}: ${from} is not to be seen and still is`);
  }
}
