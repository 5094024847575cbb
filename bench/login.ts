/**
 * What a session costs a server: connect, TLS, SCRAM-SHA-1, bind, roster, presence, ping, close;
 * 20 at once.
 *
 *     bench/start-rookery            # prints the ports and the process
 *     taskset -c 1 node bench/login.ts --tls direct --port 26223 --pid 1234 [--users 1000]
 *
 * Works with any server on this machine that has accounts `u0`, `u1`, … with one password.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cpuMicroseconds } from "./cpu-time.ts";
import { type KeyCache, LoadClient, type Target } from "./load-client.ts";

const AT_ONCE = 20;

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "26223" },
    domain: { type: "string", default: "localhost" },
    password: { type: "string", default: "pw" },
    tls: { type: "string", default: "direct" },
    pid: { type: "string" },
    users: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
  },
});
if (values.pid === undefined) throw new Error("give the process of the server: --pid");
const pid = Number(values.pid);
const tls = values.tls === "starttls" ? "starttls" : "direct";
const target: Target = { ...values, port: Number(values.port), tls };
const users = Number(values.users);
const keys: KeyCache = new Map();

const state = { logins: 0, running: true };
const loops = Array.from({ length: AT_ONCE }, (_, i) => loop(i));
await sleep(3000); // until compilers and caches are warm
const [cpu, time, logins] = [cpuMicroseconds(pid), performance.now(), state.logins];
await sleep(Number(values.seconds) * 1000);
const used = cpuMicroseconds(pid) - cpu;
const seconds = (performance.now() - time) / 1000;
const done = state.logins - logins;
state.running = false;
await Promise.all(loops);

console.log(`${(used / done / 1000).toFixed(2)} ms of the server's CPU per session`);
console.log(`${Math.round(done / seconds)} sessions/s`);

async function loop(first: number): Promise<void> {
  for (let i = first; state.running; i = (i + AT_ONCE) % users) {
    const client = await LoadClient.login(target, `u${i}`, keys);
    await client.close();
    state.logins++;
  }
}
