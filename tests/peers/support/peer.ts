import type { TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Child } from "./child.ts";
import type { Rookery } from "./rookery.ts";
import { PASSWORD } from "./rookery.ts";
import { within } from "./wait.ts";

export type Json = { readonly [key: string]: unknown };

/** How a client gets to TLS. */
export type Tls = "starttls" | "direct";

/** What a client has become by a login. */
export interface LoggedIn extends Json {
  /** The full address. */
  readonly jid: string;
  readonly mechanism: string;
  /** As in `TLSv1.3`. */
  readonly tls: string;
}

/** A contact, as the client has read it. */
export interface RosterItem {
  readonly name: string;
  readonly subscription: string;
  readonly ask: string;
  readonly groups: readonly string[];
}

export interface Roster extends Json {
  /** False: the server said that the version the client has is the current one. */
  readonly changed: boolean;
  readonly ver: string;
  readonly items: { readonly [jid: string]: RosterItem };
}

const ANSWER_MS = 15_000;
const EVENT_MS = 15_000;

interface Waiter {
  readonly matches: (event: Json) => boolean;
  readonly resolve: (event: Json) => void;
}

/**
 * Somebody else's client, in a process of its own that takes commands and tells events as lines of
 * JSON. All clients know the same commands.
 *
 * Events are queued until a test takes them.
 */
export class Peer {
  readonly #child: Child;
  readonly #answers: Map<number, PromiseWithResolvers<Json>> = new Map();
  readonly #events: Json[] = [];
  readonly #waiters: Set<Waiter> = new Set();
  #calls = 0;

  /** @param t the test that the client ends with. */
  constructor(t: TestContext, command: readonly [string, ...string[]], env: NodeJS.ProcessEnv) {
    this.#child = new Child(t, command, {
      env: { ...process.env, ...env },
      onLine: (line) => this.#received(JSON.parse(line) as Json),
    });
    void this.#child.exited.then(() => {
      for (const answer of this.#answers.values()) answer.reject(this.#child.error("has ended"));
    });
  }

  /** Has the client do something. @throws Error with what the client says if it fails. */
  call(command: string, args: Json = {}): Promise<Json> {
    const call = ++this.#calls;
    const answer = Promise.withResolvers<Json>();
    this.#answers.set(call, answer);
    this.#child.write(`${JSON.stringify({ call, do: command, ...args })}\n`);
    return within(ANSWER_MS, answer.promise, () =>
      this.#child.error(`no answer to ${command} ${JSON.stringify(args)}`),
    ).finally(() => this.#answers.delete(call));
  }

  /** Logs in, without becoming available. */
  async login(rookery: Rookery, jid: string, tls: Tls, options: Json = {}): Promise<LoggedIn> {
    const port = tls === "direct" ? rookery.ports.c2sTls : rookery.ports.c2s;
    const ca = rookery.certificate;
    return (await this.call("login", {
      jid,
      password: PASSWORD,
      port,
      tls,
      ca,
      ...options,
    })) as LoggedIn;
  }

  /** Asks for the roster; with a version only if it has changed since. */
  async roster(ver?: string): Promise<Roster> {
    return (await this.call("roster", ver === undefined ? {} : { ver })) as Roster;
  }

  /** The next event of a kind, in which these members have these values; waits for it. */
  next(kind: string, members: Json = {}): Promise<Json> {
    const matches = matcher(kind, members);
    const index = this.#events.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#events.splice(index, 1)[0] as Json);
    const found = Promise.withResolvers<Json>();
    const waiter: Waiter = { matches, resolve: found.resolve };
    this.#waiters.add(waiter);
    return within(EVENT_MS, found.promise, () => {
      const wanted = JSON.stringify({ event: kind, ...members });
      const got = this.#events.map((event) => JSON.stringify(event)).join("\n  ");
      return this.#child.error(`waited for ${wanted}, got only\n  ${got}`);
    }).finally(() => this.#waiters.delete(waiter));
  }

  /** The events of a kind that came and were not taken, once the server has handled all before. */
  async rest(kind: string): Promise<readonly Json[]> {
    await this.call("ping", { to: "localhost" });
    return this.#events.filter(matcher(kind, {}));
  }

  /** Ends the client without a word to the server. */
  async kill(): Promise<void> {
    await this.#child.kill("SIGKILL");
  }

  #received(line: Json): void {
    if (typeof line["call"] === "number") {
      const answer = this.#answers.get(line["call"]);
      if (line["error"] === undefined) answer?.resolve((line["result"] ?? {}) as Json);
      else answer?.reject(this.#child.error(JSON.stringify(line["error"])));
      return;
    }
    for (const waiter of this.#waiters) {
      if (!waiter.matches(line)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(line);
      return;
    }
    this.#events.push(line);
  }
}

function matcher(kind: string, members: Json): (event: Json) => boolean {
  return (event) =>
    event["event"] === kind &&
    Object.entries(members).every(([name, value]) => isDeepStrictEqual(event[name], value));
}
