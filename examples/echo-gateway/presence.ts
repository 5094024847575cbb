/** The presence of users makes their logins, and what they subscribe to their contacts. */
import { type Jid, readAvailability, type Stanza, StanzaError } from "@rookery/protocol";
import { addressOf, contactAt } from "./addresses.ts";
import { NetworkError } from "./network.ts";
import type { GatewayParts } from "./parts.ts";
import type { Registration } from "./registrations.ts";
import { stanzaErrorOf } from "./stanza-errors.ts";

/** What one user may have; a server of others may say that there are any number. */
const MOST_RESOURCES = 100;

export function servePresence(parts: GatewayParts): void {
  const { component, turns, sessions } = parts;
  component.onPresence((presence) =>
    turns.take(presence.from.bare.toString(), () => {
      const contact = contactAt(presence.to);
      return contact === undefined
        ? toGateway(parts, presence)
        : toContact(parts, presence, contact);
    }),
  );
  // whose server does not take presence any more cannot be online
  component.onBounce(({ stanza }) => {
    if (stanza.kind !== "presence") return;
    const user = stanza.from.bare;
    turns.take(user.toString(), () => sessions.logOut(user)).catch(parts.onError);
  });
}

async function toGateway(parts: GatewayParts, presence: Stanza): Promise<void> {
  const { component, registrations, sessions } = parts;
  const { from, type } = presence;
  const user = from.bare;
  switch (type) {
    case "available":
      return online(parts, presence);
    case "unavailable": {
      const session = sessions.get(user);
      // from the account itself: nobody is online (RFC 6121 §4.3.2)
      if (from.isBare) session?.resources.clear();
      else if (!session?.resources.delete(from.resource)) return;
      if (session?.resources.size === 0) await sessions.logOut(user);
      return;
    }
    case "subscribe": {
      const known = (await registrations.get(user)) !== undefined;
      await sessions.send(user, component.jid, known ? "subscribed" : "unsubscribed");
      if (sessions.get(user)) await sessions.tell(user, component.jid, AVAILABLE);
      return;
    }
    case "probe":
      if (sessions.get(user)) await sessions.tell(from, component.jid, AVAILABLE);
      return;
    case "unsubscribed":
      // the gateway is not to see any more who is online
      return sessions.logOut(user);
    default:
  }
}

/** XEP-0100 §4.4: the first resource logs in. */
async function online(parts: GatewayParts, presence: Stanza): Promise<void> {
  const { component, registrations, sessions } = parts;
  const { from } = presence;
  const registration = await registrations.get(from.bare);
  if (registration === undefined) return;
  try {
    const session = await sessions.logIn(registration);
    if (session.resources.size < MOST_RESOURCES) session.resources.add(from.resource);
    session.login.setAvailability(readAvailability(presence));
    await introduce(parts, registration, session.login.contacts.keys());
  } catch (error) {
    const failure = stanzaErrorOf(error);
    if (!(failure instanceof StanzaError)) throw error;
    const answer = presence.error(failure); // XEP-0100 §4.4.2
    if (answer) await component.send(answer);
  }
}

/**
 * The contacts that the network keeps come into the roster by asking the user for a subscription, as
 * anyone would (XEP-0100 §5.1). Each asks once, whatever the answer is.
 */
async function introduce(
  { component, registrations, sessions }: GatewayParts,
  registration: Registration,
  contacts: Iterable<string>,
): Promise<void> {
  const { user, contacts: known } = registration;
  const strangers = [...contacts].filter((contact) => !known.includes(contact));
  if (strangers.length === 0) return;
  await registrations.put({ ...registration, contacts: [...known, ...strangers] });
  for (const contact of strangers) {
    await sessions.send(user, addressOf(contact, component.jid), "subscribe");
  }
}

async function toContact(parts: GatewayParts, presence: Stanza, contact: string): Promise<void> {
  const { component, sessions } = parts;
  const { from, type } = presence;
  switch (type) {
    case "subscribe":
      return add(parts, from.bare, contact);
    case "unsubscribe":
      return remove(parts, from.bare, contact);
    case "probe": {
      const availability = sessions.get(from.bare)?.login.contacts.get(contact);
      if (availability) await sessions.tell(from, addressOf(contact, component.jid), availability);
      return;
    }
    default:
    // who is online is what the gateway itself is told; this network shows all contacts the same
  }
}

/** XEP-0100 §4.6. */
async function add(parts: GatewayParts, user: Jid, contact: string): Promise<void> {
  const { component, registrations, sessions } = parts;
  const address = addressOf(contact, component.jid);
  try {
    const { login } = await sessions.need(user);
    await login.add(contact);
    const registration = await registrations.get(user);
    const isNew = registration !== undefined && !registration.contacts.includes(contact);
    if (isNew) {
      const contacts = [...registration.contacts, contact];
      await registrations.put({ ...registration, contacts });
    }
    await sessions.send(user, address, "subscribed");
    const availability = login.contacts.get(contact);
    if (availability) await sessions.tell(user, address, availability);
    if (isNew) await sessions.send(user, address, "subscribe");
  } catch (error) {
    if (!(error instanceof NetworkError || error instanceof StanzaError)) throw error;
    await sessions.send(user, address, "unsubscribed"); // §4.6.2
  }
}

/** XEP-0100 §4.7. */
async function remove(parts: GatewayParts, user: Jid, contact: string): Promise<void> {
  const { component, registrations, sessions } = parts;
  const registration = await registrations.get(user);
  if (registration === undefined || !registration.contacts.includes(contact)) return;
  const { login } = await sessions.need(user);
  await login.remove(contact);
  const contacts = registration.contacts.filter((other) => other !== contact);
  await registrations.put({ ...registration, contacts });
  // RFC 6121 §3.3.3
  await sessions.tell(user, addressOf(contact, component.jid), undefined);
}

const AVAILABLE = { priority: 0, status: [] } as const;
