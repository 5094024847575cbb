/** External components and ad-hoc commands. */
export const serviceLimits = {
  componentConnections: {
    default: 16,
    unit: "count",
    min: 1,
    off: false,
    doc: "Connections of one external component, which share its load.",
  },
  componentQueueBytes: {
    default: 8_388_608,
    unit: "bytes",
    min: 65_536,
    off: false,
    doc: "What may wait for one external component that is away or reads slowly; beyond it, senders get an error.",
  },
  componentQueueSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: true,
    doc: "How long stanzas wait for an external component that is away; then their senders get an error. 0: not at all.",
  },
  commandSessions: {
    default: 1000,
    unit: "count",
    min: 1,
    off: false,
    doc: "Ad-hoc commands that are being executed at one domain, and as many at its accounts (XEP-0050 §4.3).",
  },
  commandSessionsPerUser: {
    default: 5,
    unit: "count",
    min: 1,
    off: false,
    doc: "Of these, ad-hoc commands of one user; a further one ends the one that waits longest.",
  },
  commandIdleSeconds: {
    default: 600,
    unit: "seconds",
    min: 10,
    off: false,
    doc: "An ad-hoc command whose next form does not come for so long is given up.",
  },
} as const;
