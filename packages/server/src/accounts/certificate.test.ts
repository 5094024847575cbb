import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import * as fc from "fast-check";
import { Authority, type Contents } from "./authority.test.ts";
import { ClientCertificates } from "./certificate.ts";
import { personalNames } from "./certificate-names.ts";

const clock = new VirtualClock();
const NOW = clock.now();
const DAY = 86_400_000;
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

function source(ca: string, email = false): ClientCertificates {
  return new ClientCertificates({ domain: Jid.parse("example.org"), clock, ca, email });
}

/** Whom a certificate of a trusted authority stands for. */
function accountsOf(contents: Contents, email = false): readonly string[] {
  const authority = new Authority("Verona", NOW);
  const { cert } = authority.issue(contents);
  return source(authority.cert, email).identities(new X509Certificate(cert));
}

test("XEP-0178 §2: one XMPP address in a certificate is the account", () => {
  assert.deepEqual(accountsOf({ xmpp: ["Romeo@Example.org"] }), ["romeo@example.org"]);
});

test("XEP-0178 §2: of several, those of this host, of which the client says which", () => {
  const xmpp = ["romeo@example.org", "benvolio@example.org", "romeo@example.net"];
  assert.deepEqual(accountsOf({ xmpp }), ["romeo@example.org", "benvolio@example.org"]);
});

test("what is no account stands for none: a domain, a resource, another host, what is no address", () => {
  const xmpp = ["example.org", "romeo@example.org/orchard", "romeo@example.net", "@", "a b@c", ""];
  assert.deepEqual(accountsOf({ xmpp }), []);
});

test("XEP-0178 §2: an e-mail address is one of an account only where that is configured, and only without an XMPP address", () => {
  const email = ["romeo@example.org"];
  assert.deepEqual(accountsOf({ email }), []);
  assert.deepEqual(accountsOf({ email }, true), ["romeo@example.org"]);
  assert.deepEqual(accountsOf({ email, xmpp: ["tybalt@example.org"] }, true), [
    "tybalt@example.org",
  ]);
});

test("names of hosts are for servers, and stand for nobody", () => {
  assert.deepEqual(accountsOf({ dns: ["romeo.example.org", "example.org"] }, true), []);
});

test("a name that is written so as to look like another in a text stays what it is", () => {
  const email = ["x, othername:XmppAddr:admin@example.org"];
  assert.deepEqual(accountsOf({ email }, true), []);
});

test("a certificate for servers alone is not one for clients (RFC 5280 §4.2.1.12)", () => {
  const xmpp = ["romeo@example.org"];
  assert.deepEqual(accountsOf({ xmpp, usage: [SERVER_AUTH] }), []);
  assert.deepEqual(accountsOf({ xmpp, usage: [SERVER_AUTH, CLIENT_AUTH] }), xmpp);
});

test("outside the time that it is valid in, a certificate stands for nobody", () => {
  const xmpp = ["romeo@example.org"];
  assert.deepEqual(accountsOf({ xmpp, to: NOW - 1000 }), []);
  assert.deepEqual(accountsOf({ xmpp, from: NOW + DAY }), []);
});

test("an authority that the domain does not trust says nothing here, though it has the same name", () => {
  const [trusted, other] = [new Authority("Verona", NOW), new Authority("Verona", NOW)];
  const { cert } = other.issue({ xmpp: ["romeo@example.org"] });
  assert.deepEqual(source(trusted.cert).identities(new X509Certificate(cert)), []);
  const both = source(trusted.cert + other.cert).identities(new X509Certificate(cert));
  assert.deepEqual(both, ["romeo@example.org"]);
});

test("what is configured as authorities has at least one certificate", () => {
  assert.throws(() => source("nothing"), /no certificate/);
});

test("an authority below another is trusted if it is configured as well", () => {
  const root = new Authority("Verona", NOW);
  const middle = new Authority("Montague", NOW, root);
  const { cert } = middle.issue({ xmpp: ["romeo@example.org"] });
  const both = source(root.cert + middle.cert).identities(new X509Certificate(cert));
  assert.deepEqual(both, ["romeo@example.org"]);
  assert.deepEqual(source(root.cert).identities(new X509Certificate(cert)), []);
});

test("a client that holds a certificate issues none", () => {
  const root = new Authority("Verona", NOW);
  const romeo = root.issue({ xmpp: ["romeo@example.org"] });
  assert.deepEqual(source(romeo.cert).identities(new X509Certificate(romeo.cert)), []);
});

test("any bytes have names or none, and nothing else happens", () => {
  const { cert } = new Authority("Verona", NOW).issue({ xmpp: ["romeo@example.org"] });
  const { raw } = new X509Certificate(cert);
  assert.deepEqual(personalNames(raw).xmpp, ["romeo@example.org"]);
  fc.assert(
    fc.property(fc.nat(raw.length - 1), fc.nat(255), fc.nat(raw.length), (at, byte, length) => {
      const broken = Buffer.from(raw);
      broken[at] = byte;
      assert.ok(Array.isArray(personalNames(broken.subarray(0, length)).xmpp));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => Array.isArray(personalNames(bytes).email)));
});
