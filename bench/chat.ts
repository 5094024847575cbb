/**
 * What a chat message costs a server: pairs of users write to each other, each sends the next
 * message when the one before has arrived (closed loop), in plain TCP.
 *
 *     bench/start-rookery            # prints the port and the process
 *     taskset -c 1 node bench/chat.ts --port 26222 --pid 1234 [--pairs 50] [--window 1]
 *
 * Works with any server on this machine that has accounts `u0`, `u1`, … with one password and lets
 * them log in by PLAIN without TLS.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cpuMicroseconds } from "./cpu-time.ts";
import { LoadClient, type Target } from "./load-client.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "26222" },
    domain: { type: "string", default: "localhost" },
    password: { type: "string", default: "pw" },
    pid: { type: "string" },
    pairs: { type: "string", default: "50" },
    window: { type: "string", default: "1" },
    seconds: { type: "string", default: "10" },
  },
});
if (values.pid === undefined) throw new Error("give the process of the server: --pid");
const pid = Number(values.pid);
const target: Target = { ...values, port: Number(values.port), tls: "none" };
const body =
  "The quick brown fox jumps over the lazy dog while 5 wizards quickly jinx the gnomes; ok.";
const END = "</message>";

const count = { sent: 0, received: 0, running: true };
const clients: LoadClient[] = [];
for (let i = 0; i < 2 * Number(values.pairs); i++) {
  clients.push(await LoadClient.login(target, `u${i}`, new Map()));
}
for (const [i, client] of clients.entries()) answer(client, clients[i ^ 1] as LoadClient, i);

await sleep(3000); // until compilers and caches are warm
const [cpu, time, received] = [cpuMicroseconds(pid), performance.now(), count.received];
await sleep(Number(values.seconds) * 1000);
const used = cpuMicroseconds(pid) - cpu;
const seconds = (performance.now() - time) / 1000;
const delivered = count.received - received;
count.running = false;
await sleep(1000);

console.log(`${(used / delivered).toFixed(1)} µs of the server's CPU per message delivered`);
console.log(`${Math.round(delivered / seconds)} messages/s, server at ${percent(used / seconds)}`);
if (count.sent !== count.received) {
  console.log(`NOT ALL ARRIVED: ${count.received} of ${count.sent}`);
  process.exitCode = 1;
}
await Promise.all(clients.map((client) => client.close()));

/** Begins a flow to a user, whose every arrival has the sender write again. */
function answer(receiver: LoadClient, sender: LoadClient, to: number): void {
  const message = (): string =>
    `<message to='u${to}@${values.domain}' type='chat' id='${crypto.randomUUID()}'><body>${body}</body></message>`;
  const send = (times: number): void => {
    count.sent += times;
    for (let i = 0; i < times; i++) sender.write(message());
  };
  let rest = "";
  receiver.onText = (text) => {
    const parts = (rest + text).split(END);
    rest = (parts.pop() ?? "").slice(-END.length);
    count.received += parts.length;
    if (count.running && parts.length > 0) send(parts.length);
  };
  send(Number(values.window));
}

function percent(microsecondsPerSecond: number): string {
  return `${Math.round(microsecondsPerSecond / 10_000)} % of a core`;
}
