import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  hasFrom,
  hasTo,
  inbound,
  NO_SUBSCRIPTION,
  outbound,
  removal,
  type SubscriptionKind,
  type SubscriptionState,
} from "./subscription.ts";

/** The nine states of §A.1, by the names the RFC gives them. */
const STATES = {
  None: { ...NO_SUBSCRIPTION },
  "None + Pending Out": { ...NO_SUBSCRIPTION, ask: true },
  "None + Pending In": { ...NO_SUBSCRIPTION, pendingIn: true },
  "None + Pending Out+In": { ...NO_SUBSCRIPTION, ask: true, pendingIn: true },
  To: { ...NO_SUBSCRIPTION, subscription: "to" },
  "To + Pending In": { ...NO_SUBSCRIPTION, subscription: "to", pendingIn: true },
  From: { ...NO_SUBSCRIPTION, subscription: "from" },
  "From + Pending Out": { ...NO_SUBSCRIPTION, subscription: "from", ask: true },
  Both: { ...NO_SUBSCRIPTION, subscription: "both" },
} as const satisfies { readonly [name: string]: SubscriptionState };

type StateName = keyof typeof STATES;
/** Existing state, whether the stanza goes on, new state (`=`: no change). */
type Row = readonly [StateName, "MUST" | "no", StateName | "=" | "pre-approval"];

const OUTBOUND: { readonly [kind in SubscriptionKind]: readonly Row[] } = {
  // Table 2
  subscribe: [
    ["None", "MUST", "None + Pending Out"],
    ["None + Pending Out", "MUST", "="],
    ["None + Pending In", "MUST", "None + Pending Out+In"],
    ["None + Pending Out+In", "MUST", "="],
    ["To", "MUST", "="],
    ["To + Pending In", "MUST", "="],
    ["From", "MUST", "From + Pending Out"],
    ["From + Pending Out", "MUST", "="],
    ["Both", "MUST", "="],
  ],
  // Table 3
  unsubscribe: [
    ["None", "MUST", "="],
    ["None + Pending Out", "MUST", "None"],
    ["None + Pending In", "MUST", "="],
    ["None + Pending Out+In", "MUST", "None + Pending In"],
    ["To", "MUST", "None"],
    ["To + Pending In", "MUST", "None + Pending In"],
    ["From", "MUST", "="],
    ["From + Pending Out", "MUST", "From"],
    ["Both", "MUST", "From"],
  ],
  // Table 4
  subscribed: [
    ["None", "no", "pre-approval"],
    ["None + Pending Out", "no", "pre-approval"],
    ["None + Pending In", "MUST", "From"],
    ["None + Pending Out+In", "MUST", "From + Pending Out"],
    ["To", "no", "pre-approval"],
    ["To + Pending In", "MUST", "Both"],
    ["From", "no", "="],
    ["From + Pending Out", "no", "="],
    ["Both", "no", "="],
  ],
  // Table 5
  unsubscribed: [
    ["None", "no", "="],
    ["None + Pending Out", "no", "="],
    ["None + Pending In", "MUST", "None"],
    ["None + Pending Out+In", "MUST", "None + Pending Out"],
    ["To", "no", "="],
    ["To + Pending In", "MUST", "To"],
    ["From", "MUST", "None"],
    ["From + Pending Out", "MUST", "None + Pending Out"],
    ["Both", "MUST", "To"],
  ],
};

const INBOUND: { readonly [kind in SubscriptionKind]: readonly Row[] } = {
  // Table 6
  subscribe: [
    ["None", "MUST", "None + Pending In"],
    ["None + Pending Out", "MUST", "None + Pending Out+In"],
    ["None + Pending In", "no", "="],
    ["None + Pending Out+In", "no", "="],
    ["To", "MUST", "To + Pending In"],
    ["To + Pending In", "no", "="],
    ["From", "no", "="],
    ["From + Pending Out", "no", "="],
    ["Both", "no", "="],
  ],
  // Table 7
  unsubscribe: [
    ["None", "no", "="],
    ["None + Pending Out", "no", "="],
    ["None + Pending In", "MUST", "None"],
    ["None + Pending Out+In", "MUST", "None + Pending Out"],
    ["To", "no", "="],
    ["To + Pending In", "MUST", "To"],
    ["From", "MUST", "None"],
    ["From + Pending Out", "MUST", "None + Pending Out"],
    ["Both", "MUST", "To"],
  ],
  // Table 8
  subscribed: [
    ["None", "no", "="],
    ["None + Pending Out", "MUST", "To"],
    ["None + Pending In", "no", "="],
    ["None + Pending Out+In", "MUST", "To + Pending In"],
    ["To", "no", "="],
    ["To + Pending In", "no", "="],
    ["From", "no", "="],
    ["From + Pending Out", "MUST", "Both"],
    ["Both", "no", "="],
  ],
  // Table 9
  unsubscribed: [
    ["None", "no", "="],
    ["None + Pending Out", "MUST", "None"],
    ["None + Pending In", "no", "="],
    ["None + Pending Out+In", "MUST", "None + Pending In"],
    ["To", "MUST", "None"],
    ["To + Pending In", "MUST", "None + Pending In"],
    ["From", "no", "="],
    ["From + Pending Out", "MUST", "From"],
    ["Both", "MUST", "From"],
  ],
};

const KINDS = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"] as const;
const OFFERED = ["From", "From + Pending Out", "Both"] as const satisfies readonly StateName[];
const ASKED = [
  "None + Pending In",
  "None + Pending Out+In",
  "To + Pending In",
] as const satisfies readonly StateName[];

for (const kind of KINDS) {
  test(`§A.2: the table for "${kind}" that the user sends`, () => {
    assert.equal(OUTBOUND[kind].length, 9);
    for (const [name, route, next] of OUTBOUND[kind]) {
      const state = STATES[name];
      const result = outbound(state, kind);
      assert.equal(result.route, route === "MUST", name);
      if (next === "=") assert.equal(result.next, state, name);
      else if (next === "pre-approval") {
        assert.deepEqual(result.next, { ...state, approved: true }, name);
      } else assert.deepEqual(result.next, STATES[next], name);
    }
  });

  test(`§A.3: the table for "${kind}" that the contact sends`, () => {
    assert.equal(INBOUND[kind].length, 9);
    for (const [name, deliver, next] of INBOUND[kind]) {
      const state = STATES[name];
      const result = inbound(state, kind);
      assert.equal(result.deliver, deliver === "MUST", name);
      if (next === "=") assert.equal(result.next, state, name);
      else assert.deepEqual(result.next, STATES[next as StateName], name);
    }
  });

  test(`§A.1: "${kind}" leads to a push exactly if a roster shows the change`, () => {
    for (const state of allStates()) {
      for (const result of [outbound(state, kind), inbound(state, kind)]) {
        const { next } = result;
        const visible =
          next.subscription !== state.subscription ||
          next.ask !== state.ask ||
          next.approved !== state.approved;
        assert.equal(result.push, visible);
        if (next !== state) assert.notDeepEqual(next, state);
        assert.ok(allStates().some((one) => JSON.stringify(one) === JSON.stringify(next)));
      }
    }
  });
}

test("§A.3: the server answers in the user's place where the footnotes say so, else not", () => {
  const replies: [SubscriptionKind, StateName, string | undefined][] = [];
  for (const kind of KINDS) {
    for (const [name] of INBOUND[kind]) {
      replies.push([kind, name, inbound(STATES[name], kind).autoReply]);
    }
  }
  assert.deepEqual(
    replies.filter(([, , reply]) => reply !== undefined),
    [
      ...OFFERED.map((name) => ["subscribe", name, "subscribed"]),
      ...ASKED.map((name) => ["unsubscribe", name, "unsubscribed"]),
      ...OFFERED.map((name) => ["unsubscribe", name, "unsubscribed"]),
    ],
  );
});

test("§3.1.5: an approval is followed by the presence of the user's resources", () => {
  for (const name of ASKED) {
    assert.equal(outbound(STATES[name], "subscribed").presence, "available", name);
  }
  for (const name of OFFERED) {
    assert.equal(outbound(STATES[name], "subscribed").presence, undefined, name);
    assert.equal(inbound(STATES[name], "subscribe").presence, "available", name);
  }
});

test("§3.2.2, §3.3.3: who had a subscription and loses it is told that the user is unavailable", () => {
  for (const state of allStates()) {
    const lost = hasFrom(state) ? "unavailable" : undefined;
    assert.equal(outbound(state, "unsubscribed").presence, lost);
    assert.equal(inbound(state, "unsubscribe").presence, lost);
    assert.equal(removal(state).presence, lost);
  }
});

test("§3.2.2: one whose request is denied learns nothing of the user's resources", () => {
  for (const name of ASKED) {
    const { route, presence } = outbound(STATES[name], "unsubscribed");
    assert.deepEqual({ route, presence }, { route: true, presence: undefined });
  }
});

test("§3.4.2: a pre-approval is shown in the roster and stays at home", () => {
  for (const name of ["None", "None + Pending Out", "To"] as const) {
    const first = outbound(STATES[name], "subscribed");
    assert.deepEqual(
      [first.route, first.push, first.presence, first.next.approved],
      [false, true, undefined, true],
    );
    const again = outbound(first.next, "subscribed");
    assert.deepEqual([again.next, again.push], [first.next, false]);
  }
});

test("§3.4.2: the request of a pre-approved contact is granted and never delivered", () => {
  const expected: [StateName, StateName][] = [
    ["None", "From"],
    ["None + Pending Out", "From + Pending Out"],
    ["To", "Both"],
  ];
  for (const [name, next] of expected) {
    const approved = { ...STATES[name], approved: true };
    assert.deepEqual(inbound(approved, "subscribe"), {
      next: { ...STATES[next], approved: true },
      deliver: false,
      push: true,
      autoReply: "subscribed",
      presence: "available",
    });
  }
});

test("§3.2.2: unsubscribed takes a pre-approval back, without telling who was not subscribed", () => {
  for (const name of ["None", "None + Pending Out", "To"] as const) {
    const result = outbound({ ...STATES[name], approved: true }, "unsubscribed");
    assert.deepEqual(result, { next: STATES[name], route: false, push: true, presence: undefined });
  }
  for (const name of OFFERED) {
    const result = outbound({ ...STATES[name], approved: true }, "unsubscribed");
    assert.equal(result.next.approved, false);
    assert.equal(result.route, true);
  }
});

test("§3.4.2: pre-approval changes nothing else", () => {
  for (const name of Object.keys(STATES) as StateName[]) {
    const state = { ...STATES[name], approved: true };
    for (const kind of KINDS) {
      if (kind !== "unsubscribed" && kind !== "subscribed") {
        const { next } = outbound(state, kind);
        assert.deepEqual(next, { ...outbound(STATES[name], kind).next, approved: true });
      }
      if (kind !== "subscribe") {
        const result = inbound(state, kind);
        const plain = inbound(STATES[name], kind);
        assert.deepEqual(result, { ...plain, next: { ...plain.next, approved: true } });
      }
    }
  }
});

test("§2.5.2: deleting a contact ends subscriptions and requests in both directions", () => {
  const expected: { readonly [name in StateName]: readonly string[] } = {
    None: [],
    "None + Pending Out": ["unsubscribe"],
    "None + Pending In": ["unsubscribed"],
    "None + Pending Out+In": ["unsubscribe", "unsubscribed"],
    To: ["unsubscribe"],
    "To + Pending In": ["unsubscribe", "unsubscribed"],
    From: ["unsubscribed"],
    "From + Pending Out": ["unsubscribe", "unsubscribed"],
    Both: ["unsubscribe", "unsubscribed"],
  };
  for (const name of Object.keys(STATES) as StateName[]) {
    assert.deepEqual(removal(STATES[name]).stanzas, expected[name], name);
  }
});

type Action = SubscriptionKind | "remove";
const anyAction: fc.Arbitrary<Action> = fc.constantFrom(...KINDS, "remove");
const anySide = fc.constantFrom<0 | 1>(0, 1);

test("A is subscribed to B exactly if B knows it, whatever both do in turn", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anySide, anyAction), { maxLength: 40 }), (actions) => {
      const pair = new Pair();
      for (const [side, action] of actions) {
        pair.act(side, action);
        pair.settle();
        pair.check();
      }
    }),
    { numRuns: 500 },
  );
});

test("stanzas that cross never leave someone who believes to be subscribed and is not", () => {
  const step = fc.oneof(
    fc.record({ side: anySide, action: anyAction }),
    fc.record({ side: anySide, action: fc.constant("deliver" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const { side, action } of steps) {
        if (action === "deliver") pair.deliver(side);
        else pair.act(side, action);
      }
      pair.settle();
      for (const side of [0, 1] as const) {
        if (hasTo(pair.state(side))) assert.ok(hasFrom(pair.state(other(side))));
        if (pair.state(side).ask) assert.ok(pair.state(other(side)).pendingIn);
      }
      // Whatever was lost, asking again and granting it brings both to agree.
      for (const side of [0, 1] as const) {
        pair.act(side, "subscribe");
        pair.settle();
        pair.act(other(side), "subscribed");
        pair.settle();
      }
      pair.check();
      assert.equal(pair.state(0).subscription, "both");
      assert.equal(pair.state(1).subscription, "both");
    }),
    { numRuns: 1000 },
  );
});

/** Two accounts of two servers with a stream in each direction. */
class Pair {
  readonly #states: [SubscriptionState, SubscriptionState] = [NO_SUBSCRIPTION, NO_SUBSCRIPTION];
  /** On their way to each side, in order. */
  readonly #wires: [SubscriptionKind[], SubscriptionKind[]] = [[], []];

  state(side: 0 | 1): SubscriptionState {
    return this.#states[side];
  }

  act(side: 0 | 1, action: Action): void {
    const state = this.#states[side];
    const wire = this.#wires[other(side)];
    if (action === "remove") {
      wire.push(...removal(state).stanzas);
      this.#states[side] = NO_SUBSCRIPTION;
      return;
    }
    const { next, route } = outbound(state, action);
    this.#states[side] = next;
    if (route) wire.push(action);
  }

  deliver(side: 0 | 1): void {
    const kind = this.#wires[side].shift();
    if (kind === undefined) return;
    const { next, autoReply } = inbound(this.#states[side], kind);
    this.#states[side] = next;
    if (autoReply) this.#wires[other(side)].push(autoReply);
  }

  settle(): void {
    for (let turns = 0; this.#wires[0].length + this.#wires[1].length > 0; turns++) {
      assert.ok(turns < 1000, "the two servers never come to rest");
      this.deliver(0);
      this.deliver(1);
    }
  }

  check(): void {
    for (const side of [0, 1] as const) {
      const [mine, theirs] = [this.#states[side], this.#states[other(side)]];
      assert.equal(hasTo(mine), hasFrom(theirs));
      assert.equal(mine.ask, theirs.pendingIn);
    }
  }
}

function other(side: 0 | 1): 0 | 1 {
  return side === 0 ? 1 : 0;
}

function allStates(): SubscriptionState[] {
  return Object.values(STATES).flatMap((state) => [
    { ...state, approved: false },
    { ...state, approved: true },
  ]);
}
