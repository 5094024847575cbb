import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import {
  PASSWORD,
  Person,
  TestServer,
  type TestServerOptions,
  VirtualClock,
} from "@rookery/testkit";
import { systemRandom } from "../clock.ts";
import { resolveConfig } from "../config/resolve.ts";
import { silentLog } from "../log.ts";
import { openStorage } from "../storage/open.ts";
import type { HostAccounts } from "./host-accounts.ts";
import { openAccounts } from "./open.ts";

const SUBSCRIBE = "<presence type='subscribe' to='juliet@example.org'/>";
const ROSTER_SET =
  "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org'/></query></iq>";
const PRIVATE =
  "<iq type='set' id='p'><query xmlns='jabber:iq:private'><notes xmlns='x:notes'>secret</notes></query></iq>";

const GUESTS: TestServerOptions = {
  config: {
    domains: [{ name: "example.org", auth: { guests: { enabled: true } } }, { name: "a.example" }],
  },
};

interface Stage {
  readonly stage: TestServer;
  readonly accounts: HostAccounts;
  /** A guest who has bound a resource. */
  readonly enters: () => Promise<Person>;
}

async function withGuests(
  scene: (stage: Stage) => Promise<void>,
  options: TestServerOptions = GUESTS,
): Promise<void> {
  await using stage = await TestServer.start(options);
  const enters = async (): Promise<Person> => {
    const client = stage.connect();
    await client.open("example.org");
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
    assert.equal((await client.element()).name, "success");
    await client.open("example.org");
    client.send(
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>",
    );
    const bound = await client.answer("b");
    client.jid = Jid.parse(bound.child(BIND, "bind")?.child(BIND, "jid")?.text ?? "");
    return new Person(client, stage);
  };
  await scene({ stage, enters, accounts: stage.server.host("example.org").accounts });
}

async function refused(person: Person, stanza: string, condition: string): Promise<void> {
  person.client.send(stanza);
  const answer = await person.client.element();
  assert.equal(answer.attr("type"), "error", stanza);
  assert.ok(answer.child("jabber:client", "error")?.child(STANZAS, condition), stanza);
}

const DISCO = "http://jabber.org/protocol/disco#info";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

test("XEP-0175 §2: without being configured no guests are let in", () =>
  withGuests(async ({ stage, accounts }) => {
    assert.equal(accounts.anonymous, undefined);
    const client = stage.connect();
    const { features } = await client.open("example.org");
    assert.ok(!features.elements().some((feature) => feature.text.includes("ANONYMOUS")));
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
    const failure = await client.element();
    assert.ok(failure.child("urn:ietf:params:xml:ns:xmpp-sasl", "invalid-mechanism"));
  }, {}));

test("XEP-0175 §2: a guest has a UUID for a name, another one each time, and talks to people here", () =>
  withGuests(async ({ stage, enters }) => {
    const [guest, other] = [await enters(), await enters()];
    assert.match(guest.jid.local, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.notEqual(guest.jid.local, other.jid.local);
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    await juliet.comesOnline();
    await guest.sends(
      "<message to='juliet@example.org' type='chat'><body>who's there</body></message>",
    );
    await juliet.receives(`<message from='${guest.jid}' type='chat'><body>*</body></message>`);
    await juliet.sends(`<message to='${guest.jid}' type='chat'><body>a rose</body></message>`);
    await guest.receives(
      "<message from='juliet@example.org/chamber' type='chat'><body>*</body></message>",
    );
  }));

test("XEP-0175 §2: guests reach no other domain, hosted here or not, by any stanza", () =>
  withGuests(async ({ enters }) => {
    const guest = await enters();
    for (const to of ["a.example", "romeo@a.example", "romeo@remote.example", "notexample.org"]) {
      await refused(guest, `<message id='m' to='${to}'><body>hi</body></message>`, "not-allowed");
      await refused(guest, `<presence id='p' to='${to}'/>`, "not-allowed");
      await refused(
        guest,
        `<iq id='i' type='get' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`,
        "not-allowed",
      );
    }
    // what is below the own domain is its services
    await refused(guest, "<message id='m' to='x@rooms.example.org'/>", "remote-server-not-found");
  }));

test("domains that guests reach as well are configured", () =>
  withGuests(
    async ({ stage, enters }) => {
      const guest = await enters();
      const romeo = await Person.enters(stage, "romeo@a.example/home");
      await romeo.comesOnline();
      await guest.sends("<message to='romeo@a.example' type='chat'><body>hi</body></message>");
      await romeo.receives(`<message from='${guest.jid}' type='chat'><body>hi</body></message>`);
    },
    {
      config: {
        domains: [
          { name: "example.org", auth: { guests: { enabled: true, reach: ["a.example"] } } },
          { name: "a.example" },
        ],
      },
    },
  ));

test("XEP-0175 §2: guests have no contacts, and are nobody's", () =>
  withGuests(async ({ stage, enters }) => {
    const guest = await enters();
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    await juliet.asksForRoster();
    await juliet.comesOnline();
    await refused(guest, SUBSCRIBE, "not-allowed");
    await refused(guest, ROSTER_SET, "not-allowed");
    await juliet.receivesNothing();
    await juliet.sends(`<presence id='s' type='subscribe' to='${guest.jid.bare}'/>`);
    await stage.settled();
    assert.equal(guest.client.queued.length, 0);
  }));

test("XEP-0175 §4: a guest is an anonymous account to service discovery", () =>
  withGuests(async ({ stage, enters }) => {
    const guest = await enters();
    const request = `<iq id='d' type='get' to='${guest.jid.bare}'><query xmlns='${DISCO}'/></iq>`;
    const identity = async (person: Person): Promise<string | undefined> =>
      (await person.asks(request)).child(DISCO, "query")?.child(DISCO, "identity")?.attr("type");
    if (stage.server.host("example.org").features("account").includes(DISCO)) {
      assert.equal(await identity(guest), "anonymous");
    }
  }));

test("XEP-0175 §2: when the session of a guest ends, the name and everything it owned are gone", () =>
  withGuests(async ({ stage, enters, accounts }) => {
    const guest = await enters();
    await guest.asks(PRIVATE);
    assert.equal(await accounts.exists(guest.jid.bare), true);
    const removed: string[] = [];
    const remove = accounts.remove.bind(accounts);
    accounts.remove = async (account) => {
      removed.push(account.toString());
      await remove(account);
    };
    await guest.leaves();
    await stage.settled();
    assert.deepEqual(removed, [guest.jid.bare.toString()]);
    assert.equal(await accounts.exists(guest.jid.bare), false);
    assert.deepEqual(await accounts.list(), []);
    const juliet = await Person.enters(stage, "juliet@example.org/chamber");
    const late = `<message id='m' type='chat' to='${guest.jid.bare}'><body>?</body></message>`;
    await refused(juliet, late, "service-unavailable");
  }));

test("a guest who binds no resource is gone when a login has to be complete", () =>
  withGuests(async ({ stage, accounts }) => {
    const name = await accounts.anonymous?.enter("192.0.2.1");
    assert.ok(name !== undefined && accounts.guests?.has(name));
    stage.clock.advance(60_000);
    await stage.settled();
    await new Promise(setImmediate);
    assert.equal(accounts.guests?.has(name), false);
  }));

test("limits.guests bounds how many there are at once", () =>
  withGuests(
    async ({ enters, accounts, stage }) => {
      const first = await enters();
      await enters();
      await assert.rejects(async () => accounts.anonymous?.enter("192.0.2.1"), {
        name: "SaslError",
        condition: "temporary-auth-failure",
      });
      await first.leaves();
      await stage.settled();
      await enters();
    },
    { config: { ...GUESTS.config, limits: { guests: 2 } } },
  ));

test("limits.guestsPerAddress keeps one address from taking all places", () =>
  withGuests(
    async ({ enters, accounts }) => {
      await enters();
      const again = async (address: string): Promise<string | undefined> =>
        accounts.anonymous?.enter(address);
      await assert.rejects(again("192.0.2.1"), { condition: "temporary-auth-failure" });
      assert.ok(await again("192.0.2.2"));
      assert.ok(await again("2001:db8::1"));
      await assert.rejects(again("2001:db8::2"), { condition: "temporary-auth-failure" });
    },
    { config: { ...GUESTS.config, limits: { guestsPerAddress: 1 } } },
  ));

test("while a guest is called so, nobody makes an account of the name", () =>
  withGuests(async ({ enters, stage }) => {
    const guest = await enters();
    const { administration } = stage.server.host("example.org");
    await assert.rejects(administration.create(guest.jid.bare, PASSWORD), { problem: "exists" });
  }));

test("what guests have left behind whose server was killed is removed at the next start", async () => {
  const storage = await openStorage({ driver: "memory" });
  const services = {
    storage,
    clock: new VirtualClock(),
    random: systemRandom,
    log: silentLog,
    limits: resolveConfig({}).limits,
  };
  const domain = Jid.parse("example.org");
  const config = { accounts: "internal", guests: { enabled: true, reach: [] } } as const;
  const before = await openAccounts(domain, config, services);
  const guest = Jid.of(
    (await before.anonymous?.enter("192.0.2.1")) ?? "",
    "example.org",
  ).toString();
  const text = { encode: (value: string) => value, decode: (value: string) => value };
  const spec = { shape: "map", name: "test/notes", version: 1, codec: text } as const;
  const notes = await storage.map(spec);
  for (const owner of [guest, "juliet@example.org"]) await notes.put(owner, "note", "secret");
  const after = await openAccounts(domain, config, services);
  assert.equal(await notes.get(guest, "note"), undefined);
  assert.ok(await notes.get("juliet@example.org", "note"));
  assert.equal(await after.exists(Jid.parse(guest)), false);
  await storage.close();
});
