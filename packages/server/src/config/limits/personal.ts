/** What an account keeps for itself. */
export const personalLimits = {
  vcardBytes: {
    default: 131_072,
    unit: "bytes",
    min: 1000,
    off: true,
    doc: "Size of the vCard of one account, with its photo. It has to fit into a stanza.",
  },
  privateItems: {
    default: 100,
    unit: "count",
    min: 1,
    off: true,
    doc: "Kinds of elements that one account may keep in its private storage (XEP-0049).",
  },
  privateBytes: {
    default: 1_048_576,
    unit: "bytes",
    min: 10_000,
    off: true,
    doc: "Size of all that one account keeps in its private storage (XEP-0049).",
  },
  blockedItems: {
    default: 1000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Addresses that one account may block (XEP-0191).",
  },
} as const;
