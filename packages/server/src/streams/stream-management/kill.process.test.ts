/**
 * The server is killed in the middle of a conversation, again and again, and loses nothing that it
 * had acknowledged. `ROOKERY_KILL_ROUNDS` and `ROOKERY_KILL_SEED` make it longer, and repeat it.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Jid, MAM_NS, NS, SM_NS, STANZA_ID_NS } from "@rookery/protocol";
import { TestClient } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import {
  connectTo,
  killServer,
  PASSWORD,
  type RunningServer,
  startServer,
} from "./server-process.test.ts";

const ROUNDS = Number(process.env["ROOKERY_KILL_ROUNDS"] ?? 50);
const SEED = Number(process.env["ROOKERY_KILL_SEED"] ?? 20_260_101);
/** Acknowledged in each round before the server may be killed. */
const ACKNOWLEDGED = 100;
/** Sent and not acknowledged at most, so that each kill meets some. */
const WINDOW = 40;

/** How long it takes to acknowledge is not measured for the first messages to a new process. */
const WARMING = 30;
/** Milliseconds within which 99 of 100 messages are acknowledged, on a machine as busy as can be. */
const ACKNOWLEDGED_WITHIN = 250;
const ACCOUNTS = { accounts: ["romeo@example.org", "juliet@example.org"] };

/** How the recipient looks for what it missed. */
const WAYS = ["resumption", "offline delivery", "archive"] as const;

test(`${ROUNDS} kills in ${ROUNDS} conversations: no acknowledged message is lost`, {
  timeout: 600_000,
}, async () => {
  const random = seeded(SEED);
  const data = mkdtempSync(join(tmpdir(), "rookery-kill-"));
  const romeo = new Sender();
  const juliet = new Recipient();
  let server = await startServer(data, ACCOUNTS);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await juliet.connects(server, WAYS[Math.floor(random() * WAYS.length)] ?? "archive");
      await romeo.connects(server);
      const acknowledgedBefore = romeo.acknowledged;
      const enough = acknowledgedBefore + ACKNOWLEDGED + Math.floor(random() * 50);
      await romeo.sends(WINDOW, random, () => romeo.acknowledged >= enough);
      // before the commit, about the commit, about the acknowledgement, or at any time
      const wait = [0, 1, 3, 20][Math.floor(random() * 4)] ?? 0;
      if (wait > 0) await sleep(random() * wait * 2);
      await killServer(server);
      assert.ok(romeo.acknowledged - acknowledgedBefore >= ACKNOWLEDGED);
      romeo.loses();
      juliet.loses();
      server = await startServer(data, ACCOUNTS);
    }
    await juliet.connects(server, "archive");
    await romeo.connects(server);
    await romeo.settles();
    await juliet.hasAtLeast(romeo.sent);
  } finally {
    await killServer(server);
    rmSync(data, { recursive: true });
  }
  const lost = romeo.everAcknowledged.filter((id) => !juliet.ids.has(id));
  const doubled = [...juliet.ids.values()].filter((ids) => ids.size > 1).length;
  console.log(
    `${romeo.everAcknowledged.length} messages acknowledged in ${ROUNDS} rounds, ` +
      `${lost.length} lost; ${romeo.again} sent again, ${juliet.copies} handed over again, ` +
      `${doubled} under another stanza-id (seed ${SEED})`,
  );
  const waits = romeo.waits.toSorted((a, b) => a - b);
  const [median, p99] = [0.5, 0.99].map((part) => waits[Math.floor(waits.length * part)] ?? 0);
  console.log(`from a message to <a/>: median ${median?.toFixed(1)} ms, p99 ${p99?.toFixed(1)} ms`);
  assert.ok((p99 ?? 0) < ACKNOWLEDGED_WITHIN);
  assert.deepEqual(lost, []);
  assert.equal(doubled, 0, "XEP-0359: a message that is sent again has the same stanza-id");
});

/** Someone with a session that goes on after the server was killed. */
class Person {
  protected client: TestClient | undefined = undefined;
  protected readonly account: Jid;
  /** The SM-ID of the last session. */
  protected id = "";
  /** Stanzas received in it. */
  protected received = 0;
  protected seesOfServer: (element: Element) => void = () => {};

  constructor(account: string) {
    this.account = Jid.parse(account);
  }

  /** Logs in; asks for the former session if there was one. @returns what was answered, if so. */
  protected async login(server: RunningServer, resume: boolean): Promise<Element | undefined> {
    const client = new TestClient(await connectTo(server));
    await client.authenticate(this.account, PASSWORD);
    let answer: Element | undefined;
    if (resume && this.id !== "") {
      client.write(`<resume xmlns='${SM_NS}' previd='${this.id}' h='${this.received}'/>`);
      answer = await client.element();
    }
    if (answer?.name !== "resumed") {
      client.write(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
      await client.element();
      client.write(`<enable xmlns='${SM_NS}' resume='true'/>`);
      this.id = (await client.element()).attr("id") ?? "";
      this.received = 0;
    }
    this.client = client;
    return answer;
  }

  /** Handles what comes until the connection is gone. */
  protected async listens(client: TestClient): Promise<void> {
    for (;;) {
      const next = await client.next().catch(() => undefined);
      if (next === undefined) continue; // nothing came for a while
      if (next === "closed" || "event" in next) return;
      if (next.ns === NS.client) this.received++;
      else if (next.is(SM_NS, "r")) client.write(`<a xmlns='${SM_NS}' h='${this.received}'/>`);
      this.seesOfServer(next);
    }
  }

  /** The server is gone. */
  loses(): void {
    this.client?.cut();
    this.client = undefined;
  }
}

/** Sends numbered messages, and sends again what was not acknowledged. */
class Sender extends Person {
  /** How many messages there are, and the first of them that is not acknowledged. */
  sent = 0;
  acknowledged = 0;
  again = 0;
  readonly everAcknowledged: string[] = [];
  /** Milliseconds from a message to its acknowledgement, of those that were sent once. */
  readonly waits: number[] = [];
  readonly #sentAt: Map<number, number> = new Map();
  /** From this message on the server is warm. */
  #warm = 0;
  /** Stanzas sent in this session that are no messages, before the first message. */
  #from = 0;
  #moved: () => void = () => {};

  constructor() {
    super("romeo@example.org");
    this.seesOfServer = (element) => {
      if (element.is(SM_NS, "a")) this.#handled(Number(element.attr("h")));
    };
  }

  async connects(server: RunningServer): Promise<void> {
    this.#sentAt.clear();
    this.#warm = this.sent + WARMING;
    const answer = await this.login(server, true);
    if (answer !== undefined) {
      const h = answer.attr("h");
      if (h !== undefined) this.#handled(Number(h));
    }
    if (answer?.name !== "resumed") this.#from = this.acknowledged;
    if (this.client) void this.listens(this.client);
    const left = this.sent - this.acknowledged;
    this.again += left;
    for (let n = this.acknowledged; n < this.sent; n++) this.#write(n);
  }

  /** The server has handled so many stanzas of the session. */
  #handled(h: number): void {
    const upTo = this.#from + h;
    assert.ok(upTo <= this.sent, `${upTo} acknowledged of ${this.sent}`);
    assert.ok(upTo >= this.acknowledged, `${upTo} after ${this.acknowledged}: taken back`);
    for (; this.acknowledged < upTo; this.acknowledged++) {
      this.everAcknowledged.push(`m${this.acknowledged}`);
      const sentAt = this.#sentAt.get(this.acknowledged);
      if (sentAt !== undefined) this.waits.push(performance.now() - sentAt);
    }
    this.#moved();
  }

  #write(n: number): void {
    this.client?.write(
      `<message to='juliet@example.org' type='chat' id='m${n}'><body>${n}</body></message>`,
    );
  }

  /** Sends, with a window, until it is enough. */
  async sends(window: number, random: () => number, enough: () => boolean): Promise<void> {
    while (!enough()) {
      const moved = new Promise<void>((resolve) => {
        this.#moved = resolve;
      });
      const burst = Math.min(1 + Math.floor(random() * 10), this.acknowledged + window - this.sent);
      for (let i = 0; i < burst; i++) {
        if (this.sent >= this.#warm) this.#sentAt.set(this.sent, performance.now());
        this.#write(this.sent++);
      }
      this.client?.write(`<r xmlns='${SM_NS}'/>`);
      if (this.sent - this.acknowledged >= window || random() < 0.3) await moved;
      else await new Promise(setImmediate);
    }
  }

  /** Waits until all that was sent is acknowledged. */
  async settles(): Promise<void> {
    for (let tries = 0; this.acknowledged < this.sent && tries < 100; tries++) {
      this.client?.write(`<r xmlns='${SM_NS}'/>`);
      await sleep(50);
    }
    assert.equal(this.acknowledged, this.sent);
  }
}

/** Remembers each message it got, by the sender's id, with its stanza-ids. */
class Recipient extends Person {
  readonly ids: Map<string, Set<string>> = new Map();
  /** How often a message came that it had; what the archive is asked for does not count. */
  copies = 0;
  #lastArchived: string | undefined = undefined;
  #fin: () => void = () => {};

  constructor() {
    super("juliet@example.org");
    this.seesOfServer = (element) => this.#sees(element);
  }

  async connects(server: RunningServer, way: (typeof WAYS)[number]): Promise<void> {
    await this.login(server, way === "resumption");
    const { client } = this;
    if (client === undefined) return;
    void this.listens(client);
    if (way === "archive") await this.#catchesUp(client);
    client.write("<presence/>");
  }

  /** Pages through what came to the archive since the last look. */
  async #catchesUp(client: TestClient): Promise<void> {
    for (let before: string | undefined = "never"; before !== this.#lastArchived; ) {
      before = this.#lastArchived;
      const after = before === undefined ? "" : `<after>${before}</after>`;
      const fin = new Promise<void>((resolve) => {
        this.#fin = resolve;
      });
      client.write(
        `<iq type='set' id='q'><query xmlns='${MAM_NS}'>` +
          `<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>${after}</set></query></iq>`,
      );
      await fin;
    }
  }

  #sees(element: Element): void {
    const result = element.child(MAM_NS, "result");
    if (element.name === "iq" && element.attr("id") === "q") this.#fin();
    if (result !== undefined) {
      this.#lastArchived = result.attr("id");
      const message = result.child("urn:xmpp:forward:0", "forwarded")?.child(NS.client, "message");
      if (message) this.#gets(message, this.#lastArchived ?? "");
    } else if (element.name === "message") {
      const own = element
        .elements(STANZA_ID_NS)
        .find((id) => id.attr("by") === this.account.toString());
      if (this.ids.has(element.attr("id") ?? "")) this.copies++;
      this.#gets(element, own?.attr("id") ?? "");
    }
  }

  #gets(message: Element, stanzaId: string): void {
    const id = message.attr("id") ?? "";
    const known = this.ids.get(id);
    if (known === undefined) this.ids.set(id, new Set([stanzaId]));
    else known.add(stanzaId);
  }

  /** Waits until so many different messages were received. */
  async hasAtLeast(count: number): Promise<void> {
    for (let tries = 0; this.ids.size < count && tries < 100; tries++) await sleep(50);
  }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
