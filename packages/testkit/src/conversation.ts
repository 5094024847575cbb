import assert from "node:assert/strict";
import { Jid } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { difference } from "./match.ts";
import { describe, stanzaXml, type TestClient } from "./test-client.ts";
import { TestServer, type TestServerOptions } from "./test-server.ts";

/** Someone in a conversation: a logged-in client that speaks and listens in XML. */
export class Person {
  readonly client: TestClient;
  readonly #server: TestServer;

  constructor(client: TestClient, server: TestServer) {
    this.client = client;
    this.#server = server;
  }

  /** Someone comes who was not there from the beginning, or comes again, or with another device. */
  static async enters(stage: TestServer, full: string): Promise<Person> {
    return new Person(await stage.login(full), stage);
  }

  get jid(): Jid {
    if (this.client.jid === undefined) throw new Error("this person is not logged in");
    return this.client.jid;
  }

  /** Sends stanzas, written as XML without their namespace, and waits until the server has them. */
  async sends(xml: string): Promise<void> {
    this.client.send(xml);
    await this.client.sync();
  }

  /**
   * The next thing received must match a pattern (see `difference`); waits for it.
   * @returns what was received.
   */
  async receives(pattern: string): Promise<Element> {
    const received = await this.client.element();
    const fault = difference(received, stanzaXml(pattern));
    if (fault !== undefined) assert.fail(fault);
    return received;
  }

  /** As `receives`, for several stanzas that may come in any order. */
  async receivesAll(...patterns: readonly string[]): Promise<void> {
    const open = patterns.map(stanzaXml);
    while (open.length > 0) {
      const received = await this.client.element();
      const at = open.findIndex((pattern) => difference(received, pattern) === undefined);
      if (at < 0) {
        assert.fail(`${describe(received)} is none of ${open.map(describe).join("\n")}`);
      }
      open.splice(at, 1);
    }
  }

  /**
   * Sends an IQ and takes its answer; what else comes stays to be received.
   * @returns the answer, which must match the pattern if there is one.
   */
  async asks(xml: string, pattern?: string): Promise<Element> {
    const id = stanzaXml(xml).attr("id");
    if (id === undefined) throw new Error(`"${xml}" has no id to find its answer by`);
    this.client.send(xml);
    const answer = await this.client.answer(id);
    const fault = pattern && difference(answer, stanzaXml(pattern));
    if (fault) assert.fail(fault);
    return answer;
  }

  /** Asks for the roster, and so gets roster pushes from now on (RFC 6121 §2.2). */
  async asksForRoster(): Promise<Element> {
    return await this.asks("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
  }

  /** Everything that anyone has sent is handled, and nothing (more) of it came here. */
  async receivesNothing(): Promise<void> {
    await this.#server.settled();
    assert.deepEqual(this.client.queued.map(describe), []);
  }

  /** Takes what has come and looks at none of it. */
  async ignoresAll(): Promise<void> {
    await this.#server.settled();
    this.client.clear();
  }

  /** Closes the stream, and waits until others have heard of it. */
  async leaves(): Promise<void> {
    await this.client.close();
    await this.#server.settled();
  }

  /** Loses the connection, and waits until others have heard of it. */
  async isCutOff(): Promise<void> {
    this.client.cut();
    await this.#server.settled();
  }

  /** Becomes available, and takes what comes of it. */
  async comesOnline(presence = "<presence/>"): Promise<void> {
    this.client.send(presence);
    await this.ignoresAll();
  }
}

/** Who takes part: a full JID for each name. */
export interface Cast {
  readonly [name: string]: string;
}

/** The stage of a conversation. */
export type Scene<C extends Cast> = { readonly [name in keyof C]: Person } & {
  readonly stage: TestServer;
};

/**
 * A test in which people talk through a server of their own.
 *
 * @example
 * test("a message arrives", conversation(
 *   { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" },
 *   async ({ romeo, juliet }) => {
 *     await juliet.comesOnline();
 *     await romeo.sends("<message to='juliet@example.org' type='chat'><body>hi</body></message>");
 *     await juliet.receives(
 *       "<message from='romeo@example.org/balcony' type='chat'><body>hi</body></message>");
 *   }));
 */
export function conversation<const C extends Cast>(
  cast: C,
  play: (scene: Scene<C>) => Promise<void>,
  options: TestServerOptions = {},
): () => Promise<void> {
  return async () => {
    await using stage = await TestServer.start(options);
    const people: [string, Person][] = [];
    for (const [name, full] of Object.entries(cast)) {
      people.push([name, new Person(await stage.login(full), stage)]);
    }
    await play({ ...Object.fromEntries(people), stage } as unknown as Scene<C>);
  };
}

/** Makes two accounts contacts of each other, as people do (RFC 6121 §3.1). */
export async function befriend(one: Person, other: Person): Promise<void> {
  for (const [asking, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    await asking.sends(`<presence type='subscribe' to='${asked.jid.bare}'/>`);
    await asked.sends(`<presence type='subscribed' to='${asking.jid.bare}'/>`);
  }
  await one.ignoresAll();
  await other.ignoresAll();
}
