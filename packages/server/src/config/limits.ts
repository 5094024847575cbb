/** What a limit counts. */
export type LimitUnit = "bytes" | "bytes per second" | "seconds" | "count";

/** How one limit is declared. */
export interface LimitDefinition {
  readonly default: number;
  readonly unit: LimitUnit;
  /** The least value that makes sense. */
  readonly min: number;
  /** True if 0 turns the limit off; false where something must always bound what comes from outside. */
  readonly off: boolean;
  readonly doc: string;
}

/**
 * Every limit of the server, with its default, declared in this one place.
 *
 * What bounds one stanza can not be turned off: without it a single client could exhaust the memory
 * of the process.
 */
export const LIMITS = {
  stanzaBytes: {
    default: 262_144,
    unit: "bytes",
    min: 10_000,
    off: false,
    doc: "Size of one stanza of a client that has logged in. RFC 6120 §13.12 forbids less than 10000.",
  },
  preAuthStanzaBytes: {
    default: 10_000,
    unit: "bytes",
    min: 4096,
    off: false,
    doc: "Size of one element on a stream before login; also of a stream header.",
  },
  stanzaDepth: {
    default: 64,
    unit: "count",
    min: 16,
    off: false,
    doc: "How deep elements may be nested in a stanza.",
  },
  stanzaElements: {
    default: 8192,
    unit: "count",
    min: 256,
    off: false,
    doc: "Elements in one stanza.",
  },
  attributes: {
    default: 64,
    unit: "count",
    min: 16,
    off: false,
    doc: "Attributes of one element.",
  },
  namespaces: {
    default: 64,
    unit: "count",
    min: 16,
    off: false,
    doc: "Namespace declarations in force at one place of a stanza.",
  },
  streamOpenSeconds: {
    default: 20,
    unit: "seconds",
    min: 1,
    off: true,
    doc: "Time from connecting within which a TLS handshake and the stream header must have come.",
  },
  loginSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: true,
    doc: "Time from connecting within which a client must have logged in and bound a resource.",
  },
  idleSeconds: {
    default: 300,
    unit: "seconds",
    min: 10,
    off: true,
    doc: "A client that sent nothing for so long is asked whether it is still there.",
  },
  idleAnswerSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: true,
    doc: "A client that does not answer this question for so long is disconnected.",
  },
  authenticationTries: {
    default: 5,
    unit: "count",
    min: 1,
    off: false,
    doc: "Failed logins on one stream before it is closed (RFC 6120 §6.4.5).",
  },
  loginFailures: {
    default: 10,
    unit: "count",
    min: 1,
    off: false,
    doc: "Wrong passwords from one address, or for one account from different addresses, before further tries have to wait, each for longer than the one before.",
  },
  loginDelaySeconds: {
    default: 30,
    unit: "seconds",
    min: 1,
    off: true,
    doc: "The longest that one login has to wait after wrong passwords.",
  },
  loginForgetSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "One wrong password is forgotten after so long, and one more each time as long.",
  },
  loginRecords: {
    default: 20_000,
    unit: "count",
    min: 100,
    off: false,
    doc: "Addresses that wrong passwords are counted of, as many accounts, and as many accounts whose own addresses are remembered; the oldest are forgotten.",
  },
  registrationsPerAddress: {
    default: 10,
    unit: "count",
    min: 1,
    off: true,
    doc: "Accounts that are made in an hour from one IP address (IPv6: one /64 network), this machine's own included.",
  },
  registrations: {
    default: 200,
    unit: "count",
    min: 1,
    off: true,
    doc: "Accounts that people make in an hour, from all addresses together; those of administrators are not counted.",
  },
  registrationTriesPerAddress: {
    default: 60,
    unit: "count",
    min: 1,
    off: true,
    doc: "Names that were taken and invitations that were wrong, in an hour from one IP address, before it has to wait.",
  },
  invitationsPerAccount: {
    default: 20,
    unit: "count",
    min: 1,
    off: false,
    doc: "Invitations of one account that are open; those of administrators are bounded by invitations alone.",
  },
  invitations: {
    default: 10_000,
    unit: "count",
    min: 1,
    off: false,
    doc: "Invitations of one domain that are open.",
  },
  connections: {
    default: 50_000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Open connections of clients altogether; further ones are closed at once.",
  },
  connectionsPerAddress: {
    default: 500,
    unit: "count",
    min: 1,
    off: true,
    doc: "Open connections from one IP address (IPv6: one /64 network).",
  },
  boshSessions: {
    default: 50_000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Sessions over BOSH altogether (XEP-0124); further ones are refused.",
  },
  boshSessionsPerAddress: {
    default: 500,
    unit: "count",
    min: 1,
    off: true,
    doc: "Sessions over BOSH that began at one IP address (IPv6: one /64 network).",
  },
  boshWaitSeconds: {
    default: 60,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "The longest that a request of BOSH waits for something to answer, whatever the client asks for.",
  },
  boshInactivitySeconds: {
    default: 60,
    unit: "seconds",
    min: 5,
    off: false,
    doc: "A session over BOSH ends when no request of it came or waits for so long.",
  },
  boshPauseSeconds: {
    default: 120,
    unit: "seconds",
    min: 5,
    off: false,
    doc: "The longest pause without requests that a client may announce over BOSH.",
  },
  boshPollSeconds: {
    default: 5,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "The least time between two empty requests of BOSH; a client that asks more often loses its session.",
  },
  sessionsPerAccount: {
    default: 50,
    unit: "count",
    min: 1,
    off: true,
    doc: "Resources that one account may have bound at once.",
  },
  sendQueueBytes: {
    default: 4_194_304,
    unit: "bytes",
    min: 65_536,
    off: false,
    doc: "What may wait to be sent to one client that reads slowly; beyond it, the client is disconnected.",
  },
  unackedBytes: {
    default: 1_048_576,
    unit: "bytes",
    min: 65_536,
    off: false,
    doc: "What may wait for the acknowledgement of a client that does not read, or is away (XEP-0198); beyond it, it is parked, then its session ends and messages are kept for the account.",
  },
  resumeSeconds: {
    default: 600,
    unit: "seconds",
    min: 10,
    off: true,
    doc: "How long a session waits for its client to come back (XEP-0198 §5). 0: not at all.",
  },
  hibernatedBytes: {
    default: 268_435_456,
    unit: "bytes",
    min: 1_048_576,
    off: false,
    doc: "What may wait for all clients that are away; beyond it, the session that has waited longest ends.",
  },
  c2sBytesPerSecond: {
    default: 262_144,
    unit: "bytes per second",
    min: 1000,
    off: true,
    doc: "How fast one client may send for long; a faster one is read from more slowly, not disconnected.",
  },
  c2sBurstBytes: {
    default: 1_048_576,
    unit: "bytes",
    min: 10_000,
    off: false,
    doc: "What one client may send at once before c2sBytesPerSecond slows it.",
  },
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
  offlineMessages: {
    default: 1000,
    unit: "count",
    min: 1,
    off: true,
    doc: "Messages kept for one account until it comes online.",
  },
  offlineBytes: {
    default: 4_194_304,
    unit: "bytes",
    min: 10_000,
    off: true,
    doc: "Size of all messages kept for one account until it comes online.",
  },
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

export type LimitName = keyof typeof LIMITS;

/** The limits in force; the meaning and unit of each stand in {@link LIMITS}, 0 means off. */
export type Limits = { readonly [name in LimitName]: number };
