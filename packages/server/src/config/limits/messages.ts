/** Messages that are kept: the spool and the archive. */
export const messageLimits = {
  offlineMessages: {
    default: 1000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Messages kept for one account until it comes online, where its archive does not keep them.",
  },
  offlineBytes: {
    default: 4_194_304,
    unit: "bytes",
    min: 10_000,
    off: true,
    doc: "Size of all messages kept for one account until it comes online, where its archive does not keep them.",
  },
  archivePage: {
    default: 250,
    unit: "count",
    min: 10,
    off: false,
    doc: "Messages in one page of a message archive (XEP-0313), whatever the client asks for; it asks for the next page then.",
  },
  archivePageBytes: {
    default: 1_048_576,
    unit: "bytes",
    min: 10_000,
    off: false,
    doc: "Size of the messages in one page of a message archive; one message at least is in it.",
  },
  archiveQueries: {
    default: 20,
    unit: "count",
    min: 1,
    off: false,
    doc: "Queries of message archives that one session has waiting while another is answered.",
  },
  archivePreferences: {
    default: 1000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Addresses in the lists of one account of whose messages are archived always, and never (XEP-0441).",
  },
  archiveRetraction: {
    default: 1000,
    unit: "count",
    min: 1,
    off: false,
    doc: "How many messages of a conversation are looked through for one that its author takes back (XEP-0424).",
  },
} as const;
