import { bind, type Jid, NS, Stanza, StanzaError, StreamError } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import { Session } from "../../sessions/session.ts";
import type { C2sStream } from "../c2s.ts";
import { DirectOutlet } from "../direct-outlet.ts";
import { isConfidential, mayTakePasswords, type StreamFeature } from "../feature.ts";

/** Characters of a resource that is renamed; with what is added it stays below the bound of 1023 bytes. */
const KEPT_CHARACTERS = 200;

/** Resource binding (RFC 6120 §7). */
export const resourceBinding: StreamFeature = {
  name: "bind",
  ns: NS.bind,
  byIq: true,

  offer(stream): Element | undefined {
    return canBind(stream) ? el(NS.bind, "bind") : undefined;
  },

  negotiate(stream, element) {
    const { user, host } = stream;
    if (user === undefined || host === undefined) {
      throw new StreamError("not-authorized", "a resource is bound after authentication");
    }
    answer({ stream, from: user }, element, ({ type, payload }) => {
      if (type !== "set") throw new StanzaError("bad-request", "binding is an IQ of type set");
      if (stream.session) throw new StanzaError("not-allowed", "a resource is bound already");
      const jid = settle(stream, user, bind.read(payload[0] as Element).resource);
      const session = openSession(stream, jid);
      return { result: bind.write({ jid }), afterwards: () => host.began(session) };
    });
  },
};

/** RFC 3921 §3, which old clients still ask for once a resource is bound; it has nothing to do. */
export const legacySession: StreamFeature = {
  name: "session",
  ns: NS.session,
  byIq: true,

  offer(stream): Element | undefined {
    return canBind(stream) ? el(NS.session, "session", {}, el(NS.session, "optional")) : undefined;
  },

  negotiate(stream, element) {
    if (stream.session === undefined) {
      throw new StreamError("not-authorized", "a session comes after resource binding");
    }
    answer({ stream, from: stream.session.jid }, element, ({ type }) => {
      if (type !== "set") throw new StanzaError("bad-request", "a session is an IQ of type set");
      return {};
    });
  },
};

/**
 * Binds a resource that nobody has any more; the host is to be told when the client knows.
 *
 * @throws StanzaError `resource-constraint` if the account has too many sessions.
 */
export function openSession(stream: C2sStream, jid: Jid): Session {
  const { clock, random, sessions, limits } = stream.services;
  const { sessionsPerAccount } = limits;
  const isFull = (): boolean =>
    sessionsPerAccount > 0 && sessions.of(jid.bare).length >= sessionsPerAccount;
  // a client that comes back often, and not to its sessions, does not keep its account out
  if (isFull())
    sessions
      .of(jid.bare)
      .find(({ hibernating }) => hibernating)
      ?.close();
  if (isFull()) {
    throw new StanzaError(
      "resource-constraint",
      `${jid.bare} has ${sessionsPerAccount} sessions already`,
      { type: "wait" },
    );
  }
  const continues = stream.lineage !== undefined;
  const lineage = stream.lineage ?? random.id();
  const session = new Session(jid, clock.now(), new DirectOutlet(stream), lineage, continues);
  session.set(isConfidential, mayTakePasswords(stream));
  sessions.add(session);
  stream.bound(session);
  return session;
}

interface Answer {
  readonly result?: Element;
  afterwards?(): void;
}

/** Answers an IQ of the negotiation; a StanzaError that is thrown is the answer, too. */
function answer(
  { stream, from }: { readonly stream: C2sStream; readonly from: Jid },
  element: Element,
  ask: (iq: Stanza) => Answer,
): void {
  const id = element.attr("id");
  try {
    const given = ask(Stanza.read(element, from));
    stream.sendElement(el(NS.client, "iq", { type: "result", id }, given.result));
    given.afterwards?.();
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    stream.sendElement(
      el(NS.client, "iq", { type: "error", id }, ...element.elements(), error.toElement()),
    );
  }
}

function canBind(stream: C2sStream): boolean {
  return stream.user !== undefined && stream.session === undefined;
}

/** The full JID a client gets (RFC 6120 §7.6, §7.7), once a conflict with another session is settled. */
function settle(stream: C2sStream, user: Jid, wanted: string | undefined): Jid {
  const { sessions, random, auth } = stream.services;
  let jid = user.withResource(wanted ?? random.id());
  const taken = sessions.get(jid);
  if (taken !== undefined) {
    switch (auth.resourceConflict) {
      case "replace":
        taken.close(new StreamError("conflict", "another client took this resource"));
        break;
      case "rename":
        jid = renamed(user, jid.resource, random.id());
        break;
      case "refuse":
        throw new StanzaError("conflict", `the resource "${jid.resource}" is connected already`);
    }
  }
  return jid;
}

/** What was asked for, with something added that nobody else has. */
function renamed(user: Jid, resource: string, suffix: string): Jid {
  const kept = Array.from(resource).slice(0, KEPT_CHARACTERS).join("");
  return user.withResource(`${kept}-${suffix}`);
}
