import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, NS, type RegisterQuery, registerQuery } from "@rookery/protocol";
import { conversation, Person, type TestClient, TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { nameHeld, registration } from "./contract.ts";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const STANZAS = NS.stanzaErrors;
const open = { config: { registration: "open" } } as const;

/** Without a stream to `to`, as clients ask before they log in. */
function fieldsIq(id = "r1"): string {
  return `<iq type='get' id='${id}'><query xmlns='jabber:iq:register'/></iq>`;
}

function registerIq(username: string, password: string, id = "r2"): string {
  return `<iq type='set' id='${id}' to='example.org'><query xmlns='jabber:iq:register'>
    <username>${username}</username><password>${password}</password></query></iq>`;
}

/** A connection with a stream that has not logged in. */
async function stranger(stage: TestServer, address?: string): Promise<TestClient> {
  const client = stage.connect(address);
  await client.open("example.org");
  return client;
}

async function asks(client: TestClient, xml: string): Promise<Element> {
  client.send(xml);
  return client.element();
}

function conditionOf(answer: Element): string | undefined {
  const error = answer.child(NS.client, "error");
  return error?.elements().find(({ ns, name }) => ns === STANZAS && name !== "text")?.name;
}

const readQuery = (answer: Element): RegisterQuery | undefined => registerQuery.in(answer);

async function registers(
  stage: TestServer,
  username: string,
  address?: string,
): Promise<string | undefined> {
  const client = await stranger(stage, address);
  const answer = await asks(client, registerIq(username, "pencil"));
  await client.close();
  return answer.attr("type") === "result" ? "registered" : conditionOf(answer);
}

test("XEP-0077 §3.1, §8: somebody learns the fields, makes an account and logs in to it", async () => {
  await using stage = await TestServer.start(open);
  const client = stage.connect();
  const { features } = await client.open("example.org");
  assert.ok(features.child("http://jabber.org/features/iq-register", "register"));
  const fields = readQuery(await asks(client, fieldsIq()));
  assert.deepEqual(fields?.fields, { username: "", password: "" });
  assert.equal(fields?.registered, false);
  const done = await asks(client, registerIq("Bill", "Calliope"));
  assert.deepEqual([done.attr("type"), done.attr("id")], ["result", "r2"]);
  assert.deepEqual(done.elements(), []);
  const jid = await stage.connect().login(Jid.parse("bill@example.org"), "Calliope", "globe");
  assert.equal(jid.toString(), "bill@example.org/globe");
});

test("XEP-0077 §4: a form is taken in place of the fields", async () => {
  await using stage = await TestServer.start(open);
  const client = await stranger(stage);
  const done = await asks(
    client,
    `<iq type='set' id='f'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>
      <field var='FORM_TYPE'><value>jabber:iq:register</value></field>
      <field var='username'><value>bill</value></field>
      <field var='password'><value>Calliope</value></field></x></query></iq>`,
  );
  assert.equal(done.attr("type"), "result");
  await stage.connect().login(Jid.parse("bill@example.org"), "Calliope");
});

test("XEP-0077 §3.1: what is empty or no name is not acceptable, and no password is sent back", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, limits: { authenticationTries: 20 } },
  });
  const client = await stranger(stage);
  for (const [username, password] of [
    ["", "secret"],
    ["bill", ""],
    ["a b", "secret"],
    ["bill@example.org", "secret"],
    ["bill", "x".repeat(1025)],
    ["bill", "&#x9;"],
    ["n".repeat(1024), "secret"],
  ] as const) {
    const answer = await asks(client, registerIq(username, password));
    assert.equal(conditionOf(answer), "not-acceptable", `${username} ${password}`);
    assert.equal(answer.child("jabber:iq:register"), undefined);
  }
  const empty = "<iq type='set' id='e'><query xmlns='jabber:iq:register'/></iq>";
  assert.equal(conditionOf(await asks(client, empty)), "not-acceptable");
});

test("RFC 7622 §3.3: names that are prepared alike are one account, and one conflict", async () => {
  await using stage = await TestServer.start(open);
  await stage.accounts("romeo@example.org");
  for (const name of ["romeo", "ROMEO", "Ｒomeo"]) {
    assert.equal(await registers(stage, name), "conflict", name);
  }
});

test("reserved names, kept names and names of administrators look like taken ones", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, admins: ["bard@example.org"] },
  });
  await stage.accounts("romeo@example.org");
  stage.server
    .host("example.org")
    .hooks.add(nameHeld, "answer", "test", ({ account }: { readonly account: Jid }) =>
      account.local === "kept" ? true : undefined,
    );
  const texts = new Set<string | undefined>();
  for (const name of ["romeo", "admin", "bard", "kept"]) {
    const client = await stranger(stage);
    const answer = await asks(client, registerIq(name, "pencil"));
    assert.equal(conditionOf(answer), "conflict", name);
    const text = answer.child(NS.client, "error")?.child(STANZAS, "text")?.text;
    texts.add(text?.replace(name, "NAME"));
  }
  assert.equal(texts.size, 1);
});

test("two who want the same name at once: one gets it", async () => {
  await using stage = await TestServer.start(open);
  const clients = await Promise.all([stranger(stage), stranger(stage), stranger(stage)]);
  const answers = await Promise.all(clients.map((one) => asks(one, registerIq("bill", "x"))));
  const conditions = answers.map((answer) => conditionOf(answer)).filter(Boolean);
  assert.deepEqual(conditions, ["conflict", "conflict"]);
});

test("XEP-0077 §3.1.1: one account for each stream, and a few tries", async () => {
  await using stage = await TestServer.start(open);
  await stage.accounts("romeo@example.org");
  const client = await stranger(stage);
  assert.equal((await asks(client, registerIq("bill", "x"))).attr("type"), "result");
  assert.equal(conditionOf(await asks(client, registerIq("will", "x"))), "not-acceptable");
  const other = await stranger(stage);
  for (let i = 0; i < 5; i++) {
    assert.equal(conditionOf(await asks(other, registerIq("romeo", "x"))), "conflict");
  }
  const end = await other.element();
  assert.ok(end.child("urn:ietf:params:xml:ns:xmpp-streams", "policy-violation"));
});

test("limits.registrationsPerAddress: an hour takes so many from one address, and failures do not count", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, limits: { registrationsPerAddress: 2 } },
  });
  const here = "127.0.0.1"; // no address is exempt
  assert.equal(await registers(stage, "a", here), "registered");
  assert.equal(await registers(stage, "a", here), "conflict");
  assert.equal(await registers(stage, "b", here), "registered");
  assert.equal(await registers(stage, "c", here), "resource-constraint");
  assert.equal(await registers(stage, "c", "192.0.2.7"), "registered");
  assert.equal(await registers(stage, "d", "2001:db8::1"), "registered");
  assert.equal(await registers(stage, "e", "2001:db8::2"), "registered");
  assert.equal(await registers(stage, "f", "2001:db8::3"), "resource-constraint");
  stage.clock.advance(3_600_000);
  assert.equal(await registers(stage, "f", here), "registered");
});

test("limits.registrations: an hour takes so many from all addresses together", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, limits: { registrations: 3 } },
  });
  const names = ["a", "b", "c", "d", "e"];
  const done = await Promise.all(
    names.map((name, i) => registers(stage, name, `192.0.2.${i + 1}`)),
  );
  assert.equal(done.filter((one) => one === "registered").length, 3);
  assert.equal(done.filter((one) => one === "resource-constraint").length, 2);
});

test("limits.registrationTriesPerAddress: who tries names is told nothing more after a while", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, limits: { registrationTriesPerAddress: 3 } },
  });
  await stage.accounts("romeo@example.org");
  for (let i = 0; i < 3; i++) assert.equal(await registers(stage, "romeo"), "conflict");
  assert.equal(await registers(stage, "romeo"), "resource-constraint");
  assert.equal(await registers(stage, "somebody"), "resource-constraint");
  assert.equal(await registers(stage, "somebody", "192.0.2.99"), "registered");
});

test("registration: invite and closed let nobody in who has shown nothing", async () => {
  for (const [mode, condition, offered] of [
    ["invite", "not-allowed", true],
    ["closed", "service-unavailable", false],
  ] as const) {
    await using stage = await TestServer.start({ config: { registration: mode } });
    const client = stage.connect();
    const { features } = await client.open("example.org");
    const feature = features.child("http://jabber.org/features/iq-register", "register");
    assert.equal(feature !== undefined, offered, mode);
    assert.equal(conditionOf(await asks(client, fieldsIq())), condition);
    assert.equal(conditionOf(await asks(client, registerIq("bill", "x"))), condition);
    assert.ok(
      !(await stage.server.host("example.org").accounts.exists(Jid.parse("bill@example.org"))),
    );
  }
});

test("limits.registrationSeconds: whoever fills in the fields has more time than one who is silent", async () => {
  await using stage = await TestServer.start(open);
  const silent = await stranger(stage);
  const typing = await stranger(stage);
  await asks(typing, fieldsIq());
  stage.clock.advance(60_000);
  const timeout = "connection-timeout";
  const end = async (client: TestClient): Promise<string | undefined> =>
    (await client.element()).elements()[0]?.name;
  assert.equal(await end(silent), timeout);
  assert.equal((await asks(typing, registerIq("bill", "x"))).attr("type"), "result");
  stage.clock.advance(240_000);
  assert.equal(await end(typing), timeout);
});

test("XEP-0077 §11: nobody registers before TLS where passwords need it", async () => {
  await using stage = await TestServer.start({
    config: { ...open.config, auth: { requireTls: true, plainWithoutTls: false } },
  });
  const client = stage.connect();
  const { features } = await client.open("example.org");
  assert.equal(features.child("http://jabber.org/features/iq-register"), undefined);
  assert.equal(conditionOf(await asks(client, fieldsIq())), "not-authorized");
  assert.equal(conditionOf(await asks(client, registerIq("bill", "x"))), "not-authorized");
});

test("XEP-0077 §3.2, §3.3: there is nothing to remove or change before login", async () => {
  await using stage = await TestServer.start(open);
  const client = await stranger(stage);
  const remove = "<iq type='set' id='x'><query xmlns='jabber:iq:register'><remove/></query></iq>";
  assert.equal(conditionOf(await asks(client, remove)), "unexpected-request");
});

test("hostile requests before login are answered, and other IQs end the stream", async () => {
  await using stage = await TestServer.start(open);
  const client = await stranger(stage);
  for (const xml of [
    "<iq type='set' id='1'><query xmlns='jabber:iq:register'><remove/><username/></query></iq>",
    "<iq type='get'><query xmlns='jabber:iq:register'/></iq>",
    "<iq type='set' id='1'><register xmlns='jabber:iq:register'/></iq>",
    "<iq type='set' id='1'><query xmlns='jabber:iq:register'/><query xmlns='jabber:iq:register'/></iq>",
  ]) {
    assert.equal(conditionOf(await asks(client, xml)), "bad-request", xml);
  }
  client.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  const end = await client.element();
  assert.ok(end.child("urn:ietf:params:xml:ns:xmpp-streams", "not-authorized"));
});

for (const to of ["", "to='example.org'"]) {
  test(
    `XEP-0077 §3.1: who is logged in is registered already (${to || "no address"})`,
    conversation(cast, async ({ romeo }) => {
      await romeo.asks(
        `<iq type='get' id='g' ${to}><query xmlns='jabber:iq:register'/></iq>`,
        `<iq type='result' id='g'><query xmlns='jabber:iq:register'>
          <registered/><username>romeo</username><password/></query></iq>`,
      );
    }),
  );

  test(
    `XEP-0077 §3.3: somebody changes the own password (${to || "no address"})`,
    conversation(cast, async ({ romeo, stage }) => {
      const change = (username: string, password: string): string =>
        `<iq type='set' id='p' ${to}><query xmlns='jabber:iq:register'>
          ${username}<password>${password}</password></query></iq>`;
      await romeo.asks(change("<username>romeo</username>", "new"), "<iq type='result' id='p'/>");
      const client = stage.connect();
      await client.login(Jid.parse("romeo@example.org"), "new");
      const refused = async (xml: string, condition: string): Promise<void> => {
        const answer = await romeo.asks(xml);
        assert.equal(conditionOf(answer), condition);
        assert.equal(answer.child("jabber:iq:register"), undefined, "the password came back");
      };
      await refused(change("", "other"), "bad-request");
      await refused(change("<username>romeo</username>", ""), "bad-request");
      await refused(change("<username>juliet</username>", "other"), "not-allowed");
      await refused(change("<username>romeo</username>", "x".repeat(2000)), "not-acceptable");
      const again = stage.connect();
      await again.login(Jid.parse("romeo@example.org"), "new");
    }),
  );

  test(
    `XEP-0077 §3.2: somebody removes the own account, hears of it, and all sessions end (${to || "no address"})`,
    conversation(
      { ...cast, tablet: "romeo@example.org/tablet" },
      async ({ romeo, tablet, stage }) => {
        romeo.client.send(
          `<iq type='set' id='u' ${to}><query xmlns='jabber:iq:register'><remove/></query></iq>`,
        );
        await romeo.receives("<iq type='result' id='u'/>");
        for (const { client } of [romeo, tablet]) {
          const end = await client.element();
          assert.ok(end.child("urn:ietf:params:xml:ns:xmpp-streams", "not-authorized"));
        }
        await stage.settled();
        const { accounts } = stage.server.host("example.org");
        assert.equal(await accounts.exists(Jid.parse("romeo@example.org")), false);
        assert.equal(await accounts.exists(Jid.parse("juliet@example.org")), true);
      },
    ),
  );
}

test(
  "who stands in `admins` cannot leave, or the next owner of the name would be an administrator",
  conversation(
    cast,
    async ({ romeo }) => {
      const answer = await romeo.asks(
        "<iq type='set' id='u'><query xmlns='jabber:iq:register'><remove/></query></iq>",
      );
      assert.equal(conditionOf(answer), "not-allowed");
    },
    { config: { admins: ["romeo@example.org"] } },
  ),
);

test(
  "accounts of other domains have nothing to register here",
  conversation(
    { stranger: "stranger@example.net/x" },
    async ({ stranger: other, stage }) => {
      await stage.accounts("stranger@example.org");
      for (const inside of [
        "",
        "<remove/>",
        "<username>stranger</username><password>x</password>",
      ]) {
        const type = inside === "" ? "get" : "set";
        const answer = await other.asks(
          `<iq type='${type}' id='o' to='example.org'><query xmlns='jabber:iq:register'>${inside}</query></iq>`,
        );
        assert.equal(conditionOf(answer), "service-unavailable");
      }
      const { accounts } = stage.server.host("example.org");
      assert.equal(await accounts.exists(Jid.parse("stranger@example.org")), true);
    },
    { config: { domains: [{ name: "example.org" }, { name: "example.net" }] } },
  ),
);

test(
  "others' accounts are neither described nor changed",
  conversation(cast, async ({ romeo, juliet }) => {
    for (const type of ["get", "set"]) {
      const answer = await romeo.asks(
        `<iq type='${type}' id='o' to='juliet@example.org'><query xmlns='jabber:iq:register'>
          <username>juliet</username><password>x</password></query></iq>`,
      );
      assert.equal(conditionOf(answer), "service-unavailable");
    }
    await juliet.receivesNothing();
  }),
);

test("an account that was to be removed when the server was killed goes at the next start", async () => {
  await using stage = await TestServer.start();
  const leaver = await Person.enters(stage, "romeo@example.org/balcony");
  const host = stage.server.host("example.org");
  const remove = host.administration.remove.bind(host.administration);
  host.administration.remove = () => Promise.reject(new Error("the disk is full"));
  leaver.client.send(
    "<iq type='set' id='u'><query xmlns='jabber:iq:register'><remove/></query></iq>",
  );
  await leaver.receives("<iq type='result' id='u'/>");
  host.administration.remove = remove;
  const account = Jid.parse("romeo@example.org");
  assert.equal(await host.accounts.exists(account), true);
  await host.modules.reload(registration.name, {});
  stage.clock.advance(2000);
  for (let i = 0; i < 100 && (await host.accounts.exists(account)); i++) {
    await new Promise(setImmediate);
  }
  assert.equal(await host.accounts.exists(account), false);
});
