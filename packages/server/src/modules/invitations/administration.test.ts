/** What the command line asks for; see also `cli.process.test.ts` of the command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";
import { Administration } from "../../admin/administration.ts";
import { performCommand } from "../../admin/commands.ts";

test("administrators make, list and take back invitations of all domains", async () => {
  await using stage = await TestServer.start({
    config: { domains: [{ name: "a.example" }, { name: "b.example" }] },
  });
  const administration = new Administration(stage.server);
  const made = await performCommand(administration, "invite.create", { admin: true, days: 2 });
  const token = /^xmpp:a\.example\?register;preauth=([a-z2-9]{26})$/.exec(made.uri)?.[1];
  assert.ok(token !== undefined, made.uri);
  assert.equal(made.admin, true);
  const other = await performCommand(administration, "invite.create", {
    domain: "b.example",
    name: "Juliet",
  });
  assert.match(other.uri, /^xmpp:juliet@b\.example\?register;/);
  const { invitations } = await performCommand(administration, "invite.list", {});
  const facts = invitations.map(({ id, domain, name, uses }) => [id, domain, name, uses]);
  assert.deepEqual(facts, [
    [made.id, "a.example", undefined, 1],
    [other.id, "b.example", "juliet", 1],
  ]);
  assert.ok(!JSON.stringify(invitations).includes(token));
  await performCommand(administration, "invite.revoke", { id: other.id });
  const left = await performCommand(administration, "invite.list", { domain: "b.example" });
  assert.deepEqual(left.invitations, []);
  await assert.rejects(performCommand(administration, "invite.revoke", { id: other.id }), {
    code: "not-found",
  });
});

test("what administrators ask for wrongly is told, and what they cannot have", async () => {
  await using stage = await TestServer.start();
  await stage.accounts("romeo@example.org");
  const administration = new Administration(stage.server);
  for (const [args, code] of [
    [{ domain: "c.example" }, "not-found"],
    [{ uses: 100_000 }, "bad-request"],
    [{ days: 0 }, "bad-request"],
    [{ name: "a b" }, "bad-request"],
    [{ name: "romeo" }, "already-exists"],
  ] as const) {
    const done = performCommand(administration, "invite.create", args);
    await assert.rejects(done, { code }, JSON.stringify(args));
  }
  stage.server.host("example.org").modules.unload("invitations");
  await assert.rejects(performCommand(administration, "invite.create", {}), {
    code: "refused",
    message: /left out/,
  });
});
