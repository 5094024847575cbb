import assert from "node:assert/strict";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { chooseMechanism } from "@rookery/stream";
import { PASSWORD, type TestClient, TestServer, TLS } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { nodeCrypto } from "../../accounts/node-crypto.ts";

const MECHANISM = "SCRAM-SHA-256";

/** Logs in without saying the password. */
async function enters(client: TestClient, username: string): Promise<void> {
  await client.open("example.org");
  const scram = chooseMechanism([MECHANISM], {
    crypto: nodeCrypto,
    username,
    password: PASSWORD,
  });
  assert.ok(scram);
  client.send(`<auth xmlns='${NS.sasl}' mechanism='${MECHANISM}'>${base64(scram.start())}</auth>`);
  const challenge = Buffer.from((await client.element()).text, "base64");
  client.send(`<response xmlns='${NS.sasl}'>${base64(await scram.respond(challenge))}</response>`);
  assert.equal((await client.element()).name, "success");
  await client.open("example.org");
  client.send(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
  assert.equal((await client.element()).attr("type"), "result");
}

function base64(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString("base64");
}

async function asks(client: TestClient, xml: string): Promise<Element> {
  client.send(xml);
  return client.element();
}

function conditionOf(answer: Element): string | undefined {
  return answer.child(NS.client, "error")?.elements()[0]?.name;
}

test("XEP-0077 §3.3: nobody changes a password in the clear, however it is addressed", async () => {
  const auth = { requireTls: false, plainWithoutTls: false };
  await using stage = await TestServer.start({ config: { auth } });
  await stage.accounts("romeo@example.org", "juliet@example.org");
  for (const [user, tls] of [
    ["romeo", undefined],
    ["juliet", TLS],
  ] as const) {
    const client = stage.connect("192.0.2.1", tls);
    await enters(client, user);
    for (const to of ["", "to='example.org'", `to='${user}@example.org'`]) {
      const answer = await asks(
        client,
        `<iq type='set' id='p' ${to}><query xmlns='jabber:iq:register'>
          <username>${user}</username><password>new</password></query></iq>`,
      );
      assert.equal(conditionOf(answer), tls === undefined ? "not-authorized" : undefined, to);
    }
    await client.close();
  }
});

test("RFC 6120 §8.3: a request that cannot be read is answered after login, and ends no stream", async () => {
  await using stage = await TestServer.start();
  const romeo = await stage.login("romeo@example.org/balcony");
  for (const ns of ["jabber:iq:register", "urn:xmpp:pars:0"]) {
    const wrong = await asks(romeo, `<iq type='wrong' id='w'><query xmlns='${ns}'/></iq>`);
    assert.equal(conditionOf(wrong), "bad-request", ns);
  }
  const known = await asks(romeo, "<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>");
  assert.equal(known.attr("type"), "result");
});
