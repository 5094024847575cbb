/**
 * Presence subscriptions: the states and rules of RFC 6121 Appendix A, with pre-approval (§3.4).
 *
 * Everything is seen from the account whose roster it is, "the user"; the other side is "the
 * contact". Nothing here sends or stores: the functions say what to do.
 */

/** The four stanzas that manage subscriptions (RFC 6121 §3). */
export type SubscriptionKind = "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed";

/** Who sees whose presence (RFC 6121 §2.1.2.5). */
export type SubscriptionMode = "none" | "to" | "from" | "both";

/**
 * Where a user and a contact stand (RFC 6121 §A.1). Of the sixteen combinations the nine of the
 * RFC can be reached: nothing is pending in a direction that is subscribed already. Whether the
 * contact is pre-approved (§3.4) goes beside each of them.
 */
export interface SubscriptionState {
  readonly subscription: SubscriptionMode;
  /** "Pending Out": the user asked, the contact has not answered. */
  readonly ask: boolean;
  /** "Pending In": the contact asked, the user has not answered. */
  readonly pendingIn: boolean;
  /** The contact's next request is granted without asking the user. */
  readonly approved: boolean;
}

/** How user and contact stand before either said anything, and when the contact is unknown. */
export const NO_SUBSCRIPTION: SubscriptionState = {
  subscription: "none",
  ask: false,
  pendingIn: false,
  approved: false,
};

/**
 * Presence that the user's available resources owe the contact: what each of them last sent
 * (RFC 6121 §3.1.5), or that it is unavailable (§3.2.2, §3.3.3).
 */
export type OwedPresence = "available" | "unavailable" | undefined;

/** What to do about a subscription stanza that the user sends. */
export interface OutboundSubscription {
  /** The same object if nothing changes. */
  readonly next: SubscriptionState;
  /** Whether the stanza goes on to the contact, stamped with the user's bare JID. */
  readonly route: boolean;
  /** Whether what the user's roster shows of the contact changed, so that a roster push is due. */
  readonly push: boolean;
  /** `unavailable` is to be sent before the stanza (§3.2.2), `available` after it (§3.1.5). */
  readonly presence: OwedPresence;
}

/** What to do about a subscription stanza that comes from the contact. */
export interface InboundSubscription {
  /** The same object if nothing changes. */
  readonly next: SubscriptionState;
  /** Whether the user gets to see the stanza, before any roster push (§3.1.6, §3.2.3, §3.3.3). */
  readonly deliver: boolean;
  /** Whether what the user's roster shows of the contact changed, so that a roster push is due. */
  readonly push: boolean;
  /** What is sent to the contact at once, from the user's bare JID. */
  readonly autoReply: "subscribed" | "unsubscribed" | undefined;
  /** Goes to the contact after the reply. */
  readonly presence: OwedPresence;
}

/** What to send when the user deletes the contact from the roster. */
export interface SubscriptionRemoval {
  /** Goes to the contact before the stanzas. */
  readonly presence: OwedPresence;
  readonly stanzas: readonly ("unsubscribe" | "unsubscribed")[];
}

/** A subscription stanza from the user to the contact: RFC 6121 §A.2. */
export function outbound(state: SubscriptionState, kind: SubscriptionKind): OutboundSubscription {
  switch (kind) {
    case "subscribe":
      return outcome(state, { ask: !hasTo(state) }, { route: true });
    case "unsubscribe":
      return outcome(state, { ...withoutTo(state), ask: false }, { route: true });
    case "subscribed":
      return approve(state);
    case "unsubscribed":
      return refuse(state);
  }
}

/** A subscription stanza from the contact to the user: RFC 6121 §A.3. */
export function inbound(state: SubscriptionState, kind: SubscriptionKind): InboundSubscription {
  switch (kind) {
    case "subscribe":
      return requested(state);
    case "unsubscribe":
      return abandoned(state);
    case "subscribed": {
      if (!state.ask) return unheard(state);
      const subscription = hasFrom(state) ? "both" : "to";
      return inboundOutcome(state, { subscription, ask: false }, { deliver: true });
    }
    case "unsubscribed":
      if (!state.ask && !hasTo(state)) return unheard(state);
      return inboundOutcome(state, { ...withoutTo(state), ask: false }, { deliver: true });
  }
}

/**
 * The end of everything between user and contact, because the user deletes the contact from the
 * roster (RFC 6121 §2.5.2). Requests that were not answered end with it in both directions: else
 * the contact would go on waiting for a user who has forgotten it, or the user for the contact.
 */
export function removal(state: SubscriptionState): SubscriptionRemoval {
  const stanzas: ("unsubscribe" | "unsubscribed")[] = [];
  if (hasTo(state) || state.ask) stanzas.push("unsubscribe");
  if (hasFrom(state) || state.pendingIn) stanzas.push("unsubscribed");
  return { presence: hasFrom(state) ? "unavailable" : undefined, stanzas };
}

/** True if the user sees the contact's presence. */
export function hasTo({ subscription }: { readonly subscription: SubscriptionMode }): boolean {
  return subscription === "to" || subscription === "both";
}

/** True if the contact sees the user's presence. */
export function hasFrom({ subscription }: { readonly subscription: SubscriptionMode }): boolean {
  return subscription === "from" || subscription === "both";
}

/** `subscribed` from the user: §A.2.3, and §3.4.2 where nothing was asked. */
function approve(state: SubscriptionState): OutboundSubscription {
  if (hasFrom(state)) return outcome(state, {}, {});
  if (!state.pendingIn) return outcome(state, { approved: true }, {});
  const granted = { ...withFrom(state), pendingIn: false };
  return outcome(state, granted, { route: true, presence: "available" });
}

/** `unsubscribed` from the user: §A.2.4; it takes back a pre-approval too (§3.2.2, §3.4.2). */
function refuse(state: SubscriptionState): OutboundSubscription {
  const subscribed = hasFrom(state);
  const change = { ...withoutFrom(state), pendingIn: false, approved: false };
  // One who only asked has never seen presence, and a refusal is no occasion to show it.
  return outcome(state, change, {
    route: subscribed || state.pendingIn,
    presence: subscribed ? "unavailable" : undefined,
  });
}

/** `subscribe` from the contact: §A.3.1 and §3.1.3. */
function requested(state: SubscriptionState): InboundSubscription {
  // A contact that asks again has lost what it knew: it needs the presence along with the answer.
  const grant = { autoReply: "subscribed", presence: "available" } as const;
  if (hasFrom(state)) return inboundOutcome(state, {}, grant);
  if (state.approved) {
    return inboundOutcome(state, { ...withFrom(state), pendingIn: false }, grant);
  }
  if (state.pendingIn) return unheard(state);
  return inboundOutcome(state, { pendingIn: true }, { deliver: true });
}

/** `unsubscribe` from the contact: §A.3.2 and §3.3.3. */
function abandoned(state: SubscriptionState): InboundSubscription {
  const subscribed = hasFrom(state);
  if (!subscribed && !state.pendingIn) return unheard(state);
  return inboundOutcome(
    state,
    { ...withoutFrom(state), pendingIn: false },
    {
      deliver: true,
      autoReply: "unsubscribed",
      presence: subscribed ? "unavailable" : undefined,
    },
  );
}

type Change = { readonly [K in keyof SubscriptionState]?: SubscriptionState[K] };

function outcome(
  state: SubscriptionState,
  change: Change,
  effects: { readonly route?: boolean; readonly presence?: OwedPresence },
): OutboundSubscription {
  const next = changed(state, change);
  const { route = false, presence } = effects;
  return { next, route, push: shows(state, next), presence };
}

function inboundOutcome(
  state: SubscriptionState,
  change: Change,
  effects: {
    readonly deliver?: boolean;
    readonly autoReply?: "subscribed" | "unsubscribed";
    readonly presence?: OwedPresence;
  },
): InboundSubscription {
  const next = changed(state, change);
  const { deliver = false, autoReply, presence } = effects;
  return { next, deliver, push: shows(state, next), autoReply, presence };
}

/** No state change, so the user does not hear of it. */
function unheard(state: SubscriptionState): InboundSubscription {
  return inboundOutcome(state, {}, {});
}

function changed(state: SubscriptionState, change: Change): SubscriptionState {
  const next = { ...state, ...change };
  return next.pendingIn === state.pendingIn && !shows(state, next) ? state : next;
}

/** Whether the two look different in a roster, which never shows "Pending In" (§A.1). */
function shows(before: SubscriptionState, after: SubscriptionState): boolean {
  return (
    before.subscription !== after.subscription ||
    before.ask !== after.ask ||
    before.approved !== after.approved
  );
}

function withFrom(state: SubscriptionState): { readonly subscription: SubscriptionMode } {
  return { subscription: hasTo(state) ? "both" : "from" };
}

function withoutFrom(state: SubscriptionState): { readonly subscription: SubscriptionMode } {
  return { subscription: hasTo(state) ? "to" : "none" };
}

function withoutTo(state: SubscriptionState): { readonly subscription: SubscriptionMode } {
  return { subscription: hasFrom(state) ? "from" : "none" };
}
