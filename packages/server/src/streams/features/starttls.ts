import { NS, StreamError } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import type { StreamFeature } from "../feature.ts";

/** STARTTLS (RFC 6120 §5). */
export const starttls: StreamFeature = {
  name: "starttls",
  ns: NS.tls,

  offer(stream): Element | undefined {
    if (stream.connection.tls !== undefined || !stream.connection.canStartTls) return undefined;
    const required = stream.services.auth.requireTls ? el(NS.tls, "required") : undefined;
    return el(NS.tls, "starttls", {}, required);
  },

  async negotiate(stream, element) {
    if (element.name !== "starttls") {
      throw new StreamError("bad-format", `<${element.name}/> is not expected here`);
    }
    if (stream.connection.tls !== undefined || !stream.connection.canStartTls) {
      stream.sendElement(el(NS.tls, "failure"));
      stream.close();
      return;
    }
    stream.sendElement(el(NS.tls, "proceed"));
    await stream.connection.startTls();
    stream.restart();
  },
};
