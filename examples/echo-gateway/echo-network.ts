import type { Availability } from "@rookery/protocol";
import {
  type Credentials,
  type Login,
  type Network,
  NetworkError,
  type NetworkEvents,
} from "./network.ts";

/** Everybody at the network. */
const PEOPLE: ReadonlyMap<string, Availability | undefined> = new Map([
  ["alice", { priority: 0, status: [] }],
  ["bob", { show: "away", priority: 0, status: [{ text: "Looking for the echo" }] }],
  ["carol o'hara", undefined],
]);
/** Who is in everybody's contact list from the beginning. */
const FRIENDS = ["alice", "bob"];
const PASSWORD = "open sesame";
const AVAILABLE: Availability = { priority: 0, status: [] };

interface Account {
  readonly contacts: Set<string>;
  /** What came while nobody was logged in: this network keeps it. */
  readonly kept: [from: string, text: string][];
  readonly logins: Map<Login, NetworkEvents>;
}

/**
 * A network in memory: a few people who repeat what they are told. Any name can log in with the
 * password "open sesame". What tests do besides is marked.
 */
export class EchoNetwork implements Network {
  readonly type: string = "echo";
  readonly name: string = "Echo network";
  readonly #accounts: Map<string, Account> = new Map();
  /** How available each account shows itself; for tests. */
  readonly shown: Map<string, Availability | undefined> = new Map();
  /** Milliseconds that logging in takes; for tests. */
  delayMs = 0;
  /** For tests. */
  reachable = true;

  async check({ password }: Credentials): Promise<void> {
    if (!this.reachable) throw new NetworkError("unreachable", "the network does not answer");
    if (password !== PASSWORD) throw new NetworkError("wrong-password", "the password is wrong");
  }

  async logIn(credentials: Credentials, events: NetworkEvents): Promise<Login> {
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    await this.check(credentials);
    const { username } = credentials;
    const account = this.#account(username);
    const login: Login = {
      get contacts() {
        return new Map([...account.contacts].map((name) => [name, PEOPLE.get(name)]));
      },
      add: async (contact) => {
        if (!PEOPLE.has(contact)) throw new NetworkError("not-found", "there is nobody like that");
        account.contacts.add(contact);
      },
      remove: async (contact) => void account.contacts.delete(contact),
      send: async (to, text) => {
        if (!this.reachable) throw new NetworkError("unreachable", "the network does not answer");
        if (!PEOPLE.has(to)) throw new NetworkError("not-found", "there is nobody like that");
        if (PEOPLE.get(to) === undefined) throw new NetworkError("away", "nobody is there");
        await this.say(to, username, text);
      },
      setAvailability: (availability) => void this.shown.set(username, availability),
      logOut: () => {
        account.logins.delete(login);
        if (account.logins.size === 0) this.shown.set(username, undefined);
      },
    };
    account.logins.set(login, events);
    this.shown.set(username, AVAILABLE);
    for (const [from, text] of account.kept.splice(0)) await events.message(from, text);
    return login;
  }

  /** One of the people says something to a user; for tests too. */
  async say(from: string, username: string, text: string): Promise<void> {
    const { logins, kept } = this.#account(username);
    if (logins.size === 0) kept.push([from, text]);
    for (const events of logins.values()) await events.message(from, text);
  }

  /** Throws everybody out; for tests. */
  async end(): Promise<void> {
    for (const { logins } of this.#accounts.values()) {
      for (const events of logins.values()) await events.ended();
    }
    this.cut();
  }

  /** All logins end as if their connections were lost; for tests. */
  cut(): void {
    for (const [username, { logins }] of this.#accounts) {
      logins.clear();
      this.shown.set(username, undefined);
    }
  }

  #account(username: string): Account {
    const known = this.#accounts.get(username);
    if (known !== undefined) return known;
    const account: Account = { contacts: new Set(FRIENDS), kept: [], logins: new Map() };
    this.#accounts.set(username, account);
    return account;
  }
}
