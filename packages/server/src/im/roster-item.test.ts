import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_CONTENT, type RosterContent, subscriptionOf, withSubscription } from "./roster-item.ts";
import { inbound, NO_SUBSCRIPTION, outbound, type SubscriptionKind } from "./subscription.ts";

test("§A.1: a contact of which nothing is kept is in the state None", () => {
  assert.deepEqual(subscriptionOf(undefined), NO_SUBSCRIPTION);
  assert.deepEqual(subscriptionOf(NO_CONTENT), NO_SUBSCRIPTION);
});

test("a contact reads back in the state it was left in", () => {
  const listed: RosterContent = { ...NO_CONTENT, name: "Juliet", groups: ["x"], listed: true };
  for (const subscription of ["none", "to", "from", "both"] as const) {
    for (const flags of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const state = {
        subscription,
        ask: (flags & 1) > 0,
        pendingIn: (flags & 2) > 0,
        approved: (flags & 4) > 0,
      };
      const next = withSubscription(listed, state);
      assert.deepEqual(subscriptionOf(next), state);
      assert.deepEqual([next?.name, next?.groups, next?.listed], ["Juliet", ["x"], true]);
    }
  }
});

test("§3.1.2: asking a stranger makes a contact", () => {
  assert.deepEqual(sent(undefined, "subscribe"), { ...NO_CONTENT, ask: true });
});

test("§3.4.2: approving a stranger makes a contact", () => {
  assert.deepEqual(sent(undefined, "subscribed"), { ...NO_CONTENT, approved: true });
});

test("what changes nothing makes no contact of a stranger", () => {
  assert.equal(sent(undefined, "unsubscribe"), undefined);
  assert.equal(sent(undefined, "unsubscribed"), undefined);
  for (const kind of ["subscribed", "unsubscribe", "unsubscribed"] as const) {
    assert.equal(received(undefined, kind), undefined);
  }
});

test("§3.1.3: of several requests the first is kept, until it is answered", () => {
  const first = received(undefined, "subscribe", "<first/>");
  assert.deepEqual(first, { ...NO_CONTENT, pendingIn: "<first/>" });
  const second = received(first, "subscribe", "<second/>");
  assert.deepEqual(second, first);
  assert.equal(sent(second, "subscribed")?.pendingIn, undefined);
  assert.equal(sent(second, "unsubscribed"), undefined);
});

test("§3.3.3: of a stranger who takes its request back nothing is kept", () => {
  assert.equal(received(received(undefined, "subscribe", "<x/>"), "unsubscribe"), undefined);
});

test("a contact that the user had added stays when all subscriptions end", () => {
  const added: RosterContent = { ...NO_CONTENT, name: "Juliet", listed: true };
  const asked = sent(added, "subscribe");
  assert.deepEqual(received(asked, "unsubscribed"), added);
});

function sent(old: RosterContent | undefined, kind: SubscriptionKind): RosterContent | undefined {
  return withSubscription(old, outbound(subscriptionOf(old), kind).next);
}

function received(
  old: RosterContent | undefined,
  kind: SubscriptionKind,
  request?: string,
): RosterContent | undefined {
  return withSubscription(old, inbound(subscriptionOf(old), kind).next, request);
}
