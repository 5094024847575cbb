import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const ANY_PORT = 'listen: { c2s: "127.0.0.1:0", c2sTls: false, http: false, https: false }\n';

describe("rookery start", () => {
  it("serves localhost, says what to do next, and stops on SIGTERM with 0", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const server = await start(t, folder);
    assert.match(server.out, /serves localhost/);
    assert.match(server.out, /Clients \(STARTTLS\) {4}127\.0\.0\.1:\d+/);
    assert.match(server.out, /npx rookery user add romeo@localhost/);
    assert.match(server.out, /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/);
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    server.child.kill("SIGTERM");
    assert.equal(await server.exit, 0);
    assert.match(server.err, /"msg":"stopped"/);
    assert.equal(existsSync(join(folder, "data", "admin.sock")), false);
  });

  it("keeps what users were told, and starts again after kill -9", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const first = await start(t, folder);
    await expect(folder, ["user", "add", "romeo@localhost", "--password", "pencil"], 0);
    first.child.kill("SIGKILL");
    await first.exit;
    assert.equal(existsSync(join(folder, "data", "admin.sock")), true);
    const { out } = await expect(folder, ["user", "list"], 0);
    assert.equal(out, "romeo@localhost\n");
    const second = await start(t, folder);
    assert.equal((await expect(folder, ["user", "list"], 0)).out, "romeo@localhost\n");
    second.child.kill("SIGTERM");
    assert.equal(await second.exit, 0);
  });

  it("is refused on data that another server has open, with its pid", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const server = await start(t, folder);
    const { err } = await expect(folder, ["start"], 1);
    assert.match(err, new RegExp(`pid ${server.child.pid} has it open`));
  });

  it("names the port that is taken and what to do", async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const { port } = other.address() as { port: number };
    const folder = temporary(
      t,
      `listen: { c2s: "127.0.0.1:${port}", c2sTls: false, http: false, https: false }\n`,
    );
    const { out, err } = await expect(folder, ["start"], 1);
    assert.match(err, new RegExp(`cannot listen on 127.0.0.1:${port} \\(listen.c2s\\)`));
    assert.match(err, /listen: \{ c2s: "127\.0\.0\.1:\d+" \}/);
    assert.equal(out, "");
  });

  it("ends at once on a second signal, with 1", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const server = await start(t, folder);
    const idle = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    idle.on("error", () => {});
    t.after(() => idle.destroy());
    await once(idle, "connect");
    await expect(folder, ["user", "list"], 0); // by then the server has taken the connection
    server.child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 600));
    server.child.kill("SIGTERM");
    assert.equal(await server.exit, 1);
  });

  it("reads the certificates again on SIGHUP", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const server = await start(t, folder);
    server.child.kill("SIGHUP");
    await until(() => server.err.includes("read the certificates again"));
    server.child.kill("SIGINT");
    assert.equal(await server.exit, 0);
  });

  it("takes users while all data is in memory", async (t) => {
    const folder = temporary(t, `storage: memory\n${ANY_PORT}`);
    const refused = await expect(folder, ["user", "add", "a@localhost", "--password", "x"], 1);
    assert.match(refused.err, /there is no server running/);
    const server = await start(t, folder);
    await expect(folder, ["user", "add", "a@localhost", "--password", "x"], 0);
    assert.equal((await expect(folder, ["user", "list"], 0)).out, "a@localhost\n");
    server.child.kill("SIGTERM");
    assert.equal(await server.exit, 0);
  });
});

describe("rookery check", () => {
  it("says ok for what would start, without opening data", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const { out } = await expect(folder, ["check"], 0);
    assert.equal(out, `ok: ${join(folder, "rookery.yaml")}\n`);
    assert.equal(existsSync(join(folder, "data")), false);
  });

  it("tells every problem with its line, column and the nearest key, and ends with 2", async (t) => {
    const folder = temporary(t, "storage: sqlite\nlisen: { c2s: 5222 }\nlog: { level: loud }\n");
    const { err } = await expect(folder, ["check"], 2);
    assert.match(err, /^rookery\.yaml:2:1: unknown key "lisen"; did you mean "listen"\?$/m);
    assert.match(err, /^rookery\.yaml:3:15: .*"loud"/m);
  });

  it("reads the certificates and modules that are named", async (t) => {
    const folder = temporary(
      t,
      "domains: [{ name: a.example, tls: { cert: c.pem, key: k.pem } }]\n",
    );
    const missing = await expect(folder, ["check"], 2);
    assert.match(missing.err, /c\.pem".*there is no such file/);
    writeFileSync(join(folder, "mine.ts"), "export default { nonsense: true };\n");
    writeFileSync(join(folder, "rookery.yaml"), "modules: { ./mine.ts: true }\n");
    assert.match((await expect(folder, ["check"], 1)).err, /mine\.ts".*defineModule/);
  });

  it("names a file that is not there", async (t) => {
    const { err } = await expect(temporary(t), ["check", "-c", "other.yaml"], 2);
    assert.equal(err, "other.yaml: there is no such file\n");
  });
});

describe("rookery user", () => {
  it("works while no server runs, and tells what cannot be done", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const added = await expect(
      folder,
      ["user", "add", "Romeo@localhost", "--password-stdin"],
      0,
      "pencil\n",
    );
    assert.equal(added.out, "romeo@localhost added\n");
    const again = await expect(folder, ["user", "add", "romeo@localhost", "--password", "x"], 1);
    assert.equal(again.err, "rookery: the account romeo@localhost exists already\n");
    await expect(folder, ["user", "password", "romeo@localhost", "--password", "other"], 0);
    for (const [command, done] of [
      ["disable", "disabled"],
      ["enable", "enabled"],
      ["expire", "expired"],
    ] as const) {
      const { out } = await expect(folder, ["user", command, "Romeo@localhost"], 0);
      assert.equal(out, `romeo@localhost ${done}\n`);
    }
    assert.match((await expect(folder, ["user", "disable", "x@localhost"], 1)).err, /no account/);
    await expect(folder, ["user", "remove", "romeo@localhost"], 0);
    assert.equal((await expect(folder, ["user", "list"], 0)).out, "");
    assert.match(
      (await expect(folder, ["user", "add", "romeo@localhost"], 2)).err,
      /--password-stdin/,
    );
    assert.match((await expect(folder, ["user", "add"], 2)).err, /give an address, or --file/);
    assert.match((await expect(folder, ["user", "ad"], 2)).err, /unknown command 'ad'/);
  });

  for (const running of [false, true]) {
    it(`takes many from a file while a server ${running ? "runs" : "does not run"}`, async (t) => {
      const folder = temporary(t, ANY_PORT);
      if (running) await start(t, folder);
      writeFileSync(
        join(folder, "users.csv"),
        'jid,password\n# friends\nromeo@localhost,pencil\n\n"juliet@localhost","a, b"\nromeo@localhost,x\nnobody\n@localhost,x\n',
      );
      const { out, err } = await expect(folder, ["user", "add", "--file", "users.csv"], 1);
      assert.equal(out, "2 users added, 1 existed already, 2 failed\n");
      assert.deepEqual(
        err
          .split("\n")
          .map((line) => line.replace(/: .*/, ""))
          .toSorted((a, b) => a.localeCompare(b)),
        ["", "users.csv:6", "users.csv:7", "users.csv:8"],
      );
      assert.equal(
        (await expect(folder, ["user", "list"], 0)).out,
        "juliet@localhost\nromeo@localhost\n",
      );
      const gone = await expect(
        folder,
        ["user", "remove", "--file", "-"],
        0,
        "romeo@localhost\njuliet@localhost\n",
      );
      assert.equal(gone.out, "2 users removed\n");
    });
  }

  it("waits for another command that has the data open", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const adds = Array.from({ length: 4 }, (_, i) =>
      expect(folder, ["user", "add", `u${i}@localhost`, "--password", "x"], 0),
    );
    await Promise.all(adds);
    assert.equal((await expect(folder, ["user", "list"], 0)).out.split("\n").length, 5);
  });
});

describe("rookery invite", () => {
  it("invites an administrator while no server runs, lists it and takes it back", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const { out } = await expect(folder, ["invite", "--admin", "--days", "3"], 0);
    const [uri, said] = out.split("\n");
    assert.match(uri ?? "", /^xmpp:localhost\?register;preauth=[a-z2-9]{26}$/);
    assert.match(said ?? "", /^makes an administrator, until \d{4}-\d\d-\d\d$/);
    const list = (await expect(folder, ["invite", "list"], 0)).out;
    assert.match(
      list,
      /^[0-9a-f]{12} {2}localhost {2}administrator, once, until .* by the operator\n$/,
    );
    const id = list.slice(0, 12);
    assert.equal((await expect(folder, ["invite", "revoke", id], 0)).out, `${id} revoked\n`);
    assert.match((await expect(folder, ["invite", "revoke", id], 1)).err, /no open invitation/);
    assert.equal((await expect(folder, ["invite", "list", "-c", "rookery.yaml"], 0)).out, "");
    assert.match(
      (await expect(folder, ["invite", "--uses", "x"], 2)).err,
      /--uses is a whole number/,
    );
  });

  it("works through the server, whose welcome invites the first administrator", async (t) => {
    const folder = temporary(t, ANY_PORT);
    const server = await start(t, folder);
    assert.match(server.out, /administers the server.*\n {2}xmpp:localhost\?register/);
    const { out } = await expect(folder, ["invite", "--name", "romeo"], 0);
    assert.match(out, /^xmpp:romeo@localhost\?register;preauth=/);
    await expect(folder, ["invite", "--uses", "30"], 0);
    const { out: list } = await expect(folder, ["invite", "list", "localhost"], 0);
    assert.deepEqual(
      list
        .split("\n")
        .map((line) => /account .*romeo|administrator|30 times/.exec(line)?.[0] ?? ""),
      ["administrator", "account romeo", "30 times", ""],
    );
    await expect(folder, ["user", "add", "juliet@localhost", "--password", "pencil"], 0);
    server.child.kill("SIGTERM");
    await server.exit;
    assert.doesNotMatch((await start(t, folder)).out, /invite/);
  });

  it("leads to the web, where there is one", async (t) => {
    const folder = temporary(
      t,
      'listen: { c2s: "127.0.0.1:0", c2sTls: false, http: "127.0.0.1:0", https: false }\n',
    );
    const server = await start(t, folder);
    const web = /Web {19}(http:\/\/localhost:\d+\/)\n/.exec(server.out)?.[1];
    assert.ok(web !== undefined, server.out);
    assert.match(server.out, new RegExp(`\\n {2}${web}invite/[a-z2-9]{26} {2}\\(in a browser`));
    const { out } = await expect(folder, ["invite"], 0);
    assert.ok(out.startsWith(`${web}invite/`), out);
  });

  it("is refused where nobody may make an account", async (t) => {
    const folder = temporary(t, `registration: closed\n${ANY_PORT}`);
    assert.match((await expect(folder, ["invite"], 1)).err, /set `registration` to invite or open/);
    assert.doesNotMatch((await start(t, folder)).out, /\/invite\//);
  });
});

interface Finished {
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end and checks its exit status. */
async function expect(
  folder: string,
  args: readonly string[],
  code: number,
  input = "",
): Promise<Finished> {
  const child = run(folder, args);
  const text = collect(child);
  child.stdin?.end(input);
  const [exit] = (await once(child, "close")) as [number | null];
  assert.equal(exit, code, `rookery ${args.join(" ")}: ${text.out}${text.err}`);
  return text;
}

interface Running extends Finished {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** That of the first listener. */
  readonly port: number;
}

/** Starts a server and waits until it has said everything; it is killed when the test ends. */
async function start(t: TestContext, folder: string): Promise<Running> {
  const child = run(folder, ["start"]);
  const text = collect(child);
  const exit = once(child, "close").then(([code]) => code as number | null);
  t.after(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  await until(
    () => text.err.includes('"msg":"started"') || child.exitCode !== null,
    () => text.err,
  );
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(text.out)?.[1]);
  return Object.assign(text, { child, exit, port });
}

function run(folder: string, args: readonly string[]): ChildProcess {
  const { ROOKERY_DATA: _, ...env } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { cwd: folder, env });
}

function collect(child: ChildProcess): { out: string; err: string } {
  const text = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (more: string) => {
    text.out += more;
  });
  child.stderr?.setEncoding("utf8").on("data", (more: string) => {
    text.err += more;
  });
  return text;
}

async function until(holds: () => boolean, state: () => string = () => ""): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`it did not happen in time: ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A folder of one's own, with a configuration if one is given. */
function temporary(t: TestContext, yaml?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rookery-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  if (yaml !== undefined) writeFileSync(join(folder, "rookery.yaml"), yaml);
  return folder;
}
