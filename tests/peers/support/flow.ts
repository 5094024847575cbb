import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "@rookery/client";
import { connectClient } from "@rookery/client/node";
import { body, Jid } from "@rookery/protocol";
import { PASSWORD, type Rookery } from "./rookery.ts";

/** What became of the messages of a flow. */
export interface Outcome {
  readonly sent: number;
  /** Messages that came back at least once as they should. */
  readonly echoed: number;
  /** Messages that came back as an error. */
  readonly errors: number;
  /** Of these, the ones that were echoed as well: the component had read them before it was killed. */
  readonly both: number;
  /** Echoes beyond the first of each message. */
  readonly duplicates: number;
  /** Messages that came back neither way. */
  readonly lost: number;
  /** First echoes that came after the one of a later message. */
  readonly disordered: number;
}

/** Somebody who writes to a component without a pause and keeps account of what comes back. */
export class Flow {
  readonly #client: Client;
  readonly #to: Jid;
  readonly #echoes: Map<string, number> = new Map();
  readonly #errors: Set<string> = new Set();
  /** The texts of first echoes, in their order. */
  readonly echoes: string[] = [];
  #sent = 0;
  #last = -1;
  #disordered = 0;

  private constructor(client: Client, to: string) {
    this.#client = client;
    this.#to = Jid.parse(to);
    client.onMessage(({ id = "", children }) => this.#echoed(id, body.in({ children })?.text));
    client.onBounce(({ stanza }) => this.#errors.add(stanza.id ?? ""));
  }

  /** Logs in; ends with the test. */
  static async start(t: TestContext, rookery: Rookery, jid: string, to: string): Promise<Flow> {
    const client = await connectClient({
      jid,
      password: PASSWORD,
      host: "127.0.0.1",
      port: rookery.ports.c2s,
      ca: await readFile(rookery.certificate, "utf8"),
    });
    t.after(() => client.close());
    return new Flow(client, to);
  }

  /** Sends messages, a few at a time, until the signal. */
  async sendUntil(stop: AbortSignal, random: () => number): Promise<void> {
    while (!stop.aborted) {
      const batch = 1 + Math.floor(random() * 8);
      // oxlint-disable-next-line no-await-in-loop
      for (let i = 0; i < batch; i++) await this.send();
      // oxlint-disable-next-line no-await-in-loop
      await pause(1 + random() * 15);
    }
  }

  async send(): Promise<void> {
    const id = String(this.#sent);
    this.#sent += 1;
    const children = [body.write({ text: `message ${id}` })];
    await this.#client.send({ kind: "message", type: "chat", id, to: this.#to, children });
  }

  /** Waits until every message has come back in some way, or the time is up. */
  async settled(ms: number): Promise<Outcome> {
    const end = Date.now() + ms;
    // oxlint-disable-next-line no-await-in-loop
    while (this.#outcome().lost > 0 && Date.now() < end) await pause(50);
    return this.#outcome();
  }

  #echoed(id: string, text = ""): void {
    const times = this.#echoes.get(id) ?? 0;
    this.#echoes.set(id, times + 1);
    if (times > 0) return;
    this.echoes.push(text);
    if (Number(id) < this.#last) this.#disordered += 1;
    this.#last = Math.max(this.#last, Number(id));
  }

  #outcome(): Outcome {
    let [duplicates, both, lost] = [0, 0, 0];
    for (const times of this.#echoes.values()) duplicates += times - 1;
    for (const id of this.#errors) if (this.#echoes.has(id)) both += 1;
    for (let id = 0; id < this.#sent; id++) {
      if (!this.#echoes.has(`${id}`) && !this.#errors.has(`${id}`)) lost += 1;
    }
    const [sent, disordered] = [this.#sent, this.#disordered];
    const [echoed, errors] = [this.#echoes.size, this.#errors.size];
    return { sent, echoed, errors, both, duplicates, lost, disordered };
  }
}
