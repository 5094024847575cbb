import type { Component } from "@rookery/client";
import {
  type Availability,
  body,
  type Jid,
  type PresenceType,
  StanzaError,
  writeAvailability,
} from "@rookery/protocol";
import { addressOf } from "./addresses.ts";
import type { Login, Network, NetworkEvents } from "./network.ts";
import type { Registration, Registrations } from "./registrations.ts";

/** The login of a user at the network. */
export interface Session {
  readonly login: Login;
  /** The user's resources that are online; with the last of them the login ends. */
  readonly resources: Set<string>;
}

export interface SessionsOptions {
  readonly component: Component;
  readonly network: Network;
  readonly registrations: Registrations;
}

const AVAILABLE: Availability = { priority: 0, status: [] };

/** Who is logged in at the network; what comes from there goes to them. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions: Map<string, Session> = new Map();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get(user: Jid): Session | undefined {
    return this.#sessions.get(user.toString());
  }

  /** Logs a user in; nothing happens if that is done (XEP-0100 §4.4.1). @throws NetworkError */
  async logIn(registration: Registration): Promise<Session> {
    const { component, network } = this.#options;
    const { user } = registration;
    const known = this.get(user);
    if (known !== undefined) return known;
    const login = await network.logIn(registration, this.#eventsOf(user));
    const session: Session = { login, resources: new Set() };
    this.#sessions.set(user.toString(), session);
    await this.tell(user, component.jid, AVAILABLE);
    for (const [contact, availability] of login.contacts) {
      if (availability) await this.tell(user, addressOf(contact, component.jid), availability);
    }
    return session;
  }

  /**
   * As `logIn`, for a user who wants something done without having come online here, perhaps since
   * this program has just started: a probe asks for the presence, and the answer says who stays.
   *
   * @throws NetworkError, StanzaError `registration-required`
   */
  async need(user: Jid): Promise<Session> {
    const known = this.get(user);
    if (known !== undefined) return known;
    const registration = await this.#options.registrations.get(user);
    if (registration === undefined) {
      throw new StanzaError("registration-required", "register with the gateway first");
    }
    const session = await this.logIn(registration);
    await this.send(user, this.#options.component.jid, "probe");
    return session;
  }

  /** XEP-0100 §4.5.1. */
  async logOut(user: Jid): Promise<void> {
    const session = this.get(user);
    if (session === undefined) return;
    session.login.logOut();
    await this.#ended(user, session);
  }

  /** How available somebody is, for a user or one of its resources. */
  async tell(to: Jid, from: Jid, availability: Availability | undefined): Promise<void> {
    const { component } = this.#options;
    const type = availability === undefined ? "unavailable" : "available";
    const children = availability === undefined ? [] : writeAvailability(availability);
    await component.send({ kind: "presence", type, from, to, children });
  }

  /** Presence that says nothing but its type. */
  async send(to: Jid, from: Jid, type: PresenceType): Promise<void> {
    await this.#options.component.send({ kind: "presence", type, from, to });
  }

  /** Nothing is known any more of who is online: each user is asked, and the answers say it. */
  async askAll(): Promise<void> {
    const { component, registrations } = this.#options;
    for (const session of this.#sessions.values()) session.resources.clear();
    for await (const { user } of registrations.all()) await this.send(user, component.jid, "probe");
  }

  /** The users who are logged in. */
  get users(): string[] {
    return [...this.#sessions.keys()];
  }

  async #ended(user: Jid, session: Session): Promise<void> {
    const { component } = this.#options;
    this.#sessions.delete(user.toString());
    for (const [contact, availability] of session.login.contacts) {
      if (availability) await this.tell(user, addressOf(contact, component.jid), undefined);
    }
    await this.tell(user, component.jid, undefined);
  }

  #eventsOf(user: Jid): NetworkEvents {
    const { component } = this.#options;
    return {
      message: async (contact, text) => {
        const from = addressOf(contact, component.jid);
        const children = [body.write({ text })];
        await component.send({ kind: "message", type: "chat", from, to: user, children });
      },
      presence: (contact, availability) =>
        this.tell(user, addressOf(contact, component.jid), availability),
      ended: () => {
        const session = this.get(user);
        return session === undefined ? Promise.resolve() : this.#ended(user, session);
      },
    };
  }
}
