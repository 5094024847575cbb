import assert from "node:assert/strict";
import { test } from "node:test";
import { el, type Node } from "@rookery/xml";
import fc, { type Arbitrary } from "fast-check";
import type { Codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { archivePreferences } from "./archive-preferences.ts";
import { carbonReceived, carbonSent } from "./carbons.ts";
import { displayedUpTo } from "./displayed.ts";
import { uploadRequest, uploadSlot } from "./http-upload.ts";
import { archiveFin, archiveMetadata, archiveQuery, archiveResult } from "./message-archive.ts";
import { encryption } from "./message-content.ts";
import { reactions, receipt, reply, tombstone } from "./message-references.ts";
import { offlineItem, offlineRequest } from "./offline-retrieval.ts";
import { pubsubAnswer } from "./pubsub/answer.ts";
import { pubsubEvent } from "./pubsub/event.ts";
import { pubsubOwner } from "./pubsub/owner.ts";
import { pubsubRequest } from "./pubsub/request.ts";
import { pushDisable, pushEnable, pushNotification } from "./push.ts";
import { smAnswer, smEnable, smEnabled, smFailed, smResume } from "./stream-management.ts";

const word = fc.constantFrom(
  "",
  "0",
  "1",
  "-1",
  "true",
  "a",
  "a@b.example",
  "a@b@c",
  "toString",
  "__proto__",
  "subscribed",
  "owner",
  "view",
  "always",
  "2010-07-10T23:08:25Z",
  "submit",
  "urn:xmpp:mam:2",
  "none",
  "\n",
);
const attribute = fc.constantFrom(
  ...`h previd id max resume node jid subid notify max_items uri subscription
    affiliation expiry default type var action stamp name size filename url by to
    timestamp complete stable index namespace`.split(/\s+/),
);
const name = fc.constantFrom(
  ...`toString constructor item items publish retract create configure subscribe
    options publish-options subscription subscriptions affiliation affiliations
    default delete purge redirect configuration always never jid start end put get
    header ephemeral fetch reaction stanza-id`.split(/\s+/),
);
const known = fc.constantFrom(
  ...[
    ["jabber:x:data", "x"],
    ["jabber:x:data", "field"],
    ["jabber:x:data", "value"],
    ["http://jabber.org/protocol/rsm", "set"],
    ["http://jabber.org/protocol/rsm", "max"],
    ["urn:xmpp:forward:0", "forwarded"],
    ["jabber:client", "message"],
    ["urn:xmpp:delay", "delay"],
    ["urn:xmpp:sid:0", "stanza-id"],
    ["urn:xmpp:http:upload:purpose:0", "ephemeral"],
  ].map(([ns, local]) => ({ ns, local })),
);

/** Elements made of the words of a payload in any order, three levels deep. */
function nonsense(ns: string): Arbitrary<readonly Node[]> {
  const attrs = fc.dictionary(attribute, word, { maxKeys: 4 });
  const kind = fc.oneof(known, fc.record({ ns: fc.constant(ns), local: name }));
  const level = (inside: Arbitrary<readonly Node[]>): Arbitrary<readonly Node[]> =>
    fc.array(
      fc.oneof(
        word.filter((text) => text !== ""),
        fc
          .tuple(kind, attrs, inside)
          .map(([{ ns: own = "", local = "" }, values, nodes]) => el(own, local, values, ...nodes)),
      ),
      { maxLength: 3 },
    );
  return level(level(level(fc.constant([]))));
}

function holds<T>(kind: Codec<T>): void {
  test(`any <${kind.name} xmlns='${kind.ns}'/> is read, and then written, or refused`, () => {
    const attrs = fc.dictionary(attribute, word, { maxKeys: 5 });
    fc.assert(
      fc.property(attrs, nonsense(kind.ns), (values, nodes) => {
        let value: T;
        try {
          value = kind.read(el(kind.ns, kind.name, values, ...nodes));
        } catch (error) {
          assert.ok(error instanceof StanzaError, String(error));
          return;
        }
        assert.deepEqual(kind.read(kind.write(value)), value);
      }),
    );
  });
}

holds(smAnswer);
holds(smEnable);
holds(smEnabled);
holds(smFailed);
holds(smResume);
holds(archiveQuery);
holds(archiveResult);
holds(archiveFin);
holds(archiveMetadata);
holds(archivePreferences);
holds(pubsubRequest);
holds(pubsubAnswer);
holds(pubsubOwner);
holds(pubsubEvent);
holds(displayedUpTo);
holds(carbonReceived);
holds(carbonSent);
holds(pushEnable);
holds(pushDisable);
holds(pushNotification);
holds(offlineRequest);
holds(offlineItem);
holds(uploadRequest);
holds(uploadSlot);
holds(receipt);
holds(reactions);
holds(reply);
holds(tombstone);
holds(encryption);
