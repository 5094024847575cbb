import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { parseDocument, serialize } from "@rookery/xml";
import { utf8 } from "../bytes.ts";
import { bind2Bound, bind2Offer, bind2Request } from "./bind2.ts";
import { saslChannelBindings } from "./channel-binding.ts";
import { SaslError } from "./error.ts";
import { fastGrant, fastOffer, fastRequest, fastUse } from "./fast.ts";
import {
  sasl2Authenticate,
  sasl2Challenge,
  sasl2Continue,
  sasl2Failure,
  sasl2Next,
  sasl2Offer,
  sasl2Success,
} from "./sasl2.ts";
import { saslUpgrade, upgradeHash, upgradeSalt } from "./upgrade.ts";

const UUID = "d4565fa7-4d72-4749-b3d3-740edbf87770";

const authenticate = (content: string, mechanism = "PLAIN"): string =>
  `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='${mechanism}'>${content}</authenticate>`;

const refuses = (xml: string, condition: string): void =>
  assert.throws(
    () => sasl2Authenticate.read(parseDocument(xml)),
    (error) => error instanceof SaslError && error.condition === condition,
    xml,
  );

test("XEP-0388 §2.1: what a server offers is read back as it was written", () => {
  const offer = {
    mechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"],
    inline: [bind2Offer.write(["urn:xmpp:carbons:2"]), fastOffer.write(["HT-SHA-256-NONE"])],
    others: [saslUpgrade.write("UPGR-SCRAM-SHA-256")],
  };
  const read = sasl2Offer.read(sasl2Offer.write(offer));
  assert.deepEqual(read.mechanisms, offer.mechanisms);
  assert.deepEqual(bind2Offer.in({ children: read.inline }), ["urn:xmpp:carbons:2"]);
  assert.deepEqual(fastOffer.in({ children: read.inline }), ["HT-SHA-256-NONE"]);
  assert.deepEqual(saslUpgrade.in({ children: read.others ?? [] }), "UPGR-SCRAM-SHA-256");
});

test("XEP-0388 §2.3: the example of an authentication request", () => {
  const read = sasl2Authenticate.read(
    parseDocument(
      authenticate(
        `<initial-response>AGFsaWNl</initial-response>
         <user-agent id='${UUID.toUpperCase()}'><software>AwesomeXMPP</software><device>Kiva's Phone</device></user-agent>
         <bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/></bind>`,
      ),
    ),
  );
  assert.equal(read.mechanism, "PLAIN");
  assert.deepEqual(read.initialResponse, utf8("\0alice"));
  assert.deepEqual(read.userAgent, { id: UUID, software: "AwesomeXMPP", device: "Kiva's Phone" });
  const bind = bind2Request.in({ children: read.inline });
  assert.equal(bind?.tag, "AwesomeXMPP");
  assert.deepEqual(
    bind?.features.map(({ ns }) => ns),
    ["urn:xmpp:carbons:2"],
  );
  assert.deepEqual(sasl2Authenticate.read(sasl2Authenticate.write(read)).userAgent, read.userAgent);
});

test("XEP-0388 §2.2: no initial response is not an empty one", () => {
  const read = (content: string): Uint8Array | undefined =>
    sasl2Authenticate.read(parseDocument(authenticate(content))).initialResponse;
  assert.equal(read(""), undefined);
  assert.deepEqual(read("<initial-response/>"), new Uint8Array());
});

test("an <authenticate/> that cannot be read is refused", () => {
  refuses("<authenticate xmlns='urn:xmpp:sasl:2'/>", "invalid-mechanism");
  refuses(authenticate("<initial-response>=</initial-response>"), "incorrect-encoding");
  refuses(authenticate("<initial-response>AAAA\n</initial-response>"), "incorrect-encoding");
  refuses(authenticate("<initial-response><a/></initial-response>"), "incorrect-encoding");
  for (const id of ["", "me", `${UUID}0`, "x".repeat(5000)]) {
    refuses(authenticate(`<user-agent id='${id}'/>`), "malformed-request");
  }
});

test("a user agent that says too much of itself is cut, between characters", () => {
  const { userAgent } = sasl2Authenticate.read(
    parseDocument(
      authenticate(
        `<user-agent><software> a\n b </software><device>${"🌹".repeat(3000)}</device></user-agent>`,
      ),
    ),
  );
  assert.deepEqual(userAgent, { id: undefined, software: "a b", device: "🌹".repeat(100) });
});

test("XEP-0388 §2.6: success, failure and continue", () => {
  const success = {
    data: utf8("v=AAAA"),
    identity: Jid.parse("juliet@montague.example/Balcony/a987"),
    inline: [bind2Bound.write([])],
  };
  const read = sasl2Success.read(sasl2Success.write(success));
  assert.deepEqual([read.data, read.identity.toString()], [success.data, `${success.identity}`]);
  assert.deepEqual(bind2Bound.in({ children: read.inline }), []);

  const failure = sasl2Failure.write(new SaslError("aborted", "no"));
  assert.equal(
    serialize(failure, "jabber:client"),
    "<failure xmlns='urn:xmpp:sasl:2'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text xml:lang='en'>no</text></failure>",
  );
  const error = sasl2Failure.read(failure);
  assert.deepEqual([error.condition, error.message], ["aborted", "no"]);

  const more = { data: utf8("x"), tasks: ["HOTP-EXAMPLE", "TOTP-EXAMPLE"] };
  assert.deepEqual(sasl2Continue.read(sasl2Continue.write(more)), more);
  assert.equal(sasl2Next.read(sasl2Next.write("TOTP-EXAMPLE")), "TOTP-EXAMPLE");
  assert.deepEqual(sasl2Challenge.read(sasl2Challenge.write(utf8("r=1"))), utf8("r=1"));
});

test("XEP-0484 §3: what is said about tokens is read back as it was written", () => {
  for (const use of [
    { count: 123, invalidate: true },
    { count: undefined, invalidate: false },
  ]) {
    assert.deepEqual(fastUse.read(fastUse.write(use)), use);
  }
  assert.equal(fastRequest.read(fastRequest.write("HT-SHA-256-ENDP")), "HT-SHA-256-ENDP");
  const grant = { token: "abc", expiry: Date.UTC(2026, 2, 12, 14, 36, 15) };
  assert.deepEqual(fastGrant.read(fastGrant.write(grant)), grant);
  assert.throws(
    () => fastUse.read(parseDocument("<fast xmlns='urn:xmpp:fast:0' count='-1'/>")),
    SaslError,
  );
});

test("XEP-0440 §2 and XEP-0480 §3: types of binding, salt and hash", () => {
  const types = ["tls-server-end-point", "tls-exporter"];
  assert.deepEqual(saslChannelBindings.read(saslChannelBindings.write(types)), types);
  const salt = { salt: utf8("0123456789abcdef"), iterations: 10_000 };
  assert.deepEqual(upgradeSalt.read(upgradeSalt.write(salt)), salt);
  assert.deepEqual(upgradeHash.read(upgradeHash.write(utf8("x"))), utf8("x"));
  for (const xml of [
    "<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'/>",
    "<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='-1'>AAAA</salt>",
    "<salt xmlns='urn:xmpp:scram-upgrade:0'>AAAA</salt>",
  ]) {
    assert.throws(() => upgradeSalt.read(parseDocument(xml)), SaslError, xml);
  }
});
