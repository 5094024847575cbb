/** XEP-0191 §3.3 as a table: what becomes of each kind of stanza, in each direction. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { marker } from "@rookery/protocol";
import { befriend, conversation, describe, Person, type Scene } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { messageFlow } from "../../im/contract.ts";

/** What the sender and the recipient get. */
type Outcome = "arrives" | "is answered" | "nothing" | "service-unavailable" | "not-acceptable";

interface Row {
  readonly kind: string;
  /** The stanza, with the id x1. */
  readonly stanza: string;
  /** Addressed to the resource and not to the account. */
  readonly toResource?: true;
  /** What is between the two before. */
  readonly between?: "friends" | "recipient asked";
  /** If nobody blocks anybody. */
  readonly online: Outcome;
  readonly offline: Outcome;
  /** If the recipient blocks the sender. */
  readonly blockedIn: Outcome;
  /** If the sender blocks the recipient. */
  readonly blockedOut: Outcome;
}

const BODY = "<body>hi</body>";
const PING = "<x xmlns='urn:example'/>";

const TABLE: readonly Row[] = [
  {
    kind: "message chat",
    stanza: `<message id='x1' type='chat'>${BODY}</message>`,
    online: "arrives",
    offline: "nothing",
    blockedIn: "service-unavailable",
    blockedOut: "not-acceptable",
  },
  {
    kind: "message normal",
    stanza: `<message id='x1'>${BODY}</message>`,
    online: "arrives",
    offline: "nothing",
    blockedIn: "service-unavailable",
    blockedOut: "not-acceptable",
  },
  {
    kind: "message headline",
    stanza: `<message id='x1' type='headline'>${BODY}</message>`,
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "message groupchat",
    stanza: `<message id='x1' type='groupchat'>${BODY}</message>`,
    toResource: true,
    online: "arrives",
    offline: "service-unavailable",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "message error",
    stanza: "<message id='x1' type='error'><error type='cancel'/></message>",
    toResource: true,
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "nothing",
  },
  {
    kind: "presence available",
    stanza: "<presence id='x1'/>",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence unavailable",
    stanza: "<presence id='x1' type='unavailable'/>",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence subscribe",
    stanza: "<presence id='x1' type='subscribe'/>",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence subscribed",
    stanza: "<presence id='x1' type='subscribed'/>",
    between: "recipient asked",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence unsubscribe",
    stanza: "<presence id='x1' type='unsubscribe'/>",
    between: "friends",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence unsubscribed",
    stanza: "<presence id='x1' type='unsubscribed'/>",
    between: "friends",
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence probe",
    stanza: "<presence id='x1' type='probe'/>",
    between: "friends",
    online: "is answered",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "not-acceptable",
  },
  {
    kind: "presence error",
    stanza: "<presence id='x1' type='error'><error type='cancel'/></presence>",
    toResource: true,
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "nothing",
  },
  {
    kind: "iq get",
    stanza: `<iq id='x1' type='get'>${PING}</iq>`,
    toResource: true,
    online: "arrives",
    offline: "service-unavailable",
    blockedIn: "service-unavailable",
    blockedOut: "not-acceptable",
  },
  {
    kind: "iq set",
    stanza: `<iq id='x1' type='set'>${PING}</iq>`,
    toResource: true,
    online: "arrives",
    offline: "service-unavailable",
    blockedIn: "service-unavailable",
    blockedOut: "not-acceptable",
  },
  {
    kind: "iq get to the account",
    stanza: `<iq id='x1' type='get'>${PING}</iq>`,
    online: "is answered",
    offline: "is answered",
    blockedIn: "service-unavailable",
    blockedOut: "not-acceptable",
  },
  {
    kind: "iq result",
    stanza: "<iq id='x1' type='result'/>",
    toResource: true,
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "nothing",
  },
  {
    kind: "iq error",
    stanza: "<iq id='x1' type='error'><error type='cancel'/></iq>",
    toResource: true,
    online: "arrives",
    offline: "nothing",
    blockedIn: "nothing",
    blockedOut: "nothing",
  },
];

const cast = { sender: "romeo@example.org/balcony", recipient: "juliet@example.org/x" } as const;

for (const row of TABLE) {
  for (const blocked of ["nobody", "recipient", "sender"] as const) {
    for (const online of [true, false]) {
      const expected = outcomeOf(row, blocked, online);
      const by = blocked === "nobody" ? "nobody blocks" : `the ${blocked} blocks`;
      test(
        `XEP-0191 §3.3: ${row.kind}, ${by}, the recipient is ${online ? "online" : "offline"}: ${expected}`,
        conversation(cast, (scene) => play(scene, { row, blocked, online, expected })),
      );
    }
  }
}

function outcomeOf(row: Row, blocked: "nobody" | "recipient" | "sender", online: boolean): Outcome {
  if (blocked === "recipient") return row.blockedIn;
  if (blocked === "sender") return row.blockedOut;
  return online ? row.online : row.offline;
}

/** Something that accounts answer, and a place for messages to those who are offline. */
const surroundings: Module<NoOptions, void> = defineModule({
  name: "surroundings",
  implements: [],
  setup(host) {
    host.iq("account", "get", marker("urn:example", "x"), () => {});
    host.on(messageFlow, "deliver", ({ stanza, direction, targets }) => {
      const waits = direction === "received" && targets().length === 0 && stanza.to?.isBare;
      return waits && stanza.type !== "headline" ? "handled" : undefined;
    });
  },
});

async function play(
  { sender, recipient, stage }: Scene<typeof cast>,
  {
    row,
    blocked,
    online,
    expected,
  }: {
    readonly row: Row;
    readonly blocked: "nobody" | "recipient" | "sender";
    readonly online: boolean;
    readonly expected: Outcome;
  },
): Promise<void> {
  await stage.server.host("example.org").modules.load(surroundings, {});
  for (const person of [sender, recipient]) {
    await person.sends("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    await person.comesOnline();
  }
  if (row.between === "friends") await befriend(sender, recipient);
  if (row.between === "recipient asked") {
    await recipient.sends(`<presence type='subscribe' to='${sender.jid.bare}'/>`);
  }
  if (blocked !== "nobody") {
    const [blocker, other] = blocked === "sender" ? [sender, recipient] : [recipient, sender];
    await blocker.sends(`<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'>
      <item jid='${other.jid.bare}'/></block></iq>`);
  }
  if (!online) await recipient.client.close();
  await sender.ignoresAll();
  recipient.client.clear();

  const to = row.toResource ? recipient.jid : recipient.jid.bare;
  await sender.sends(row.stanza.replace(" id='x1'", ` id='x1' to='${to}'`));
  await stage.settled();

  assert.equal(seenBy(sender, recipient, row), expected);
}

/** What came of it. */
function seenBy(sender: Person, recipient: Person, { kind }: Row): Outcome {
  const [name = "", type = "normal"] = kind.split(" ");
  const arrived = elementsOf(recipient).filter((e) => fromOf(e) === String(sender.jid.bare));
  const back = elementsOf(sender).filter((e) => fromOf(e) === String(recipient.jid.bare));
  const refused = back.find((e) => e.attr("type") === "error" && e.attr("id") === "x1");
  if (refused !== undefined) {
    assert.equal(arrived.length, 0, "what is refused does not arrive");
    return conditionOf(refused);
  }
  if (arrived.length > 0) {
    const found = arrived.filter(
      (e) => e.name === name && (e.attr("id") === "x1" || type === "subscribe"),
    );
    assert.ok(found.length > 0, arrived.map(describe).join());
    return "arrives";
  }
  return back.length > 0 ? "is answered" : "nothing";
}

function conditionOf(stanza: Element): Outcome {
  const error = stanza.child("jabber:client", "error");
  const condition = error?.child("urn:ietf:params:xml:ns:xmpp-stanzas")?.name;
  const specific = error?.child("urn:xmpp:blocking:errors", "blocked");
  assert.equal(specific !== undefined, condition === "not-acceptable");
  assert.equal(error?.attr("type"), "cancel");
  return condition as Outcome;
}

function elementsOf({ client }: Person): Element[] {
  return client.queued.filter((r) => r !== "closed" && !("event" in r)) as Element[];
}

function fromOf(element: Element): string {
  return (element.attr("from") ?? "").split("/")[0] ?? "";
}
