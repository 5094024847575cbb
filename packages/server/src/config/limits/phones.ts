/** What is done for clients that are in somebody's pocket. */
export const phoneLimits = {
  csiHeldStanzas: {
    default: 500,
    unit: "count",
    min: 1,
    off: false,
    doc: "Stanzas that are held back from one client at which nobody looks (XEP-0352); when there are more, all of them are sent.",
  },
  csiHeldBytes: {
    default: 131_072,
    unit: "bytes",
    min: 1000,
    off: false,
    doc: "Size of the stanzas that are held back from one client at which nobody looks; when it is more, all of them are sent.",
  },
  pushRegistrations: {
    default: 20,
    unit: "count",
    min: 1,
    off: false,
    doc: "Places at which one account wants to be woken (XEP-0357); a further one takes the place of the one that was told of longest ago.",
  },
  pushRegistrationBytes: {
    default: 8192,
    unit: "bytes",
    min: 256,
    off: false,
    doc: "Size of what a client tells of one such place.",
  },
  pushIntervalSeconds: {
    default: 10,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "A client that was woken and has not come back is not woken again for so long; what came meanwhile is told at the end of it. Calls may ring earlier.",
  },
  pushUnackedSeconds: {
    default: 10,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "A client that seems to be there and does not acknowledge a message for so long is woken.",
  },
  pushAnswerSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "How long an app server may take to answer; meanwhile it is not told more.",
  },
  pushAccounts: {
    default: 10_000,
    unit: "count",
    min: 1,
    off: false,
    doc: "Accounts whose places are remembered, those with none too; of others they are read when a message comes.",
  },
} as const;
