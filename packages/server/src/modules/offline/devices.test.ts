/** What the model of deliveries plays with: the devices of one account, which come and go. */
import { setTimeout } from "node:timers/promises";
import { Jid, NS, SM_NS } from "@rookery/protocol";
import { PASSWORD, type TestClient, TestServer, VirtualClock } from "@rookery/testkit";
import type { Element } from "@rookery/xml";

const ACCOUNT = Jid.parse("juliet@example.org");

/** How a device breaks what docs/delivery.md promises. */
export class Broken extends Error {}

/** One device: a client that keeps count, if it manages its stream (XEP-0198). */
export class Device {
  readonly name: string;
  readonly #world: World;
  #client: TestClient | undefined = undefined;
  #id = "";
  #received = 0;
  #unacknowledged: number[] = [];
  #latest = -1;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
  }

  get isOn(): boolean {
    return this.#client !== undefined;
  }

  async login(manages: boolean, priority: number): Promise<void> {
    if (this.isOn) return;
    this.#id = "";
    this.#received = 0;
    this.#unacknowledged = [];
    this.#latest = -1;
    const client = await this.#world.stage.login(`${ACCOUNT}/${this.name}`);
    if (manages) {
      client.write(`<enable xmlns='${SM_NS}' resume='true'/>`);
      this.#id = (await client.element()).attr("id") ?? "";
    }
    this.#client = client;
    this.says(priority);
  }

  says(priority: number): void {
    this.#client?.write(`<presence><priority>${priority}</priority></presence>`);
  }

  async resume(): Promise<void> {
    if (this.isOn || this.#id === "") return;
    const client = this.#world.stage.connect();
    await client.authenticate(ACCOUNT, PASSWORD);
    client.write(`<resume xmlns='${SM_NS}' previd='${this.#id}' h='${this.#received}'/>`);
    const answer = await client.element();
    if (answer.name === "resumed") {
      this.#client = client;
      this.#taken();
    } else this.#id = "";
  }

  /** Says how much it has, and waits until the server knows. */
  async acknowledge(): Promise<void> {
    if (!this.#client || this.#id === "") return;
    this.#client.write(`<a xmlns='${SM_NS}' h='${this.#received}'/><r xmlns='${SM_NS}'/>`);
    const before = this.#unacknowledged.splice(0);
    while (!(await this.#next())) if (!this.isOn) return;
    for (const number of before) this.#world.acknowledged.add(number);
  }

  #taken(): void {
    for (const number of this.#unacknowledged.splice(0)) this.#world.acknowledged.add(number);
  }

  /** The connection breaks. What an unmanaged client had not read yet counts as delivered: it reads it. */
  async cut(): Promise<void> {
    if (this.#id === "") await this.#world.settled();
    this.#client?.cut();
    this.lost();
  }

  /** The server has gone. */
  lost(): void {
    this.read();
    this.#client = undefined;
  }

  async close(): Promise<void> {
    this.#client?.write("</stream:stream>");
    while (this.isOn) await this.#next();
    this.#id = "";
  }

  /** Takes what has come. */
  read(): void {
    const client = this.#client;
    if (client === undefined) return;
    for (const item of client.queued) {
      if (item === "closed" || ("event" in item && item.event === "close"))
        this.#client = undefined;
      else if (!("event" in item)) this.#took(item);
    }
    client.clear();
  }

  get size(): number {
    return this.#client?.received ?? 0;
  }

  /** @returns whether it was an acknowledgement. */
  async #next(): Promise<boolean> {
    const next = await this.#client?.next();
    if (next === undefined || next === "closed" || "event" in next) {
      this.#client = undefined;
      return false;
    }
    this.#took(next);
    return next.is(SM_NS, "a");
  }

  #took(element: Element): void {
    if (element.ns !== NS.client) return;
    this.#received++;
    const text = element.child(NS.client, "body")?.text;
    if (element.name !== "message" || text === undefined) return;
    const number = Number(text);
    const { acknowledged, got } = this.#world;
    if (element.child("urn:xmpp:delay", "delay")) {
      if (acknowledged.has(number)) throw new Broken(`${number} is handed over once more`);
    } else {
      if (number <= this.#latest) throw new Broken(`${number} comes after ${this.#latest}`);
      this.#latest = number;
    }
    if (this.#unacknowledged.includes(number)) throw new Broken(`${number} comes twice`);
    got.add(number);
    if (this.#id !== "") this.#unacknowledged.push(number);
  }
}

/** A server that is stopped and started, someone who sends, and the devices. */
export class World implements AsyncDisposable {
  readonly devices: readonly Device[];
  /** What devices have got, and of it what they have acknowledged. */
  readonly got: Set<number> = new Set();
  readonly acknowledged: Set<number> = new Set();
  readonly #config: object;
  #stage: TestServer;
  #romeo: TestClient;
  sent = 0;

  private constructor(config: object, stage: TestServer, romeo: TestClient) {
    this.#config = config;
    this.#stage = stage;
    this.#romeo = romeo;
    this.devices = ["a", "b", "c"].map((name) => new Device(name, this));
  }

  static async open(config: object): Promise<World> {
    const stage = await TestServer.start({ config });
    return new World(config, stage, await stage.login("romeo@example.org/r"));
  }

  get stage(): TestServer {
    return this.#stage;
  }

  async send(to: string): Promise<void> {
    const number = this.sent++;
    this.#romeo.write(
      `<message to='${ACCOUNT}${to}' type='chat' id='${number}'><body>${number}</body></message>`,
    );
    await this.#romeo.sync();
  }

  async expire(): Promise<void> {
    await this.settled();
    this.#stage.clock.advance(601_000);
    await this.settled();
  }

  async restart(): Promise<void> {
    const now = this.#stage.clock.now();
    await this.#stage.server.stop();
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    for (const device of this.devices) device.lost();
    const clock = new VirtualClock();
    clock.advance(now - clock.now());
    this.#stage = await TestServer.start({ config: this.#config, clock });
    this.#romeo = await this.#stage.login("romeo@example.org/r");
  }

  /** Waits until nothing comes any more. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 4; quiet++) {
      const before = this.#size();
      await setTimeout(5); // another thread writes and reads
      for (const device of this.devices) device.read();
      if (this.#size() !== before) quiet = 0;
    }
  }

  #size(): number {
    return this.devices.reduce((sum, { size }) => sum + size, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage.server.stop();
  }
}
