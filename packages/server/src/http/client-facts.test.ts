import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import fc from "fast-check";
import { Networks } from "../config/networks.ts";
import type { TlsFacts } from "../transports/connection.ts";
import { secureElsewhere } from "../transports/tls-facts.ts";
import { type ClientFacts, clientFacts } from "./client-facts.ts";
import { HttpError } from "./reply.ts";

const TLS: TlsFacts = { ...secureElsewhere, protocol: "TLSv1.3" };
const PROXIES = new Networks(["10.0.0.0/8", "2001:db8::1"]);

function facts(address: string, headers: IncomingHttpHeaders, tls = false): ClientFacts {
  const peer = { address, tls: tls ? TLS : undefined };
  return clientFacts(peer, { host: "example.org", ...headers }, PROXIES);
}

test("TLS here is what a stream is told of, and a proxy's word where there is a proxy", () => {
  assert.equal(facts("192.0.2.1", {}, true).tls, TLS);
  assert.equal(facts("10.0.0.1", { "x-forwarded-for": "192.0.2.1" }, true).tls, secureElsewhere);
  const clear = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http" };
  assert.equal(facts("10.0.0.1", clear, true).tls, undefined);
});

test("who is no configured proxy is believed nothing about others", () => {
  const lies = {
    forwarded: "for=192.0.2.9;proto=https;host=evil.example",
    "x-forwarded-for": "192.0.2.8",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
  };
  assert.deepEqual(facts("192.0.2.1", lies), {
    address: "192.0.2.1",
    secure: false,
    tls: undefined,
    host: "example.org",
    scheme: "http",
  });
});

test("RFC 7239 §4: a configured proxy tells whose request it is, and how it came", () => {
  const told = facts("10.0.0.1", {
    forwarded: 'For="[2001:db8:cafe::17]:4711";Proto=https;host=a.example',
  });
  assert.deepEqual(told, {
    address: "2001:db8:cafe::17",
    secure: true,
    tls: secureElsewhere,
    host: "a.example",
    scheme: "https",
  });
  const usual = facts("10.0.0.1", {
    "x-forwarded-for": "192.0.2.9:1234",
    "x-forwarded-proto": "https",
  });
  assert.deepEqual(usual, { ...told, address: "192.0.2.9", host: "example.org" });
});

test("a list is read from the nearest proxy outwards, and not beyond the first that is not trusted", () => {
  const chain = "for=203.0.113.1;proto=https, for=192.0.2.9;proto=http, for=10.0.0.2;proto=https";
  assert.deepEqual(facts("10.0.0.1", { forwarded: chain }), {
    address: "192.0.2.9",
    secure: false,
    tls: undefined,
    host: "example.org",
    scheme: "http",
  });
  const xff = { "x-forwarded-for": "203.0.113.1, 192.0.2.9, 10.0.0.2" };
  assert.equal(facts("10.0.0.1", xff).address, "192.0.2.9");
  assert.equal(facts("192.0.2.1", xff).address, "192.0.2.1");
});

test("RFC 7239 §6.3: a client that its proxy hides counts as the proxy", () => {
  for (const hidden of ["unknown", "_secret", '"_secret:_port"']) {
    assert.equal(facts("10.0.0.1", { forwarded: `for=${hidden};proto=https` }).address, "10.0.0.1");
  }
});

test("a proxy that says two things, or what cannot be read, is refused", () => {
  const wrong: readonly IncomingHttpHeaders[] = [
    { forwarded: "for=192.0.2.1", "x-forwarded-for": "192.0.2.2" },
    { forwarded: "for=192.0.2.1;for=192.0.2.2" },
    { forwarded: "for=example.org" },
    { forwarded: 'for="192.0.2.1' },
    { forwarded: "" },
    { "x-forwarded-for": "me" },
    { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "gopher" },
  ];
  for (const headers of wrong) {
    assert.throws(
      () => facts("10.0.0.1", headers),
      (error) => error instanceof HttpError && error.status === 400,
      JSON.stringify(headers),
    );
  }
});

test("plain HTTP is safe from this machine to itself, unless a proxy may stand between", () => {
  const local = (address: string, host: string, more: IncomingHttpHeaders = {}): boolean =>
    facts(address, { host, ...more }).secure;
  assert.equal(local("127.0.0.1", "localhost:5280"), true);
  assert.equal(local("::1", "[::1]:5280", { origin: "http://localhost:5280" }), true);
  assert.equal(local("127.0.0.1", "chat.localhost"), true);
  assert.equal(local("192.0.2.1", "localhost:5280"), false);
  assert.equal(local("127.0.0.1", "example.org"), false);
  assert.equal(local("127.0.0.1", "127.0.0.1:5280", { origin: "http://example.org" }), false);
  assert.equal(local("127.0.0.1", "localhost", { "x-forwarded-for": "192.0.2.1" }), false);
  assert.equal(local("127.0.0.1", "localhost", { via: "1.1 proxy" }), false);
});

test("nothing that a proxy may write breaks the reading", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (forwarded, list, proto) => {
      try {
        const headers = { forwarded, "x-forwarded-for": list, "x-forwarded-proto": proto };
        assert.ok(facts("10.0.0.1", headers).address);
      } catch (error) {
        assert.ok(error instanceof HttpError);
      }
    }),
  );
});
