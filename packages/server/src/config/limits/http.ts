/** The web. */
export const httpLimits = {
  httpHeaderBytes: {
    default: 16_384,
    unit: "bytes",
    min: 4096,
    off: false,
    doc: "Size of the headers of one request of HTTP.",
  },
  httpHeaderSeconds: {
    default: 15,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "Time within which a TLS handshake of HTTP, and then the headers of a request must have come.",
  },
  httpBodySeconds: {
    default: 20,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "Time within which the body of a request must have come; the pace of a large one is looked at so often.",
  },
  httpBodyBytesPerSecond: {
    default: 1000,
    unit: "bytes per second",
    min: 1,
    off: true,
    doc: "How slowly a large body, such as an upload, may come.",
  },
  httpFormBytes: {
    default: 16_384,
    unit: "bytes",
    min: 4096,
    off: false,
    doc: "Size of what a form of a web page sends, as the one that makes an account.",
  },
  httpIdleSeconds: {
    default: 20,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "How long a connection of HTTP stays open between two requests.",
  },
  httpSendSeconds: {
    default: 30,
    unit: "seconds",
    min: 1,
    off: false,
    doc: "A client of HTTP that takes nothing of its answer for so long is cut off.",
  },
} as const;
