/** A server, the gateway and the people who use it, for tests: all by TCP, in one process. */
import assert from "node:assert/strict";
import { type Client, ClientError, type Component } from "@rookery/client";
import { connectClient, connectComponent } from "@rookery/client/node";
import {
  body,
  Jid,
  type PresenceType,
  type RegisterFields,
  registerQuery,
  rosterQuery,
  type Stanza,
} from "@rookery/protocol";
import { createServer, type Server } from "@rookery/server";
import { EchoNetwork } from "./echo-network.ts";
import { gateway } from "./gateway.ts";
import { MemoryRegistrations, type Registration } from "./registrations.ts";

export const GATEWAY: Jid = Jid.parse("gateway.localhost");
export const ALICE: Jid = Jid.parse("alice@gateway.localhost");
export const BOB: Jid = Jid.parse("bob@gateway.localhost");
const SECRET = "mountains answer";
const HOST = "127.0.0.1";
const WAIT_MS = 5000;

/** A client and what it got, each as a line; tests take the lines. */
export class Person {
  readonly client: Client;
  readonly lines: string[] = [];
  #waiter: () => void = () => {};

  constructor(client: Client) {
    this.client = client;
    const put = (line: string): void => {
      this.lines.push(line);
      this.#waiter();
    };
    client.onPresence((presence) => put(lineOf(presence)));
    client.onMessage((message) => put(lineOf(message)));
    client.onBounce(({ stanza, error }) => put(`${lineOf(stanza)} ${error.condition}`));
  }

  /** Waits until all of these lines have come, in any order, and takes them. */
  async gets(...wanted: readonly string[]): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(
        new Error(`waited for\n  ${wanted.join("\n  ")}\ngot\n  ${this.lines.join("\n  ")}`),
      );
    }, WAIT_MS);
    try {
      for (const line of wanted) await this.#take(line, late.promise);
    } finally {
      clearTimeout(timer);
    }
  }

  async #take(line: string, late: Promise<never>): Promise<void> {
    for (;;) {
      const at = this.lines.indexOf(line);
      if (at >= 0) return void this.lines.splice(at, 1);
      const more = new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
      await Promise.race([more, late]);
    }
  }

  /** Sends presence: to all, or to somebody. */
  async presence(type: PresenceType, to?: Jid): Promise<void> {
    await this.client.send({ kind: "presence", type, to });
  }

  async says(to: Jid, text: string): Promise<void> {
    await this.client.send({ kind: "message", type: "chat", to, children: [body.write({ text })] });
  }

  async register(fields: RegisterFields, remove = false): Promise<void> {
    const payload = registerQuery.write({ fields, remove });
    await this.client.request({ type: "set", to: GATEWAY, payload });
  }

  /** Registers, and allows what the gateway asks for. */
  async joins(): Promise<void> {
    await this.register({ username: "romeo76", password: "open sesame" });
    await this.gets("subscribe from gateway.localhost");
    await this.presence("subscribed", GATEWAY);
    await this.presence("subscribe", GATEWAY);
    const available = "available from gateway.localhost"; // for the login, and for the subscription
    await this.gets("subscribed from gateway.localhost", available, available);
  }

  /** Lets contacts into the roster. */
  async befriends(...contacts: readonly Jid[]): Promise<void> {
    for (const contact of contacts) {
      await this.gets(`subscribe from ${contact}`);
      await this.presence("subscribed", contact);
      await this.presence("subscribe", contact);
      await this.gets(`subscribed from ${contact}`);
    }
  }
}

function lineOf({ kind, type, from, children }: Stanza): string {
  return kind === "message" && type !== "error"
    ? `${from}: ${body.in({ children })?.text}`
    : `${kind === "message" ? "message " : ""}${type} from ${from}`;
}

/** The stage; everything ends when the play does. */
export class Play {
  readonly network: EchoNetwork = new EchoNetwork();
  readonly registrations: MemoryRegistrations = new MemoryRegistrations();
  readonly server: Server;
  readonly #stack: AsyncDisposableStack;
  readonly #errors: unknown[] = [];
  #close: () => Promise<void> = async () => {};
  #component: Component | undefined = undefined;

  private constructor(server: Server, stack: AsyncDisposableStack) {
    this.server = server;
    this.#stack = stack;
  }

  static async run(act: (play: Play) => Promise<void>): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const server = await createServer({
      domains: [{ name: "localhost" }],
      storage: "memory",
      listen: {
        c2s: `${HOST}:0`,
        c2sTls: false,
        component: `${HOST}:0`,
        http: false,
        https: false,
      },
      components: { "gateway.localhost": { secret: SECRET } },
    });
    stack.defer(() => server.stop());
    await server.listen();
    for (const name of ["romeo", "juliet"]) {
      const account = Jid.parse(`${name}@localhost`);
      await server.host("localhost").accounts.create(account, "secret");
    }
    const play = new Play(server, stack);
    await play.raise();
    stack.defer(() => play.#component?.stop());
    await act(play);
    assert.deepEqual(play.#errors, []);
  }

  /** Starts the gateway, with what it has registered before. */
  async raise(): Promise<void> {
    const [port = 0] = this.server.ports.component;
    const domain = GATEWAY.toString();
    const onError = (error: unknown): void => this.#failed(error);
    const as = { host: HOST, port, domain, secret: SECRET, onError };
    this.#component = await connectComponent(as, (component) => {
      this.#close = gateway(component, {
        network: this.network,
        registrations: this.registrations,
        allows: (user) => user.local !== "juliet",
        onError,
      });
    });
  }

  /** Stops it, without a word to its users unless it is to be polite. */
  async fell(polite: boolean): Promise<void> {
    if (polite) await this.#close();
    await this.#component?.stop();
    this.network.cut();
  }

  async enter(jid: string, online = true): Promise<Person> {
    const ca = this.server.certificates.certificate("localhost")?.toString() ?? "";
    const [port = 0] = this.server.ports.c2s;
    let person: Person | undefined;
    const client = await connectClient({ host: HOST, port, ca, jid, password: "secret" }, (own) => {
      person = new Person(own);
    });
    this.#stack.defer(() => client.close());
    assert.ok(person);
    // who has asked for the roster hears of subscriptions (RFC 6121 §2.1.6)
    await client.request({ type: "get", payload: rosterQuery.write({ items: [] }) });
    if (online) await person.presence("available");
    return person;
  }

  /** That there is no connection any more is no wonder where people leave the stage. */
  #failed(error: unknown): void {
    if (!(error instanceof ClientError && error.code === "closed")) this.#errors.push(error);
  }

  async registration(user: string): Promise<Registration | undefined> {
    return this.registrations.get(Jid.parse(user));
  }
}
