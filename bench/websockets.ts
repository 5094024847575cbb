/**
 * What an idle WebSocket costs a server in memory, and what the same client costs over TCP: logged
 * in, nothing said. Starts its own server, on the loopback and in the clear, and stops by itself.
 *
 *     node bench/websockets.ts [--connections 5000] [--kind websocket]     # may need: ulimit -n 12000
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Jid } from "@rookery/protocol";
import { createServer, deriveAccountKeys } from "@rookery/server";

/** Logins that are under way at once. */
const AT_ONCE = 50;
const USERS = 100;
const PASSWORD = "pw";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "5000" },
    kind: { type: "string" },
    serve: { type: "boolean" },
  },
});
const wanted = Number(values.connections);

if (values.serve === true) await serve();
else {
  for (const kind of ["tcp", "websocket"] as const) {
    if (values.kind === undefined || values.kind === kind) await measure(kind);
  }
}

/** The process that is measured: tells its ports, then its memory whenever it is asked. */
async function serve(): Promise<void> {
  const server = await createServer({
    storage: "memory",
    listen: { c2s: "127.0.0.1:0", c2sTls: false, http: "127.0.0.1:0", https: false },
    auth: { requireTls: false, plainWithoutTls: true },
    limits: { connectionsPerAddress: 0, sessionsPerAccount: 0, idleSeconds: 0, loginSeconds: 0 },
  });
  const keys = await deriveAccountKeys(PASSWORD);
  const { accounts } = server.host("localhost");
  for (let i = 0; i < USERS; i++) {
    await accounts.createWithKeys(Jid.of(`u${i}`, "localhost"), keys);
  }
  await server.listen();
  process.on("message", () => {
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    process.send?.({ memory: process.memoryUsage(), sessions: server.sessions.size });
  });
  process.once("disconnect", () => process.exit());
  process.send?.(server.ports);
}

type Kind = "tcp" | "websocket";

interface Told {
  readonly memory: NodeJS.MemoryUsage;
  readonly sessions: number;
}

async function measure(kind: Kind): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["--serve"], { execArgv: ["--expose-gc"] });
  const [ports] = (await once(child, "message")) as [{ c2s: number[]; http: number[] }];
  const port = (kind === "tcp" ? ports.c2s : ports.http)[0] ?? 0;
  const sockets: Socket[] = [];
  const logIn = async (count: number): Promise<void> => {
    const until = sockets.length + count;
    while (sockets.length < until) {
      const batch = Array.from({ length: Math.min(AT_ONCE, until - sockets.length) }, (_, i) =>
        login(kind, port, `u${(sockets.length + i) % USERS}`),
      );
      sockets.push(...(await Promise.all(batch)));
    }
  };
  await logIn(500); // until compilers and caches are warm
  const before = await told(child);
  await logIn(wanted);
  await sleep(2000);
  const after = await told(child);
  if (after.sessions !== sockets.length) throw new Error(`${after.sessions} sessions are left`);
  const each = (of: keyof NodeJS.MemoryUsage): string =>
    ((after.memory[of] - before.memory[of]) / wanted / 1024).toFixed(1);
  console.log(
    `${kind.padEnd(9)} ${wanted} idle sessions: ${each("rss")} KiB each (heap ${each("heapUsed")} KiB of ${each("heapTotal")}, buffers ${each("external")} KiB)`,
  );
  for (const socket of sockets) socket.destroy();
  child.kill();
}

async function told(child: ChildProcess): Promise<Told> {
  child.send("memory");
  const [answer] = (await once(child, "message")) as [Told];
  return answer;
}

/** Logs in and comes no further: a client that does as little as it can. */
async function login(kind: Kind, port: number, user: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const say = async (text: string, answer: string): Promise<void> => {
    socket.write(kind === "tcp" || text.startsWith("GET") ? text : frame(text));
    let received = "";
    while (!received.includes(answer)) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      received += bytes.toString("latin1");
    }
  };
  const open =
    kind === "tcp"
      ? "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
      : "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
  if (kind === "websocket") {
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: xmpp\r\n";
    await say(
      `GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\n${upgrade}${key}\r\n`,
      "\r\n\r\n",
    );
  }
  await say(open, "</stream:features>");
  const secret = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
  await say(`<auth xmlns='${SASL}' mechanism='PLAIN'>${secret}</auth>`, "<success");
  await say(open, "</stream:features>");
  await say(
    `<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${BIND}'/></iq>`,
    "type='result'",
  );
  socket.removeAllListeners("data");
  return socket;
}

/** A text frame with a mask of zeros (RFC 6455 §5.2). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? [0x80 | payload.length]
      : [0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Uint8Array.of(0x81, ...length, 0, 0, 0, 0), payload]);
}
