import { NS, StreamError } from "@rookery/protocol";
import { type Element, el, serialize } from "@rookery/xml";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";

/** STARTTLS (RFC 6120 §5). */
export const starttls: StreamFeature = {
  name: "starttls",
  ns: NS.tls,

  offer(stream): Element | undefined {
    if (!canSecure(stream)) return undefined;
    const required = stream.services.auth.requireTls ? el(NS.tls, "required") : undefined;
    return el(NS.tls, "starttls", {}, required);
  },

  async negotiate(stream, element) {
    if (element.name !== "starttls") {
      throw new StreamError("bad-format", `<${element.name}/> is not expected here`);
    }
    if (!canSecure(stream)) {
      stream.sendElement(el(NS.tls, "failure"));
      stream.close();
      return;
    }
    await stream.connection.startTls(serialize(el(NS.tls, "proceed"), NS.client));
    stream.restart();
  },
};

/** TLS comes once, and before authentication (RFC 6120 §5.3.1). */
function canSecure({ connection, user }: C2sStream): boolean {
  return connection.tls === undefined && connection.canStartTls && user === undefined;
}
