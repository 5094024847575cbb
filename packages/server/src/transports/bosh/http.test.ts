import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS } from "@rookery/protocol";
import { type Element, parseDocument } from "@rookery/xml";
import type { ConfigInput } from "../../config/config.ts";
import { createServer, type Server } from "../../server.ts";
import { HTTPBIND, XBOSH } from "./namespaces.ts";
import { bind, message, rosterGet } from "./stage.test.ts";

const OPEN = `<body xmlns='${HTTPBIND}' xmlns:xmpp='${XBOSH}' rid='1' to='localhost' wait='60' hold='1' ver='1.11' xmpp:version='1.0'/>`;
const AUTH = `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${Buffer.from("\0romeo\0pencil").toString("base64")}</auth>`;

/** A server on a free port, with the account romeo@localhost, that stops at the end. */
async function listening(config: ConfigInput, play: (web: Web) => Promise<void>): Promise<void> {
  const server = await createServer({
    domains: [{ name: "localhost" }],
    storage: "memory",
    ...config,
    listen: { c2s: false, c2sTls: false, http: "127.0.0.1:0", https: false },
  });
  try {
    await server.host("localhost").accounts.create(Jid.parse("romeo@localhost"), "pencil");
    await server.listen();
    await play(new Web(server));
  } finally {
    await server.stop();
  }
}

class Web {
  readonly server: Server;
  readonly url: string;
  sid = "";
  rid = 1;

  constructor(server: Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${server.ports.http[0]}/http-bind`;
  }

  post(
    body: string | Uint8Array<ArrayBuffer>,
    more: RequestInit = {},
  ): Promise<globalThis.Response> {
    return fetch(this.url, { method: "POST", body, ...more });
  }

  async open(more: RequestInit = {}): Promise<Element> {
    const body = parseDocument(await (await this.post(OPEN, more)).text());
    this.sid = body.attr("sid") ?? "";
    return body;
  }

  request(content: string, attrs = ""): string {
    return `<body xmlns='${HTTPBIND}' xmlns:xmpp='${XBOSH}' rid='${++this.rid}' sid='${this.sid}'${attrs}>${content}</body>`;
  }

  async send(content: string, attrs = "", more: RequestInit = {}): Promise<Element> {
    const response = await this.post(this.request(content, attrs), more);
    assert.equal(response.status, 200);
    return parseDocument(await response.text());
  }

  async login(resource = "balcony"): Promise<void> {
    await this.open();
    assert.ok((await this.send(AUTH)).child(NS.sasl, "success"));
    assert.ok((await this.send("", " xmpp:restart='true'")).child(NS.streams, "features"));
    assert.ok((await this.send(bind(resource))).child(NS.client, "iq"));
  }
}

test("a client logs in over HTTP on this machine, and is told when the server stops", async () => {
  await listening({}, async (web) => {
    await web.login();
    assert.equal((await web.send(rosterGet("r"))).child(NS.client, "iq")?.attr("id"), "r");
    const waiting = web.send("");
    const told = assert.doesNotReject(async () => {
      const last = await waiting;
      assert.equal(last.attr("type"), "terminate");
      assert.ok(last.child(NS.streams, "error")?.child(NS.streamErrors, "system-shutdown"));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await web.server.stop();
    await told;
  });
});

test("a client that is cut off while it waits gets what it missed when it asks again", async () => {
  await listening({}, async (web) => {
    const orchard = new Web(web.server);
    await web.login("balcony");
    await orchard.login("orchard");
    const request = web.request("");
    const cut = new AbortController();
    const waiting = web.post(request, { signal: cut.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    cut.abort();
    await assert.rejects(waiting);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const sent = orchard.send(message("romeo@localhost/balcony", "Hi"));
    const again = parseDocument(await (await web.post(request)).text());
    assert.equal(again.child(NS.client, "message")?.attr("from"), "romeo@localhost/orchard");
    await orchard.send("", " type='terminate'");
    assert.equal((await sent).attr("type"), "terminate");
  });
});

test("pages of other origins may connect if the configuration names them", async () => {
  await listening({ web: { origins: ["https://chat.example.net"] } }, async (web) => {
    const foreign = await web.post(OPEN, { headers: { origin: "https://evil.example" } });
    assert.equal(foreign.status, 403);
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    assert.match(await foreign.text(), /web\.origins/);
    const nameless = await web.post(OPEN, { headers: { origin: "null" } });
    assert.equal(nameless.status, 403);
    await nameless.text();
    const listed = { origin: "https://chat.example.net" };
    const welcome = await web.post(OPEN, { headers: listed });
    assert.equal(welcome.status, 200);
    assert.equal(welcome.headers.get("access-control-allow-origin"), listed.origin);
    await welcome.text();
    const asked = { ...listed, "access-control-request-method": "POST" };
    const preflight = await fetch(web.url, { method: "OPTIONS", headers: asked });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /POST/);
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /content-type/i);
  });
});

test("XEP-0124 §18.1: behind a proxy passwords are taken over HTTPS alone, and sessions stay there", async () => {
  await listening({ proxies: { trusted: ["127.0.0.1"] } }, async (web) => {
    const by = (proto: string): RequestInit => ({
      headers: { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": proto },
    });
    const clear = await web.open(by("http"));
    assert.equal(clear.child(NS.streams, "features")?.child(NS.sasl), undefined);
    const refused = await web.send(AUTH, "", by("http"));
    assert.ok(refused.child(NS.sasl, "failure")?.child(NS.sasl, "encryption-required"));

    web.rid = 1;
    const secure = await web.open(by("https"));
    assert.ok(secure.child(NS.streams, "features")?.child(NS.sasl, "mechanisms"));
    const request = web.request(AUTH);
    const stolen = await web.post(request, by("http"));
    assert.equal(stolen.status, 403);
    await stolen.text();
    const own = parseDocument(await (await web.post(request, by("https"))).text());
    assert.ok(own.child(NS.sasl, "success"));
  });
});

test("what HTTP itself does not allow is refused in its codes", async () => {
  await listening({}, async (web) => {
    const get = await fetch(web.url);
    assert.equal(get.status, 405);
    assert.match(get.headers.get("allow") ?? "", /POST/);
    await get.text();
    const large = await web.post(new Uint8Array(3_000_000).fill(0x20));
    assert.equal(large.status, 413);
    await large.text();
    const late = await web.post(OPEN.replace("/>", `>${"<a xmlns='u:a'/>".repeat(20_000)}</body>`));
    assert.equal(parseDocument(await late.text()).attr("condition"), "bad-request");
  });
});
