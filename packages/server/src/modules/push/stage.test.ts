/** What tests of push share: an app server, which is an external component (XEP-0114). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { toClientNs } from "@rookery/stream";
import {
  type TestClient,
  TestServer,
  type TestServerOptions,
  type VirtualClock,
} from "@rookery/testkit";
import type { Element } from "@rookery/xml";

export const APP = "app.example.net";
const SECRET = "wherefore art thou";
const ACCEPT = "jabber:component:accept";
export const PUBSUB = "http://jabber.org/protocol/pubsub";
const PUSH = "urn:xmpp:push:0";

/** A component is asked often whether it is there. */
const STEP_MS = 20_000;

/** A server to which an app server is connected. */
export async function staged(
  options: TestServerOptions = {},
): Promise<{ readonly stage: TestServer; readonly app: AppServer }> {
  const { config, ...rest } = options;
  // clocks are moved by hours here, and nobody answers pings
  const limits = { idleSeconds: 0, ...config?.limits };
  const components = { [APP]: { secret: SECRET } };
  const stage = await TestServer.start({ ...rest, config: { ...config, components, limits } });
  return { stage, app: await AppServer.connects(stage) };
}

/** What an app server is told. */
export interface Told {
  readonly from: string;
  readonly node: string;
  readonly iq: Element;
  /** The values of the summary. */
  readonly summary: Readonly<Record<string, string>>;
}

/** An app server that answers as it is told to. */
export class AppServer {
  readonly client: TestClient;
  /** `result`, the `<error/>` that it answers with, or `never` for no answer. */
  answer: string = "result";

  private constructor(client: TestClient) {
    this.client = client;
  }

  static async connects(stage: TestServer): Promise<AppServer> {
    const client = stage.connectComponent();
    client.write(
      `<stream:stream xmlns='${ACCEPT}' xmlns:stream='http://etherx.jabber.org/streams' to='${APP}'>`,
    );
    const header = await client.next();
    const id = header !== "closed" && "header" in header ? (header.header.attr("id") ?? "") : "";
    const proof = createHash("sha1")
      .update(id + SECRET)
      .digest("hex");
    client.write(`<handshake>${proof}</handshake>`);
    await client.element();
    return new AppServer(client);
  }

  /** All that it was told since it was asked last; it answers now. */
  async told(): Promise<readonly Told[]> {
    const all: Told[] = [];
    for (let quiet = 0; quiet < 3; ) {
      for (let i = 0; i < 10; i++) await new Promise(setImmediate);
      if (this.client.queued.length === 0) quiet++;
      while (this.client.queued.length > 0) {
        const iq = toClientNs(await this.client.element(), ACCEPT);
        quiet = 0;
        if (iq.child("urn:xmpp:ping", "ping")) this.#writes("result", iq);
        else {
          if (this.answer !== "never") this.#answers(iq);
          all.push(read(iq));
        }
      }
    }
    return all;
  }

  /** Time passes, and it goes on answering. @returns all that it was told meanwhile. */
  async passes(clock: VirtualClock, ms: number): Promise<readonly Told[]> {
    const all: Told[] = [];
    for (let left = ms; left > 0; left -= STEP_MS) {
      clock.advance(Math.min(left, STEP_MS));
      all.push(...(await this.told()));
    }
    return all;
  }

  #answers(iq: Element): void {
    if (this.answer === "result") this.#writes("result", iq);
    else this.#writes("error", iq, this.answer);
  }

  #writes(type: string, iq: Element, inside = ""): void {
    this.client.write(
      `<iq type='${type}' id='${iq.attr("id")}' from='${APP}' to='${iq.attr("from")}'>${inside}</iq>`,
    );
  }
}

function read(iq: Element): Told {
  const publish = iq.child(PUBSUB, "pubsub")?.child(PUBSUB, "publish");
  const notification = publish?.child(PUBSUB, "item")?.child(PUSH, "notification");
  const fields = notification?.child("jabber:x:data", "x")?.elements() ?? [];
  const summary = Object.fromEntries(
    fields.map((field) => [field.attr("var") ?? "", field.elements()[0]?.text ?? ""]),
  );
  return { from: iq.attr("from") ?? "", node: publish?.attr("node") ?? "", iq, summary };
}

/** The error of a condition. */
export function error(condition: string, type = "cancel"): string {
  return `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
}

/** Asks to be woken. */
export async function enables(client: TestClient, node = "n1", inside = ""): Promise<string> {
  const id = `enable-${node}`;
  client.send(
    `<iq type='set' id='${id}'><enable xmlns='${PUSH}' jid='${APP}' node='${node}'>${inside}</enable></iq>`,
  );
  return outcome(await client.answer(id));
}

export async function disables(client: TestClient, node?: string): Promise<string> {
  const attr = node === undefined ? "" : ` node='${node}'`;
  client.send(`<iq type='set' id='off'><disable xmlns='${PUSH}' jid='${APP}'${attr}/></iq>`);
  return outcome(await client.answer("off"));
}

/** `result`, or the condition of the error. */
export function outcome(answer: Element): string {
  return answer.child("jabber:client", "error")?.elements()[0]?.name ?? answer.attr("type") ?? "";
}

export const JULIET = "juliet@example.org";
export const OPTIONS = `<x xmlns='jabber:x:data' type='submit'>
  <field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
  <field var='secret'><value>eruio234vzxc2kla-91</value></field></x>`;

export const chat = (inside = "<body>hi</body>", type = "chat"): string =>
  `<message to='${JULIET}' type='${type}'>${inside}</message>`;

export interface Scene {
  readonly stage: TestServer;
  readonly app: AppServer;
  readonly romeo: TestClient;
  readonly says: (...stanzas: readonly string[]) => Promise<void>;
}

/** Juliet's phone has asked to be woken and left; Romeo is there. */
export function whileAway(
  play: (scene: Scene) => Promise<void>,
  options: TestServerOptions = {},
): () => Promise<void> {
  return async (): Promise<void> => {
    const { stage, app } = await staged(options);
    await using _ = stage;
    const phone = await stage.login(`${JULIET}/phone`);
    assert.equal(await enables(phone, "n1", OPTIONS), "result");
    await phone.close();
    const romeo = await stage.login("romeo@example.org/orchard");
    const says = async (...stanzas: readonly string[]): Promise<void> => {
      for (const stanza of stanzas) romeo.send(stanza);
      await romeo.sync();
    };
    await play({ stage, app, romeo, says });
  };
}
