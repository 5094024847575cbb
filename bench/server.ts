/** A server with accounts `u0`, `u1`, … for load tests; says `ready` when it listens. */
import { parseArgs } from "node:util";
import { Jid } from "@rookery/protocol";
import { createServer, deriveAccountKeys } from "@rookery/server";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "tls-port": { type: "string", default: "0" },
    domain: { type: "string", default: "localhost" },
    users: { type: "string", default: "100" },
    password: { type: "string", default: "pw" },
    storage: { type: "string", default: "sqlite" },
    data: { type: "string", default: "./data" },
    "no-archive": { type: "boolean", default: false },
  },
});

const server = await createServer({
  domains: [{ name: values.domain }],
  data: values.data,
  storage: values.storage === "memory" ? "memory" : "sqlite",
  listen: {
    c2s: `127.0.0.1:${values.port}`,
    c2sTls: `127.0.0.1:${values["tls-port"]}`,
    http: false,
    https: false,
  },
  auth: { requireTls: false, plainWithoutTls: true },
  limits: { c2sBytesPerSecond: 0, connectionsPerAddress: 0 },
  modules: values["no-archive"] ? { archive: false } : {},
});

const { accounts } = server.host(values.domain);
// One set of keys for all, so that seeding is quick; a login costs the server the same.
const keys = await deriveAccountKeys(values.password);
const made: Promise<void>[] = [];
for (let i = 0; i < Number(values.users); i++) {
  made.push(accounts.createWithKeys(Jid.of(`u${i}`, values.domain), keys));
}
await Promise.all(made);
await server.listen();
process.once("SIGTERM", () => {
  void server.stop();
});
console.log("ready");
