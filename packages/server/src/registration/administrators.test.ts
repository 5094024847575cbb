import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { createServer, type Server } from "../server.ts";

const JULIET = Jid.parse("juliet@example.org");
const ROMEO = Jid.parse("romeo@example.org");

test("who was made an administrator is one after the server has started again, on all its domains", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "rookery-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const start = (): Promise<Server> =>
    createServer({
      data,
      domains: [{ name: "example.org" }, { name: "example.net" }],
      admins: ["romeo@example.org"],
    });
  const first = await start();
  const host = first.host("example.org");
  await host.administration.create(JULIET, "pencil", { admin: true });
  await host.administration.create(ROMEO, "pencil");
  assert.equal(first.host("example.net").isAdmin(JULIET.withResource("balcony")), true);
  await first.stop();
  const second = await start();
  assert.equal(second.host("example.net").isAdmin(JULIET), true);
  assert.equal(second.host("example.org").isAdmin(ROMEO), true);
  assert.equal(second.host("example.org").isAdmin(Jid.parse("nurse@example.org")), false);
  await second.host("example.org").administration.remove(JULIET);
  await second.stop();
  const third = await start();
  assert.equal(third.host("example.org").isAdmin(JULIET), false);
  await third.stop();
});

test("an account that cannot be made makes no administrator", async () => {
  const server = await createServer({ storage: "memory", domains: [{ name: "example.org" }] });
  const { administration } = server.host("example.org");
  await administration.create(JULIET, "pencil");
  await assert.rejects(administration.create(JULIET, "x", { admin: true }), { problem: "exists" });
  const twice = [1, 2].map(() => administration.create(ROMEO, "x", { admin: true }));
  const done = await Promise.allSettled(twice);
  assert.equal(done.filter(({ status }) => status === "fulfilled").length, 1);
  assert.equal(server.host("example.org").isAdmin(JULIET), false);
  await server.stop();
});
