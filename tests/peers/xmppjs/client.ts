/**
 * A client of xmpp.js driven by lines of JSON, as `slixmpp/client.py` beside it is. What it trusts
 * is told by `NODE_EXTRA_CA_CERTS`.
 */
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
// @ts-expect-error xmpp.js comes without types
import { client, xml } from "@xmpp/client";

type Json = { readonly [key: string]: unknown };

/** As much of an element of xmpp.js as is used here. */
interface XmlElement {
  readonly name: string;
  readonly attrs: { readonly [name: string]: string | undefined };
  readonly children: (XmlElement | string)[];
  is(name: string, xmlns?: string): boolean;
  getChild(name: string, xmlns?: string): XmlElement | undefined;
  getChildren(name: string, xmlns?: string): XmlElement[];
  getChildText(name: string): string | null;
  text(): string;
}

/** As much of a client of xmpp.js as is used here. */
interface Entity {
  readonly jid: { toString(): string };
  readonly socket: { readonly socket: import("node:tls").TLSSocket } | null;
  readonly reconnect: { stop(): void };
  readonly streamManagement: {
    readonly outbound_q: readonly unknown[];
    on(event: string, listener: (stanza: XmlElement) => void): void;
  };
  _onElement(element: XmlElement): void;
  readonly iqCaller: {
    get(element: unknown, to?: string): Promise<XmlElement | undefined>;
    set(element: unknown, to?: string): Promise<XmlElement | undefined>;
  };
  readonly iqCallee: {
    set(ns: string, name: string, answer: (context: { element: XmlElement }) => Json): void;
  };
  on(event: string, listener: (argument: never) => void): void;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  send(element: unknown): Promise<void>;
}

const ROSTER = "jabber:iq:roster";
const PING = "urn:xmpp:ping";
const MAM = "urn:xmpp:mam:2";

/** The commands; an absent argument is undefined. */
const commands: { readonly [name: string]: (args: never) => Promise<Json | void> } = {
  login,
  roster,
  roster_set: rosterSet,
  presence,
  message,
  ping,
  come_back: comeBack,
  settled,
  archive,
  logout,
};
const session: { entity?: Entity; mechanism?: string } = {};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, do: name, ...args } = JSON.parse(line) as { call: number; do: string };
  void perform(call, name, args);
}
process.exit();

async function perform(call: number, name: string, args: Json): Promise<void> {
  try {
    const command = commands[name];
    if (command === undefined) throw new Error(`there is no command ${name}`);
    tell({ call, result: (await command(args as never)) ?? {} });
  } catch (error) {
    const { condition } = error as { condition?: string };
    tell({ call, error: condition ?? String(error) });
  }
}

function tell(line: Json): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function entity(): Entity {
  if (session.entity === undefined) throw new Error("not logged in");
  return session.entity;
}

// ── commands ─────────────────────────────────────────────────────────────────

interface Login {
  readonly jid: string;
  readonly password: string;
  readonly port: number;
  readonly tls: string;
  /** Signs in by SASL2 where it is offered; else as if it were not. */
  readonly sasl2?: boolean;
}

async function login({ jid, password, port, tls, sasl2 = false }: Login): Promise<Json> {
  const [, username, domain, resource] = /^(.*)@([^/]*)(?:\/(.*))?$/.exec(jid) ?? [];
  // a service with a port is not looked up in the DNS
  const service = `${tls === "direct" ? "xmpps" : "xmpp"}://localhost:${port}`;
  const made = client({ service, domain, username, password, resource }) as Entity;
  session.entity = made;
  if (!sasl2) hideSasl2(made);
  tellEvents(made);
  await made.start();
  return signedIn(made);
}

function signedIn(made: Entity): Json {
  return {
    jid: made.jid.toString(),
    mechanism: session.mechanism,
    tls: made.socket?.socket.getProtocol(),
  };
}

/** As clients before SASL2, whose resource is the one that they ask for. */
function hideSasl2(made: Entity): void {
  const onElement = made._onElement.bind(made);
  made._onElement = (element) => {
    if (element.is("features")) {
      const shown = element.children.filter(
        (child) => typeof child === "string" || !child.is("authentication"),
      );
      element.children.splice(0, element.children.length, ...shown);
    }
    onElement(element);
  };
}

/** Loses the connection, and waits until it is there again. */
async function comeBack(): Promise<Json> {
  const made = entity();
  const back = Promise.withResolvers<boolean>();
  made.streamManagement.on("resumed", () => back.resolve(true));
  made.on("online", () => back.resolve(false));
  made.socket?.socket.destroy();
  const resumed = await back.promise;
  return { ...signedIn(made), resumed };
}

async function roster({ ver }: { readonly ver?: string }): Promise<Json> {
  const query = await entity().iqCaller.get(xml("query", { xmlns: ROSTER, ver }));
  if (query === undefined) return { changed: false, ver, items: {} };
  return { changed: true, ver: query.attrs["ver"] ?? "", items: items(query) };
}

interface RosterSet {
  readonly jid: string;
  readonly name?: string;
  readonly groups?: readonly string[];
}

async function rosterSet({ jid, name, groups = [] }: RosterSet): Promise<void> {
  const item = xml("item", { jid, name }, ...groups.map((group) => xml("group", {}, group)));
  await entity().iqCaller.set(xml("query", { xmlns: ROSTER }, item));
}

interface Presence {
  readonly type?: string;
  readonly to?: string;
  readonly show?: string;
  readonly status?: string;
  readonly priority?: number;
}

async function presence({ type, to, ...children }: Presence): Promise<void> {
  await entity().send(xml("presence", { type, to }, ...elements(children)));
}

interface Message {
  readonly to: string;
  readonly body: string;
  readonly type?: string;
  readonly id?: string;
}

async function message({ to, body, type = "chat", id }: Message): Promise<void> {
  await entity().send(xml("message", { to, type, id }, xml("body", {}, body)));
}

async function ping({ to }: { readonly to: string }): Promise<void> {
  await entity().iqCaller.get(xml("ping", { xmlns: PING }), to);
}

/** Waits until the server has acknowledged everything. */
async function settled(): Promise<void> {
  while (entity().streamManagement.outbound_q.length > 0) await setTimeout(50);
}

/** The texts of the last messages in the account's archive (XEP-0313), oldest first. */
async function archive({ count }: { readonly count: number }): Promise<Json> {
  const bodies: (string | null)[] = [];
  entity().on("stanza", (stanza: XmlElement) => {
    const forwarded = stanza.getChild("result", MAM)?.getChild("forwarded", "urn:xmpp:forward:0");
    const message = forwarded?.getChild("message", "jabber:client");
    if (message) bodies.push(message.getChildText("body"));
  });
  const page = xml(
    "set",
    { xmlns: "http://jabber.org/protocol/rsm" },
    xml("max", {}, String(count)),
    xml("before"),
  );
  await entity().iqCaller.set(xml("query", { xmlns: MAM }, page));
  return { bodies };
}

async function logout(): Promise<void> {
  entity().reconnect.stop();
  await entity().stop();
}

function elements(children: Json): unknown[] {
  return Object.entries(children).map(([name, value]) => xml(name, {}, String(value)));
}

// ── events ───────────────────────────────────────────────────────────────────

function tellEvents(made: Entity): void {
  made.on("send", (element: XmlElement) => {
    if (element.name === "auth" || element.name === "authenticate") {
      session.mechanism = element.attrs["mechanism"] ?? "";
    }
  });
  made.on("stanza", (stanza: XmlElement) => {
    if (stanza.is("message")) tell(messageEvent(stanza));
    if (stanza.is("presence")) tell(presenceEvent(stanza));
  });
  made.on("error", (error: { condition?: string; code?: string; message: string }) => {
    if (error.condition !== undefined) tell({ event: "stream-error", condition: error.condition });
    else tell({ event: "error", text: error.code ?? error.message });
  });
  made.on("online", (jid: { toString(): string }) => tell({ event: "online", jid: `${jid}` }));
  made.streamManagement.on("resumed", () => tell({ event: "sm", what: "resumed" }));
  // what it has said in a session that is gone, and knows no acknowledgement of
  made.streamManagement.on("fail", (stanza) => {
    if (stanza.is("message")) tell({ event: "unsaid", id: stanza.attrs["id"] });
  });
  made.on("disconnect", () => tell({ event: "disconnected" }));
  made.iqCallee.set(ROSTER, "query", ({ element }) => {
    tell({ event: "roster", ver: element.attrs["ver"] ?? "", items: items(element) });
    return {};
  });
}

function messageEvent(stanza: XmlElement): Json {
  const delay = stanza.getChild("delay", "urn:xmpp:delay")?.attrs;
  return {
    event: "message",
    stanzaId: stanza.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs["id"],
    from: stanza.attrs["from"],
    to: stanza.attrs["to"],
    type: stanza.attrs["type"] ?? "normal",
    id: stanza.attrs["id"] ?? "",
    body: stanza.getChildText("body") ?? "",
    ...(delay && { delay: { from: delay["from"] ?? "", stamp: delay["stamp"] } }),
  };
}

function presenceEvent(stanza: XmlElement): Json {
  return {
    event: "presence",
    from: stanza.attrs["from"],
    type: stanza.attrs["type"] ?? "available",
    show: stanza.getChildText("show") ?? "",
    status: stanza.getChildText("status") ?? "",
    priority: Number(stanza.getChildText("priority") ?? 0),
  };
}

function items(query: XmlElement): Json {
  return Object.fromEntries(
    query.getChildren("item").map((item) => [
      item.attrs["jid"],
      {
        name: item.attrs["name"] ?? "",
        subscription: item.attrs["subscription"],
        ask: item.attrs["ask"] ?? "",
        groups: item
          .getChildren("group")
          .map((group) => group.text())
          .toSorted(),
      },
    ]),
  );
}
