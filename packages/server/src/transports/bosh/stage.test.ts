/** What tests of BOSH share: a client that says exactly what a test tells it to. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { NS } from "@rookery/protocol";
import { PASSWORD, TestServer, type TestServerOptions } from "@rookery/testkit";
import { type Element, parseDocument } from "@rookery/xml";
import { systemRandom } from "../../clock.ts";
import type { HttpReply } from "../../http/reply.ts";
import { silentLog } from "../../log.ts";
import { Flusher } from "../flusher.ts";
import { HTTPBIND, XBOSH } from "./namespaces.ts";
import { type BoshOptions, type BoshRequest, BoshSessions } from "./sessions.ts";

/** What a test may say of a request beside its body. */
export interface RequestFacts {
  readonly address?: string;
  readonly secure?: boolean;
  readonly signal?: AbortSignal;
  /** Bytes that come at a time; all at once if left out. */
  readonly chunk?: number;
}

/** A server with BOSH, but no HTTP. */
export class BoshStage implements AsyncDisposable {
  readonly stage: TestServer;
  readonly bosh: BoshSessions;

  private constructor(stage: TestServer, options: Partial<BoshOptions>) {
    const { server, clock } = stage;
    this.stage = stage;
    this.bosh = new BoshSessions({
      limits: server.config.limits,
      preAuthLimits: server.preAuthLimits,
      clock,
      random: systemRandom,
      log: silentLog,
      flusher: new Flusher(),
      accept: (connection) => server.accept(connection),
      ...options,
    });
  }

  static async start(
    options: TestServerOptions = {},
    bosh: Partial<BoshOptions> = {},
  ): Promise<BoshStage> {
    return new BoshStage(await TestServer.start(options), bosh);
  }

  /** Sends a body as it is. */
  async post(body: string | Uint8Array, facts: RequestFacts = {}): Promise<Response> {
    const bytes = Buffer.from(body);
    const { address = "192.0.2.1", secure = false, chunk = bytes.length } = facts;
    const request: BoshRequest = {
      address,
      secure,
      signal: facts.signal ?? new AbortController().signal,
      stream: () => Readable.from(chunks(bytes, chunk)),
    };
    return new Response(await this.bosh.handle(request), request.signal);
  }

  /** A client that has not said anything. */
  client(rid = 1_000_000): BoshClient {
    return new BoshClient(this, rid);
  }

  /** A client that has logged in; its account is made if it is not there. */
  async login(user: string, resource = "balcony", attrs: Attributes = {}): Promise<BoshClient> {
    await this.stage.accounts(`${user}@example.org`);
    const client = this.client();
    await client.open(attrs);
    await client.login(user, resource);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
    this.bosh.close();
  }
}

export type Attributes = { readonly [name: string]: string | undefined };

/** A response, which arrives unless nobody is there. */
export class Response {
  readonly status: number;
  readonly text: string;
  readonly headers: HttpReply["headers"];

  constructor(reply: HttpReply, signal: AbortSignal) {
    this.status = reply.status;
    this.headers = reply.headers;
    assert.equal(typeof reply.body, "string");
    this.text = reply.body as string;
    reply.sent?.(!signal.aborted);
  }

  get body(): Element {
    const body = parseDocument(this.text);
    assert.ok(body.is(HTTPBIND, "body"));
    return body;
  }

  /** What is in it. */
  get payload(): readonly Element[] {
    return this.body.elements();
  }

  /** As in `terminate item-not-found`, or "" for a response that is no end. */
  get end(): string {
    const type = this.body.attr("type") ?? "";
    const condition = this.body.attr("condition");
    return condition === undefined ? type : `${type} ${condition}`;
  }
}

export class BoshClient {
  readonly stage: BoshStage;
  rid: number;
  sid = "";

  constructor(stage: BoshStage, rid: number) {
    this.stage = stage;
    this.rid = rid;
  }

  /** The text of a request with the next ID. */
  request(content = "", attrs: Attributes = {}): string {
    const all = { rid: `${this.rid++}`, ...(this.sid && { sid: this.sid }), ...attrs };
    const text = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}='${value}'`);
    return `<body xmlns='${HTTPBIND}' xmlns:xmpp='${XBOSH}'${text.join("")}>${content}</body>`;
  }

  /** Sends a request with the next ID. */
  send(content = "", attrs: Attributes = {}, facts?: RequestFacts): Promise<Response> {
    return this.stage.post(this.request(content, attrs), facts);
  }

  /** Begins a session. */
  async open(attrs: Attributes = {}, facts?: RequestFacts): Promise<Response> {
    const asked = { to: "example.org", wait: "60", hold: "1", ver: "1.11", "xmpp:version": "1.0" };
    const response = await this.send("", { ...asked, ...attrs }, facts);
    this.sid = response.body.attr("sid") ?? "";
    return response;
  }

  async login(user: string, resource: string, keys: () => Attributes = () => ({})): Promise<void> {
    const initial = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
    const auth = `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${initial}</auth>`;
    const answer = await this.send(auth, keys());
    assert.equal(answer.payload[0]?.name, "success", answer.text);
    const restarted = await this.send("", { "xmpp:restart": "true", ...keys() });
    assert.equal(restarted.payload[0]?.name, "features", restarted.text);
    const bound = await this.send(bind(resource), keys());
    assert.equal(bound.payload[0]?.attr("type"), "result", bound.text);
  }
}

export function bind(resource: string): string {
  return `<iq xmlns='${NS.client}' type='set' id='bind'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`;
}

/** A request that a server without any module answers: for the roster (RFC 6121 §2.1.3). */
export function rosterGet(id: string): string {
  return `<iq xmlns='${NS.client}' type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`;
}

export function message(to: string, body: string): string {
  return `<message xmlns='${NS.client}' to='${to}' type='chat'><body>${body}</body></message>`;
}

/** Lets what is under way be done. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

/** What became of something so far. */
export async function soFar<T>(promise: Promise<T>): Promise<T | undefined> {
  await turns();
  return Promise.race([promise, Promise.resolve(undefined)]);
}

function* chunks(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
