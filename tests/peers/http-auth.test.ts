/** Accounts of a program behind a URL, which tests run themselves. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { account, byPassword, outcomeOf } from "./support/sign-in.ts";

const SECRET = "it is the east";

/** How the program does: well, or not at all, or never. */
type Health = "well" | "broken" | "silent";

interface Program extends AsyncDisposable {
  readonly url: string;
  readonly passwords: Map<string, string>;
  health: Health;
}

async function start(): Promise<Program> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (program.health === "silent") return;
      const form = new URLSearchParams(Buffer.concat(pieces).toString("utf8"));
      const knows = request.headers.authorization === `Bearer ${SECRET}`;
      if (!knows || program.health === "broken") return response.writeHead(500).end();
      const password = program.passwords.get(form.get("user") ?? "");
      const isAsked = request.url === "/exists" ? true : form.get("password") === password;
      return response.writeHead(200).end(String(password !== undefined && isAsked));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  const program: Program = {
    url: `http://127.0.0.1:${port}`,
    passwords: new Map([
      ["romeo", "a rose"],
      ["juliet", "püncil"],
    ]),
    health: "well",
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return program;
}

function serving({ url }: Program, secret: string = SECRET): Promise<TestServer> {
  const http = {
    url: `${url}/check`,
    existsUrl: `${url}/exists`,
    secret,
    timeoutSeconds: 0.5,
    cacheSeconds: 0,
  };
  const open = { requireTls: false, plainWithoutTls: true } as const; // the clients' side
  return TestServer.start({ config: { auth: { ...open, accounts: "http", http } } });
}

test("HTTP: the program tells which passwords are right, and who there is", async () => {
  await using program = await start();
  await using stage = await serving(program);
  const { offered, client } = await byPassword(stage, "romeo", "a rose");
  assert.deepEqual(offered, ["PLAIN"]);
  await client.open("example.org");
  await client.close();
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a thorn")), "not-authorized");
  assert.equal(await outcomeOf(byPassword(stage, "nobody", "a rose")), "not-authorized");
  const { accounts } = stage.server.host("example.org");
  assert.equal(await accounts.exists(account("juliet")), true, "she was never here");
  assert.equal(await accounts.exists(account("nobody")), false);
});

test("HTTP: a program that does not answer, or not as it should, is nobody's fault", async () => {
  await using program = await start();
  await using stage = await serving(program);
  for (const health of ["broken", "silent"] as const) {
    program.health = health;
    const outcome = await outcomeOf(byPassword(stage, "romeo", "a rose"));
    assert.equal(outcome, "temporary-auth-failure", health);
  }
  program.health = "well";
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
  await using stranger = await serving(program, "it is the west");
  const refused = await outcomeOf(byPassword(stranger, "romeo", "a rose"));
  assert.equal(refused, "temporary-auth-failure");
});

test("HTTP: what was right once has to be right again", async () => {
  await using program = await start();
  await using stage = await serving(program);
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "success");
  program.passwords.set("romeo", "another");
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "a rose")), "not-authorized");
  assert.equal(await outcomeOf(byPassword(stage, "romeo", "another")), "success");
});
