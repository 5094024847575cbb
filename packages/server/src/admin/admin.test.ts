import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Jid } from "@rookery/protocol";
import { systemClock } from "../clock.ts";
import { type Log, silentLog } from "../log.ts";
import { createServer, type Server } from "../server.ts";
import { Session } from "../sessions/session.ts";
import { Administration } from "./administration.ts";
import { AdminClient } from "./client.ts";
import type { AdminError } from "./errors.ts";
import { AdminSocket } from "./socket.ts";
import { Lines, LONGEST_REQUEST } from "./wire.ts";

describe("administration over the socket in the data directory", () => {
  it("adds, lists, changes and removes users", async (t) => {
    const { client, server } = await open(t);
    const added = await client.call("user.add", { jid: "Romeo@LOCALHOST", password: "pencil" });
    assert.deepEqual(added, { jid: "romeo@localhost" });
    await client.call("user.add", { jid: "juliet@localhost", password: "balcony" });
    assert.deepEqual(await client.call("user.list", {}), {
      users: ["juliet@localhost", "romeo@localhost"],
      more: false,
    });
    const first = await client.call("user.list", { limit: 1 });
    assert.deepEqual(first, { users: ["juliet@localhost"], more: true });
    assert.deepEqual(await client.call("user.list", { limit: 1, after: "juliet@localhost" }), {
      users: ["romeo@localhost"],
      more: false,
    });
    await client.call("user.password", { jid: "romeo@localhost", password: "other" });
    await client.call("user.remove", { jid: "juliet@localhost" });
    assert.deepEqual(await client.call("user.list", {}), {
      users: ["romeo@localhost"],
      more: false,
    });
    assert.equal(
      await server.host("localhost").accounts.exists(Jid.parse("juliet@localhost")),
      false,
    );
  });

  it("disables and enables users, and lets their passwords expire", async (t) => {
    const { client, server } = await open(t);
    const jid = "romeo@localhost";
    await client.call("user.add", { jid, password: "pencil" });
    const { accounts } = server.host("localhost");
    assert.deepEqual(await client.call("user.disable", { jid: "Romeo@localhost" }), { jid });
    await assert.rejects(accounts.admit("romeo"), { condition: "account-disabled" });
    await client.call("user.enable", { jid });
    await accounts.admit("romeo");
    await client.call("user.expire", { jid });
    await assert.rejects(accounts.admit("romeo"), { condition: "credentials-expired" });
    await client.call("user.password", { jid, password: "other" });
    await accounts.admit("romeo");
    for (const command of ["user.disable", "user.enable", "user.expire"] as const) {
      await assert.rejects(client.call(command, { jid: "nobody@localhost" }), {
        code: "not-found",
      });
    }
  });

  it("lists one domain, or one domain after the other, page by page", async (t) => {
    const { client } = await open(t, { domains: [{ name: "b.example" }, { name: "a.example" }] });
    for (const jid of ["u1@a.example", "u2@a.example", "u1@b.example", "u2@b.example"]) {
      await client.call("user.add", { jid, password: "x" });
    }
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more; after = seen.at(-1)) {
      const page = await client.call("user.list", {
        limit: 1,
        ...(after !== undefined && { after }),
      });
      seen.push(...page.users);
      more = page.more;
    }
    assert.deepEqual(seen, ["u1@b.example", "u2@b.example", "u1@a.example", "u2@a.example"]);
    const { users } = await client.call("user.list", { domain: "a.example" });
    assert.deepEqual(users, ["u1@a.example", "u2@a.example"]);
  });

  it("says what is wrong, in codes and in words", async (t) => {
    const { client } = await open(t);
    await client.call("user.add", { jid: "romeo@localhost", password: "pencil" });
    const cases = [
      [
        { jid: "romeo@localhost", password: "x" },
        "already-exists",
        /romeo@localhost exists already/,
      ],
      [
        { jid: "romeo@example.org", password: "x" },
        "not-found",
        /"example.org" is not served here/,
      ],
      [{ jid: "localhost", password: "x" }, "bad-request", /not the address of an account/],
      [{ jid: "a@localhost/phone", password: "x" }, "bad-request", /not the address of an account/],
      [{ jid: "@localhost", password: "x" }, "bad-request", /is not an address/],
      [{ jid: "a@localhost", password: "" }, "bad-request", /the password is wrong: empty/],
      [{ jid: "a@localhost", password: "\u0007" }, "refused", /password/],
    ] as const;
    for (const [args, code, message] of cases) {
      await assert.rejects(client.call("user.add", args), { name: "AdminError", code, message });
    }
    await assert.rejects(client.call("user.remove", { jid: "nobody@localhost" }), {
      code: "not-found",
    });
    await assert.rejects(client.call("user.password", { jid: "no@localhost", password: "x" }), {
      code: "not-found",
    });
  });

  it("makes an account once where it is asked for twice at the same time", async (t) => {
    const { client } = await open(t);
    const add = (): Promise<unknown> =>
      client.call("user.add", { jid: "romeo@localhost", password: "x" });
    const results = await Promise.allSettled([add(), add()]);
    const failed = results.filter((result) => result.status === "rejected");
    const codes = failed.map(({ reason }) => (reason as AdminError).code);
    assert.deepEqual(codes, ["already-exists"]);
  });

  it("ends the sessions of a user that is removed (RFC 6120 §4.9.3.12)", async (t) => {
    const { client, server } = await open(t);
    await client.call("user.add", { jid: "romeo@localhost", password: "pencil" });
    const ends: unknown[] = [];
    const outlet = {
      send() {},
      close: (error?: Error) => ends.push(error),
      flushed: () => Promise.resolve(),
      maxQueuedBytes: 1000,
      leftovers: () => [],
    };
    const session = new Session(Jid.parse("romeo@localhost/phone"), 0, outlet);
    server.sessions.add(session);
    assert.equal((await client.call("server.status", {})).sessions, 1);
    await client.call("user.remove", { jid: "romeo@localhost" });
    assert.equal((ends[0] as { condition: string }).condition, "not-authorized");
  });

  it("tells the status of the server", async (t) => {
    const { client } = await open(t);
    const status = await client.call("server.status", {});
    assert.deepEqual(status.domains, ["localhost"]);
    assert.equal(status.pid, process.pid);
    assert.equal(status.sessions, 0);
    assert.deepEqual(status.ports, { c2s: [], c2sTls: [], component: [], http: [], https: [] });
  });

  it("does many commands of one connection, each answered once", async (t) => {
    const { client } = await open(t);
    const jids = Array.from({ length: 40 }, (_, i) => `user${i}@localhost`);
    const results = await Promise.all(
      jids.map((jid) => client.call("user.add", { jid, password: "x" })),
    );
    assert.deepEqual(
      results.map(({ jid }) => jid),
      jids,
    );
  });

  it("is open to its user alone, and takes the place of a socket left behind", async (t) => {
    const directory = temporary(t);
    writeFileSync(join(directory, "admin.sock"), "left by a process that was killed");
    await open(t, {}, { directory });
    assert.equal(statSync(join(directory, "admin.sock")).mode & 0o777, 0o600);
  });

  it("is gone when it is closed, and a client then finds no server", async (t) => {
    const { directory, admin, client } = await open(t);
    await admin.close();
    assert.equal(existsSync(join(directory, "admin.sock")), false);
    assert.equal(await AdminClient.connect(directory), undefined);
    await assert.rejects(client.call("server.status", {}), { code: "disconnected" });
  });

  it("refuses a path that the system could not take", async () => {
    const directory = `/${"long/".repeat(30)}`;
    await assert.rejects(AdminClient.connect(directory), {
      code: "refused",
      message: /too long/,
    });
  });
});

describe("hostile input on the admin socket", () => {
  const broken = [
    ["nonsense", "bad-request", null],
    ["[1,2]", "bad-request", null],
    ["null", "bad-request", null],
    ['{"id":"x","command":"server.status"}', "bad-request", null],
    ['{"id":1.5,"command":"server.status"}', "bad-request", null],
    ['{"id":1}', "bad-request", 1],
    ['{"id":2,"command":"rm"}', "unknown-command", 2],
    ['{"id":3,"command":"__proto__"}', "unknown-command", 3],
    ['{"id":3,"command":"toString"}', "unknown-command", 3],
    ['{"id":4,"command":"user.add","args":[]}', "bad-request", 4],
    ['{"id":5,"command":"user.add","args":{"jid":7,"password":"x"}}', "bad-request", 5],
    ['{"id":6,"command":"user.list","args":{"limit":1e9}}', "bad-request", 6],
    ['{"id":7,"command":"user.list","args":{"__proto__":{"limit":1},"x":1}}', "bad-request", 7],
  ] as const;

  it("answers each broken request with an error, and goes on", async (t) => {
    const { directory } = await open(t);
    const raw = await Raw.connect(t, directory);
    for (const [line, code, id] of broken) {
      raw.socket.write(`${line}\n`);
      const answer = await raw.next();
      assert.deepEqual([answer.id, answer.ok, answer.error?.code], [id, false, code], line);
    }
    raw.socket.write('{"id":8,"command":"server.status"}\n');
    assert.equal((await raw.next()).ok, true);
  });

  it("refuses bytes that are not UTF-8, and never quotes a password", async (t) => {
    const { directory } = await open(t);
    const raw = await Raw.connect(t, directory);
    raw.socket.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    assert.equal((await raw.next()).error?.code, "bad-request");
    raw.socket.write(
      '{"id":1,"command":"user.add","args":{"jid":"a@localhost","password":["s3cret"]}}\n',
    );
    const { error } = await raw.next();
    assert.doesNotMatch(error?.text ?? "", /s3cret/);
  });

  it("closes the connection after a line that is too long, and does nothing that follows", async (t) => {
    const { directory, server } = await open(t);
    const raw = await Raw.connect(t, directory);
    raw.socket.write("x".repeat(LONGEST_REQUEST + 1));
    raw.socket.write(
      '\n{"id":1,"command":"user.add","args":{"jid":"a@localhost","password":"x"}}\n',
    );
    assert.equal((await raw.next()).error?.code, "bad-request");
    if (!raw.socket.closed) await once(raw.socket, "close");
    assert.deepEqual(await server.host("localhost").accounts.list(), []);
  });

  it("answers everything that came before the client stopped sending", async (t) => {
    const { directory } = await open(t);
    const raw = await Raw.connect(t, directory);
    const lines = Array.from({ length: 30 }, (_, id) => `{"id":${id},"command":"server.status"}\n`);
    raw.socket.end(lines.join(""));
    const ids = new Set<unknown>();
    for (const _ of lines) ids.add((await raw.next()).id);
    assert.equal(ids.size, 30);
    if (!raw.socket.closed) await once(raw.socket, "close");
  });

  it("takes no more than sixteen connections", async (t) => {
    const { directory } = await open(t);
    const sockets = await Promise.all(Array.from({ length: 15 }, () => Raw.connect(t, directory)));
    const extra = await Raw.connect(t, directory);
    if (!extra.socket.closed) await once(extra.socket, "close");
    sockets[0]?.socket.write('{"id":1,"command":"server.status"}\n');
    assert.equal((await sockets[0]?.next())?.ok, true);
  });

  it("tells of a fault in the log, and not what is inside the server", async (t) => {
    const faults: string[] = [];
    const log: Log = { ...silentLog, error: (text) => faults.push(text), part: () => log };
    const { client, server } = await open(t, {}, { log });
    await server.stop();
    await assert.rejects(client.call("user.list", {}), { code: "internal" });
    assert.deepEqual(faults, ["a command failed"]);
  });
});

describe("Lines", () => {
  it("gives the same lines however the bytes are cut", () => {
    const bytes = Buffer.from("one\n\ntwo\nthree\n");
    for (let size = 1; size <= bytes.length; size++) {
      const lines = new Lines(5);
      const got: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        got.push(
          ...lines.write(bytes.subarray(at, at + size)).map((l) => Buffer.from(l).toString()),
        );
      }
      assert.deepEqual(got, ["one", "two", "three"], `in pieces of ${size}`);
    }
  });

  it("refuses one byte more than the longest line", () => {
    assert.equal(new Lines(3).write(Buffer.from("abc\n")).length, 1);
    assert.throws(() => new Lines(3).write(Buffer.from("abcd")), RangeError);
  });
});

interface Opened {
  readonly server: Server;
  readonly directory: string;
  readonly admin: AdminSocket;
  readonly client: AdminClient;
}

async function open(
  t: TestContext,
  config: Parameters<typeof createServer>[0] = {},
  { directory = temporary(t), log = silentLog }: { directory?: string; log?: Log } = {},
): Promise<Opened> {
  const server = await createServer({ ...config, storage: "memory", data: directory } as object);
  const administration = new Administration(server);
  const admin = await AdminSocket.listen({ directory, administration, clock: systemClock, log });
  const client = await AdminClient.connect(directory);
  assert.ok(client);
  t.after(async () => {
    await client.close();
    await admin.close();
    await server.stop();
  });
  return { server, directory, admin, client };
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "rookery-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Answer {
  readonly id: number | null;
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly text: string };
}

/** A client that says whatever it likes. */
class Raw {
  readonly socket: Socket;
  readonly #lines: Lines = new Lines(1_000_000);
  readonly #answers: Answer[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      for (const line of this.#lines.write(bytes)) {
        this.#answers.push(JSON.parse(Buffer.from(line).toString()) as Answer);
      }
      socket.emit("answer");
    });
  }

  static async connect(t: TestContext, directory: string): Promise<Raw> {
    const socket = connect(join(directory, "admin.sock"));
    const raw = new Raw(socket);
    await once(socket, "connect");
    t.after(() => socket.destroy());
    return raw;
  }

  async next(): Promise<Answer> {
    while (this.#answers.length === 0) {
      await once(this.socket, "answer", { signal: AbortSignal.timeout(5000) });
    }
    return this.#answers.shift() as Answer;
  }
}
