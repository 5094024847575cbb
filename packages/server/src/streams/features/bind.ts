import { bind, type Jid, NS, Stanza, StanzaError, StreamError } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import { Session } from "../../sessions/session.ts";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";

/** Resource binding (RFC 6120 §7). */
export const resourceBinding: StreamFeature = {
  name: "bind",
  ns: NS.bind,

  offer(stream): Element | undefined {
    return canBind(stream) ? el(NS.bind, "bind") : undefined;
  },

  negotiate(stream, element) {
    const { user, host } = stream;
    if (user === undefined || host === undefined) {
      throw new StreamError("not-authorized", "a resource is bound after authentication");
    }
    const iq = Stanza.read(element, user);
    try {
      if (iq.type !== "set") throw new StanzaError("bad-request", "binding is an IQ of type set");
      if (stream.session) throw new StanzaError("not-allowed", "a resource is bound already");
      const jid = settle(stream, user, bind.read(iq.payload[0] as Element).resource);
      const session = new Session(jid, stream.services.clock.now(), stream);
      stream.services.sessions.add(session);
      stream.bound(session);
      stream.sendElement(
        el(NS.client, "iq", { type: "result", id: iq.id }, bind.write({ jid })),
      );
      host.began(session);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      stream.sendElement(
        el(NS.client, "iq", { type: "error", id: iq.id }, ...iq.payload, error.toElement()),
      );
    }
  },
};

/** RFC 3921 §3, which old clients still ask for; it has nothing to do. */
export const legacySession: StreamFeature = {
  name: "session",
  ns: NS.session,

  offer(stream): Element | undefined {
    return canBind(stream) ? el(NS.session, "session", {}, el(NS.session, "optional")) : undefined;
  },

  negotiate(stream, element) {
    stream.sendElement(el(NS.client, "iq", { type: "result", id: element.attr("id") }));
  },
};

function canBind(stream: C2sStream): boolean {
  return stream.user !== undefined && stream.session === undefined;
}

/** The full JID a client gets (RFC 6120 §7.6, §7.7), once a conflict with another session is settled. */
function settle(stream: C2sStream, user: Jid, wanted: string | undefined): Jid {
  const { sessions, random, limits, auth } = stream.services;
  let jid = user.withResource(wanted ?? random.id());
  const taken = sessions.get(jid);
  if (taken !== undefined) {
    switch (auth.resourceConflict) {
      case "replace":
        taken.close(new StreamError("conflict", "another client took this resource"));
        break;
      case "rename":
        jid = user.withResource(`${jid.resource.slice(0, 200)}-${random.id()}`);
        break;
      case "refuse":
        throw new StanzaError("conflict", `the resource "${jid.resource}" is connected already`);
    }
  }
  const { sessionsPerAccount } = limits;
  if (sessionsPerAccount > 0 && sessions.of(user).length >= sessionsPerAccount) {
    throw new StanzaError("resource-constraint", `${user} has ${sessionsPerAccount} sessions already`, { type: "wait" });
  }
  return jid;
}
