import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { slixmpp, xmppJs } from "./support/clients.ts";
import { Peer } from "./support/peer.ts";
import { PASSWORD, Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };
const OPEN = { registration: "open" };

test(
  "slixmpp makes its account by xep_0077 where registration is open, and others log in to it",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, [], undefined, undefined, OPEN);
    const juliet = newcomer(t);
    const { jid, tls } = await registers(juliet, rookery, "juliet@localhost/balcony");
    assert.deepEqual([jid, tls], ["juliet@localhost/balcony", "TLSv1.3"]);
    await xmppJs(t, rookery).login(rookery, "juliet@localhost/js", "starttls");
    await assert.rejects(registers(newcomer(t), rookery, "juliet@localhost"), /conflict/);
    await assert.rejects(registers(newcomer(t), rookery, "admin@localhost"), /conflict/);
  },
);

test("slixmpp changes its password and leaves by xep_0077", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, [], undefined, undefined, OPEN);
  const juliet = newcomer(t);
  await registers(juliet, rookery, "juliet@localhost/balcony");
  await juliet.call("change_password", { password: "new" });
  const other = slixmpp(t);
  await other.login(rookery, "juliet@localhost/other", "starttls", { password: "new" });
  await juliet.call("cancel");
  for (const client of [juliet, other]) {
    await client.next("stream-error", { condition: "not-authorized" });
    await client.next("disconnected");
  }
  assert.deepEqual(await rookery.command(["user", "list"]), []);
  await assert.rejects(
    slixmpp(t).login(rookery, "juliet@localhost", "starttls", {
      password: "new",
      no_binding: true,
    }),
  );
});

test(
  "slixmpp makes its account with an invitation, once, and not without one",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, []);
    await assert.rejects(registers(newcomer(t), rookery, "juliet@localhost"), /not-allowed/);
    const [uri = ""] = await rookery.command(["invite", "--admin"]);
    const token = tokenOf(uri);
    await assert.rejects(
      registers(newcomer(t), rookery, "juliet@localhost", "wrong"),
      /item-not-found/,
    );
    await registers(newcomer(t), rookery, "juliet@localhost", token);
    await assert.rejects(
      registers(newcomer(t), rookery, "tybalt@localhost", token),
      /item-not-found/,
    );
    assert.deepEqual(await rookery.command(["user", "list"]), ["juliet@localhost"]);
  },
);

test("slixmpp is a contact of who invited it, who hears of it at once", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, []);
  const [first = ""] = await rookery.command(["invite"]);
  const romeo = newcomer(t);
  await registers(romeo, rookery, "romeo@localhost/orchard", tokenOf(first));
  await romeo.call("roster");
  const { uri } = await romeo.call("invite");
  assert.match(String(uri), /^xmpp:romeo@localhost\?roster;preauth=\w+;ibr=y$/);
  const juliet = newcomer(t);
  await registers(juliet, rookery, "juliet@localhost/balcony", tokenOf(String(uri)));
  const { items } = await juliet.call("roster");
  assert.deepEqual(items, { "romeo@localhost": "both" });
  await romeo.next("roster", { items: ["juliet@localhost"] });
});

function tokenOf(uri: string): string {
  return /preauth=(\w+)/.exec(uri)?.[1] ?? assert.fail(`no token in ${uri}`);
}

/** A client of slixmpp that has no account yet. */
function newcomer(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("./slixmpp/register.py"));
  return new Peer(t, ["/usr/bin/python3", "-u", "-W", "ignore::DeprecationWarning", script], {});
}

function registers(
  client: Peer,
  { ports, certificate }: Rookery,
  jid: string,
  token?: string,
): Promise<{ readonly [key: string]: unknown }> {
  return client.call("register", {
    jid,
    password: PASSWORD,
    port: ports.c2s,
    ca: certificate,
    ...(token !== undefined && { token }),
  });
}
