import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toClientNs } from "@rookery/stream";
import { type TestClient, TestServer } from "@rookery/testkit";
import { Element, type Node, parseDocument, serialize } from "@rookery/xml";
import fc from "fast-check";

const ACCEPT = "jabber:component:accept";
const SECRET = "wherefore art thou";
const config = { components: { "soap.example.org": { secret: SECRET } } };

/** The request of XEP-0072 §3.2, example 3, shortened. */
const SOAP = `<env:Envelope xmlns:env='http://www.w3.org/2003/05/soap-envelope'>
  <env:Header><m:reservation xmlns:m='http://travelcompany.example.org/reservation'
      env:role='http://www.w3.org/2003/05/soap-envelope/role/next' env:mustUnderstand='true'>
    <m:reference>uuid:093a2da1-q345-739r-ba5d-pqff98fe8j7d</m:reference></m:reservation></env:Header>
  <env:Body><p:itinerary xmlns:p='http://travelcompany.example.org/reservation/travel'>
    <p:departure xml:lang='en'><p:departing>New &amp; York</p:departing></p:departure></p:itinerary>
  </env:Body></env:Envelope>`;

const name = fc.constantFrom("a", "b", "Body", "x-1", "message", "été", "名");
const ns = fc.constantFrom(
  "urn:a",
  "urn:b",
  "http://x/?a&b='",
  "jabber:client",
  "jabber:server",
  "",
);
const text = fc
  .string({
    unit: fc.constantFrom("a", " ", "\n", "\t", "\r", "<", "&", "'", '"', "]]>", "é", "😀"),
  })
  .filter((value) => value !== "");
const key = fc.constantFrom(
  "a",
  "b",
  "type",
  "xml:lang",
  "{urn:a}a",
  "{urn:b}b",
  "{jabber:client}to",
);
const attrs = fc
  .uniqueArray(fc.tuple(key, text), { selector: ([k]) => k, maxLength: 3 })
  .map((pairs) => pairs.flat());

const { element } = fc.letrec<{ element: Element; node: Node }>((tie) => ({
  element: fc
    .tuple(ns, name, attrs, fc.array(tie("node"), { maxLength: 3, depthIdentifier: "tree" }))
    .map(([n, local, own, children]) => new Element(n, local, own, joined(children))),
  node: fc.oneof({ depthIdentifier: "tree", maxDepth: 4 }, text, tie("element")),
}));

/** Adjacent texts are one, as a parser gives them. */
function joined(children: readonly Node[]): Node[] {
  const nodes: Node[] = [];
  for (const node of children) {
    const last = nodes.at(-1);
    if (typeof node === "string" && typeof last === "string") nodes[nodes.length - 1] = last + node;
    else nodes.push(node);
  }
  return nodes;
}

async function component(stage: TestServer): Promise<TestClient> {
  const client = stage.connectComponent();
  client.write(
    `<stream:stream xmlns='${ACCEPT}' xmlns:stream='http://etherx.jabber.org/streams' to='soap.example.org'>`,
  );
  const open = await client.next();
  assert.ok(open !== "closed" && "event" in open && open.event === "open");
  const digest = createHash("sha1")
    .update(`${open.header.attr("id")}${SECRET}`)
    .digest("hex");
  client.write(`<handshake>${digest}</handshake>`);
  await client.element();
  return client;
}

test("XEP-0072 §3.2, RFC 6120 §8.4: what no one here understands crosses clients and components unharmed", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = await stage.login("romeo@example.org/balcony");
  const juliet = await stage.login("juliet@example.org/chamber");
  const service = await component(stage);

  async function crosses(payload: Element): Promise<void> {
    const xml = serialize(payload, "jabber:client");
    romeo.send(`<iq type='set' id='q' to='juliet@example.org/chamber'>${xml}</iq>`);
    const [direct] = (await juliet.element()).elements();
    assert.deepEqual(direct, payload);

    romeo.send(`<message to='soap.example.org' type='normal'>${xml}</message>`);
    let sent = toClientNs(await service.element(), ACCEPT);
    // now and then the server asks what the component has read
    while (sent.child("urn:xmpp:ping")) sent = toClientNs(await service.element(), ACCEPT);
    assert.deepEqual(sent.elements(), [payload]);

    service.write(
      `<message from='soap.example.org' to='juliet@example.org/chamber'>${xml}</message>`,
    );
    assert.deepEqual((await juliet.element()).elements(), [payload]);
  }

  await crosses(parseDocument(SOAP));
  await fc.assert(fc.asyncProperty(element, crosses), { numRuns: 300 });
});
