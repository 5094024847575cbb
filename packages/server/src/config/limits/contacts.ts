/** Presence, subscriptions and rosters (RFC 6121). */
export const contactLimits = {
  presenceBytes: {
    default: 16_384,
    unit: "bytes",
    min: 1024,
    off: true,
    doc: "Size of one presence of a session; it goes to every contact, and is kept.",
  },
  presenceTargets: {
    default: 1000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Addresses outside the roster that one session has sent directed presence to (RFC 6121 §4.6).",
  },
  subscriptionRequests: {
    default: 500,
    unit: "count",
    min: 1,
    off: true,
    doc: "Subscription requests from others that wait for the answer of one account (RFC 6121 §3.1).",
  },
  rosterItems: {
    default: 5000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Contacts in the roster of one account.",
  },
  rosterBytes: {
    default: 1_048_576,
    unit: "bytes",
    min: 10_000,
    off: true,
    doc: "Size of the roster of one account as clients get it; it is sent at each login.",
  },
  rosterNameBytes: {
    default: 1023,
    unit: "bytes",
    min: 16,
    off: true,
    doc: "Length of the name of one contact, in UTF-8.",
  },
  rosterGroups: {
    default: 50,
    unit: "count",
    min: 1,
    off: true,
    doc: "Groups that one contact is in.",
  },
  rosterGroupBytes: {
    default: 1023,
    unit: "bytes",
    min: 16,
    off: true,
    doc: "Length of the name of one group, in UTF-8.",
  },
} as const;
