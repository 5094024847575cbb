/** What a gateway needs of the network on its other side. A real one has its protocol behind this. */
import type { Availability } from "@rookery/protocol";

/** Who somebody is at the network. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Network {
  /** What service discovery calls it: the type of the category `gateway`, such as `irc`. */
  readonly type: string;
  /** A name for people. */
  readonly name: string;
  /** @throws NetworkError `wrong-password`, `unreachable` */
  check(credentials: Credentials): Promise<void>;
  /** @throws NetworkError `wrong-password`, `unreachable` */
  logIn(credentials: Credentials, events: NetworkEvents): Promise<Login>;
}

/** What the network tells of while somebody is logged in. It waits for promises: they slow it down. */
export interface NetworkEvents {
  message(from: string, text: string): Promise<void>;
  /** @param availability undefined for someone who is gone. */
  presence(contact: string, availability: Availability | undefined): Promise<void>;
  /** The network has ended it. */
  ended(): Promise<void>;
}

/** Somebody's login. */
export interface Login {
  /** The contact list that the network keeps, and how available each is; undefined for not at all. */
  readonly contacts: ReadonlyMap<string, Availability | undefined>;
  /** @throws NetworkError `not-found`, `unreachable` */
  add(contact: string): Promise<void>;
  remove(contact: string): Promise<void>;
  /** @throws NetworkError `not-found`, `away`, `unreachable` */
  send(to: string, text: string): Promise<void>;
  /** Tells the contacts how available one is. */
  setAvailability(availability: Availability): void;
  logOut(): void;
}

/**
 * What can go wrong there: the password does not hold, the network cannot be reached, there is no such
 * contact, or it is away and nothing is kept for it.
 */
export type NetworkErrorCode = "wrong-password" | "unreachable" | "not-found" | "away";

export class NetworkError extends Error {
  override readonly name: string = "NetworkError";
  readonly code: NetworkErrorCode;

  constructor(code: NetworkErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}
