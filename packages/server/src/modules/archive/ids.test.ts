import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { stanzaXml } from "@rookery/testkit";
import { el } from "@rookery/xml";
import { systemRandom } from "../../clock.ts";
import { Session } from "../../sessions/session.ts";
import { SessionTable } from "../../sessions/table.ts";
import { archiveId } from "./ids.ts";

const OUTLET = {
  send: () => {},
  close: () => {},
  flushed: () => Promise.resolve(),
  maxQueuedBytes: 0,
  leftovers: () => [],
};

function idOf(xml: string, lineage = "lineage", resource = "balcony"): string {
  const jid = Jid.parse(`romeo@example.org/${resource}`);
  const session = new Session(jid, 0, OUTLET, lineage);
  return archiveId(Stanza.read(stanzaXml(xml), jid), session, systemRandom).id;
}

const ONE = "<message id='1' type='chat' to='a@b'><body>x</body><a b='c' d='e'>f<g/></a></message>";

test("the same message of the same client has the same id, whatever its resource is by then", () => {
  assert.match(idOf(ONE), /^[0-9a-f]{32}$/);
  assert.equal(idOf(ONE), idOf(ONE));
  assert.equal(idOf(ONE), idOf(ONE, "lineage", "other"));
});

test("another message, or another client, has another id", () => {
  const others = [
    ONE.replace("id='1'", "id='2'"),
    ONE.replace("chat", "normal"),
    ONE.replace("a@b", "a@c"),
    ONE.replace(">x<", ">y<"),
    ONE.replace("b='c' d='e'", "b='c d' e=''"),
    ONE.replace("f<g/>", "<g>f</g>"),
    ONE.replace("f<g/>", "<g/>f"),
    ONE.replace("<g/></a>", "</a><g/>"),
    ONE.replace("<g/>", "<g xmlns='h'/>"),
  ];
  const ids = [idOf(ONE), idOf(ONE, "another"), ...others.map((xml) => idOf(xml))];
  assert.equal(new Set(ids).size, others.length + 2);
});

test("a message that its client cannot name has an id by chance", () => {
  const nameless = ONE.replace("id='1' ", "");
  assert.notEqual(idOf(nameless), idOf(nameless));
  assert.notEqual(idOf(ONE, ""), idOf(ONE, ""));
  const origin = nameless.replace("<body>", "<origin-id xmlns='urn:xmpp:sid:0' id='1'/><body>");
  assert.equal(idOf(origin), idOf(origin));
});

test("SECURITY: depth costs no stack", () => {
  let deep = el("urn:x", "a");
  for (let depth = 0; depth < 100_000; depth++) deep = el("urn:x", "a", {}, deep);
  const from = Jid.parse("romeo@example.org/balcony");
  const session = new Session(from, 0, OUTLET, "lineage");
  const message = new Stanza({ kind: "message", type: "chat", id: "1", from, children: [deep] });
  assert.match(archiveId(message, session, systemRandom).id, /^[0-9a-f]{32}$/);
});

test("what a client says in its first session is of a series; after a loss it may be known", () => {
  const jid = Jid.parse("romeo@example.org/balcony");
  const message = Stanza.read(stanzaXml(ONE), jid);
  const seriesOf = (session: Session): number | undefined =>
    archiveId(message, session, systemRandom).series;
  const [first, other] = ["a", "b"].map((lineage) => new Session(jid, 0, OUTLET, lineage));
  assert.ok(first && other);
  assert.equal(seriesOf(other), undefined);
  const table = new SessionTable();
  table.add(first);
  assert.equal(seriesOf(first), 1);
  assert.equal(
    archiveId(message.with({ id: undefined, children: [] }), first, systemRandom).series,
    0,
  );
  table.remove(first);
  const next = new Session(jid, 0, OUTLET, "a", true);
  table.add(next);
  assert.equal(seriesOf(next), undefined);
});
