/** Clients that come back without the password. */
export const deviceLimits = {
  tokenSeconds: {
    default: 2_592_000,
    unit: "seconds",
    min: 60,
    off: false,
    doc: "How long a client that is not used may come back without the password (XEP-0484). One that is used gets a new token every day.",
  },
  devicesPerAccount: {
    default: 50,
    unit: "count",
    min: 1,
    off: false,
    doc: "Clients of one account that may log in without the password; beyond it, the one not used for longest needs it again.",
  },
} as const;
