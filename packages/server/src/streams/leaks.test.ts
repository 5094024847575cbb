import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { TestServer } from "@rookery/testkit";
import { Flusher } from "../transports/flusher.ts";
import { StreamConnection } from "../transports/stream-connection.ts";
import {
  bindResource,
  connect,
  HEADER,
  plain,
  type RawClient,
  rosterGet,
  turns,
} from "./stage.test.ts";

const STAGES: readonly ((client: RawClient, i: number) => void)[] = [
  () => {},
  (client) => client.write(HEADER.slice(0, 60)),
  (client) => client.write(HEADER),
  (client) =>
    client.write(
      `${HEADER}<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-1'>biwsbj1yb21lbyxyPWFiYw==</auth>`,
    ),
  (client) => client.write(HEADER + plain("romeo", "wrong")),
  (client) => client.write(HEADER + plain("romeo") + HEADER),
  (client, i) => client.write(HEADER + plain("romeo") + HEADER + bindResource(`${i}`)),
  (client, i) =>
    client.write(
      `${HEADER}${plain("romeo")}${HEADER}${bindResource(`${i}`)}<presence/>${rosterGet("p")}<message to='romeo@example.org'>`,
    ),
  (client) => client.write("<not-xmpp"),
];

const ENDS: readonly ((client: RawClient) => void)[] = [
  (client) => client.socket.destroy(),
  (client) => client.peer?.destroy(),
  (client) => client.socket.end(),
  (client) => client.write("</stream:stream>"),
  (client) => client.write("<!-- -->"),
  (client) => client.peer?.destroy(new Error("the cable is cut")),
];

test("SECURITY: 1,000 connections that end at any stage, in any way, leave nothing behind", async () => {
  await using stage = await TestServer.start({
    config: { limits: { sessionsPerAccount: 0, c2sBytesPerSecond: 0 } },
  });
  await stage.accounts("romeo@example.org");
  const timers = stage.clock.waiting;
  for (let round = 0; round < 20; round++) {
    const clients = Array.from({ length: 50 }, () => connect(stage));
    for (const [i, client] of clients.entries()) STAGES[i % STAGES.length]?.(client, i);
    await turns(round);
    for (const [i, client] of clients.entries()) ENDS[(i + round) % ENDS.length]?.(client);
    await turns(20);
  }
  await new Promise((resolve) => setTimeout(resolve, 100)); // key derivations end
  await turns(20);
  stage.clock.advance(70_000);
  await turns(20);
  stage.clock.advance(5_000);
  await turns(20);
  assert.equal(stage.server.sessions.size, 0);
  assert.deepEqual([...stage.server.sessions.all()], []);
  assert.equal(
    stage.clock.waiting,
    timers,
    "no timer is left: of logins, of closing, of the wheel",
  );
  // no stream is left: there is nobody to wait for
  const before = performance.now();
  await stage.server.stop();
  assert.ok(performance.now() - before < 1000);
});

test("a connection that ends leaves nothing to flush", async () => {
  await using stage = await TestServer.start();
  const flusher = new Flusher();
  const { client, connection } = pair(stage, flusher);
  connection.send("hello");
  assert.equal(flusher.waiting, 1);
  client.destroy();
  connection.destroy();
  await turns();
  assert.equal(flusher.waiting, 0);
});

function pair(stage: TestServer, flusher: Flusher) {
  const { socket: client, peer } = connect(stage);
  assert.ok(peer);
  const connection = new StreamConnection(peer, {
    address: "192.0.2.1",
    limits: stage.server.preAuthLimits,
    clock: stage.clock,
    flusher,
    tls: undefined,
  });
  return { client, connection };
}
