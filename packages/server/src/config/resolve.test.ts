import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { accountsOf } from "./auth.ts";
import type { ConfigInput } from "./config.ts";
import { LIMITS, type LimitName } from "./limits.ts";
import { ConfigError } from "./problems.ts";
import { RESERVED_NAMES } from "./reserved.ts";
import { resolveConfig } from "./resolve.ts";

/** The lines of the error that a configuration is refused with. */
function problems(input: unknown, modules?: ReadonlyMap<string, z.ZodType>): string[] {
  try {
    resolveConfig(input as ConfigInput, { base: "/srv", ...(modules && { modules }) });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

test("no configuration at all serves localhost with all defaults", () => {
  const config = resolveConfig({}, { base: "/srv" });
  assert.deepEqual(config.domains, [{ name: "localhost" }]);
  assert.equal(config.data, "/srv/data");
  assert.equal(config.storage, "sqlite");
  assert.deepEqual(config.listen, {
    c2s: [{ port: 5222 }],
    c2sTls: [{ port: 5223 }],
    component: [],
    http: [{ port: 5280 }],
    https: [{ port: 5443 }],
  });
  assert.deepEqual(config.auth, {
    requireTls: true,
    plainWithoutTls: false,
    channelBinding: "auto",
    resourceConflict: "replace",
    accounts: "internal",
    reserved: RESERVED_NAMES,
  });
  assert.equal(config.modules.size, 0);
  assert.deepEqual(config.admins, []);
  assert.equal(config.log.level, "info");
  for (const [name, { default: usual }] of Object.entries(LIMITS)) {
    assert.equal(config.limits[name as LimitName], usual, name);
  }
});

test("the default of every limit is a value that the limit allows", () => {
  const limits = Object.fromEntries(Object.entries(LIMITS).map(([n, l]) => [n, l.default]));
  assert.deepEqual(problems({ limits }), []);
});

test("what is configured is read, prepared and made absolute", () => {
  const config = resolveConfig(
    {
      domains: [{ name: "Example.ORG", tls: { cert: "./c.pem", key: "/etc/k.pem" } }],
      data: "var",
      storage: "memory",
      listen: { c2s: [0, "[::1]:5222"], c2sTls: false, http: 80, https: false },
      web: { url: "HTTPS://Chat.example.org/im/", origins: ["*", "https://a.example:443"] },
      proxies: { trusted: ["10.0.0.0/8", "::1"], protocol: ["c2s"] },
      limits: { idleSeconds: 0, stanzaBytes: 10_000 },
      modules: { ping: true, version: false, archive: { keep: "30d" }, "./own.ts": { a: 1 } },
      admins: ["Romeo@example.org"],
      log: { level: "debug" },
    },
    { base: "/srv" },
  );
  assert.deepEqual(config.domains, [
    { name: "example.org", tls: { cert: "/srv/c.pem", key: "/etc/k.pem" } },
  ]);
  assert.equal(config.data, "/srv/var");
  assert.deepEqual(config.listen, {
    c2s: [{ port: 0 }, { host: "::1", port: 5222 }],
    c2sTls: [],
    component: [],
    http: [{ port: 80 }],
    https: [],
  });
  assert.deepEqual(config.web, {
    url: "https://chat.example.org/im",
    origins: ["*", "https://a.example"],
  });
  assert.deepEqual(config.proxies, { trusted: ["10.0.0.0/8", "::1"], protocol: ["c2s"] });
  assert.equal(config.limits.idleSeconds, 0);
  assert.deepEqual(
    [...config.modules],
    [
      ["ping", {}],
      ["version", false],
      ["archive", { keep: "30d" }],
      ["/srv/own.ts", { a: 1 }],
    ],
  );
  assert.equal(config.admins.length, 1);
  assert.equal(config.admins[0]?.domain, "example.org");
});

test("what is no web address, origin or network is refused", () => {
  assert.match(problems({ web: { url: "chat.example.org" } })[0] ?? "", /is no web address/);
  assert.match(problems({ web: { url: "ftp://a.example" } })[0] ?? "", /is no web address/);
  assert.match(problems({ web: { origins: ["https://a/b"] } })[0] ?? "", /is no origin/);
  for (const network of ["10.0.0.0/33", "example.org", "1.2.3", "::1/129", ""]) {
    assert.match(problems({ proxies: { trusted: [network] } })[0] ?? "", /is no address/);
  }
  assert.match(problems({ proxies: { protocol: ["c2s"] } })[0] ?? "", /proxies\.trusted/);
});

test("a configuration that is resolved already comes back as it is", () => {
  const config = resolveConfig({ storage: "memory" });
  assert.equal(resolveConfig(config), config);
});

test("an unknown key is refused with the nearest valid spelling, at every depth", () => {
  assert.deepEqual(problems({ lisen: {} }), ['unknown key "lisen"; did you mean "listen"?']);
  assert.deepEqual(problems({ limits: { idelSeconds: 9 } }), [
    'unknown key "idelSeconds" in limits; did you mean "idleSeconds"?',
  ]);
  assert.deepEqual(problems({ domains: [{ name: "a.example", tsl: {} }] }), [
    'unknown key "tsl" in domains[0]; did you mean "tls"?',
  ]);
});

test("a key at the wrong place is shown the right one", () => {
  assert.deepEqual(problems({ stanzaBytes: 20_000 }), [
    'unknown key "stanzaBytes"; did you mean "limits.stanzaBytes"?',
  ]);
});

test("keys of the prototype of objects are unknown keys", () => {
  const input: unknown = JSON.parse('{"__proto__": {}, "constructor": 1}');
  assert.equal(problems(input).length, 2);
  const config = resolveConfig(JSON.parse('{"modules": {"__proto__": {"ping": false}}}'));
  assert.equal(config.modules.get("ping"), undefined);
});

test("all problems are told at once, each with the offending value", () => {
  assert.deepEqual(
    problems({
      data: 7,
      listen: { c2s: 70_000, c2sTls: [5223, "x"] },
      auth: { requireTls: "no" },
      limits: { stanzaBytes: 5, idleSeconds: 1.5 },
      admins: "romeo",
      log: { level: "wran" },
    }),
    [
      "data: found 7; expected a text",
      "listen.c2s: the port of 70000 is not between 0 (any free one) and 65535",
      'listen.c2sTls[1]: "x" is not "host:port"; write for example 5222, "127.0.0.1:5222" or "[::1]:5222"',
      'auth.requireTls: found "no"; expected true or false',
      "limits.stanzaBytes: found 5; expected a whole number from 10000",
      "limits.idleSeconds: found 1.5; expected a whole number from 10, or 0 for off",
      'admins: found "romeo"; expected a list',
      'log.level: found "wran"; expected debug or info or warn or error; did you mean "warn"?',
    ],
  );
});

test("what bounds a single stanza can not be turned off", () => {
  for (const name of ["stanzaBytes", "preAuthStanzaBytes", "stanzaDepth", "stanzaElements"]) {
    assert.equal(problems({ limits: { [name]: 0 } }).length, 1, name);
  }
});

test("the driver for PostgreSQL is refused by name, without showing the password", () => {
  assert.deepEqual(problems({ storage: "postgres://rookery:secret@db/rookery" }), [
    'storage: the driver for PostgreSQL is not there yet; use "sqlite"',
  ]);
  assert.match(problems({ storage: "sqlit" })[0] ?? "", /did you mean "sqlite"/);
});

test("domains are domain names, at least one, none twice", () => {
  assert.match(problems({ domains: [] })[0] ?? "", /at least one/);
  assert.match(problems({ domains: [{ name: "a@example.org" }] })[0] ?? "", /not a domain name/);
  assert.match(problems({ domains: [{ name: "a b" }] })[0] ?? "", /"a b"/);
  assert.match(problems({ domains: [{ name: "" }] })[0] ?? "", /^domains\[0\]\.name: /);
  const twice = [{ name: "example.org" }, { name: "EXAMPLE.org" }];
  assert.match(problems({ domains: twice })[0] ?? "", /named twice/);
});

test("admins are accounts of a served domain", () => {
  assert.match(problems({ admins: ["localhost"] })[0] ?? "", /user@domain/);
  assert.match(problems({ admins: ["romeo@localhost/orchard"] })[0] ?? "", /user@domain/);
  assert.match(problems({ admins: ["romeo@locahost"] })[0] ?? "", /on no domain served here/);
  assert.match(problems({ admins: ["ro meo@localhost"] })[0] ?? "", /^admins\[0\]: /);
});

test("passwords in the clear need TLS to be optional", () => {
  const auth = { plainWithoutTls: true };
  assert.match(problems({ auth })[0] ?? "", /^auth\.plainWithoutTls: .*requireTls/);
  assert.deepEqual(problems({ auth: { ...auth, requireTls: false } }), []);
});

test("one address is not listened on twice, except port 0", () => {
  assert.match(problems({ listen: { c2s: 5223 } })[0] ?? "", /already taken by listen\.c2s/);
  assert.deepEqual(problems({ listen: { c2s: [0, 0], c2sTls: 0 } }), []);
});

test("components speak for domains of their own, each named once, with a secret", () => {
  const secret = "wherefore art thou";
  const config = resolveConfig({ components: { "Plays.Example.ORG": { secret } } });
  assert.deepEqual([...config.components], [["plays.example.org", { secret }]]);
  assert.match(problems({ components: { localhost: { secret } } })[0] ?? "", /is served here/);
  assert.match(problems({ components: { "a@b.org": { secret } } })[0] ?? "", /not a domain name/);
  assert.match(
    problems({ components: { "b.org": { secret }, "B.org": { secret } } })[0] ?? "",
    /named twice/,
  );
  assert.match(problems({ components: { "b.org": { secret: "short" } } })[0] ?? "", /8 characters/);
});

test("a module that does not exist, and an option it does not have, are refused", () => {
  const modules = new Map<string, z.ZodType>([
    ["ping", z.strictObject({})],
    ["archive", z.strictObject({ keep: z.string().prefault("30d").describe("How long.") })],
  ]);
  assert.deepEqual(problems({ modules: { pong: true, "./own.ts": { any: 1 } } }, modules), [
    'unknown module "pong"; did you mean "ping"?',
  ]);
  assert.deepEqual(problems({ modules: { archive: { kepe: 1, keep: 2 } }, lisen: 1 }, modules), [
    'unknown key "lisen"; did you mean "listen"?',
    "modules.archive.keep: found 2; expected a text",
    'unknown key "kepe" in modules.archive; did you mean "keep"?',
  ]);
  assert.match(problems({ modules: { archive: 4 } })[0] ?? "", /found 4; expected options/);
  assert.match(problems({ modules: { "a b": true } })[0] ?? "", /neither the name/);
});

test("what is no group of keys at all is refused", () => {
  for (const input of [null, 4, "text", []]) {
    assert.match(problems({ listen: input })[0] ?? "", /expected a group of keys and values/);
  }
});

const LDAP = { url: "ldaps://ldap.example.org", base: "dc=example,dc=org" };

test("where accounts come from is told for all domains, or for one; its paths become absolute", () => {
  const config = resolveConfig(
    {
      domains: [
        { name: "example.org" },
        { name: "example.net", auth: { accounts: "ldap", ldap: { ...LDAP, ca: "ca.pem" } } },
      ],
      auth: { certificates: { ca: "clients.pem" }, reserved: ["Boss"] },
    },
    { base: "/srv" },
  );
  assert.deepEqual(config.auth.reserved, ["boss"]);
  const [org, net] = config.domains.map(({ auth }) => accountsOf(config.auth, auth));
  assert.equal(org?.accounts, "internal");
  assert.equal(net?.accounts, "ldap");
  assert.equal(net.ldap?.ca, "/srv/ca.pem");
  assert.equal(net.ldap.attribute, "uid");
  assert.equal(net.ldap.timeoutSeconds, 5);
  for (const one of [org, net]) {
    assert.deepEqual(one.certificates, { ca: "/srv/clients.pem", email: false });
  }
});

test("accounts from elsewhere are refused where something is missing, or goes in the clear", () => {
  const cases: readonly (readonly [ConfigInput["auth"], RegExp])[] = [
    [{ accounts: "ldap" }, /auth\.accounts.*needs auth\.ldap/],
    [{ ldap: { url: "ldap://ldap.example.org", base: "x" } }, /in the clear; use ldaps/],
    [{ ldap: { ...LDAP, startTls: true } }, /startTls is for ldap:/],
    [{ ldap: { url: LDAP.url } }, /userDn or base/],
    [{ ldap: { ...LDAP, bindDn: "cn=x" } }, /bindDn and bindPassword go together/],
    [{ ldap: { ...LDAP, userDn: "uid=x" } }, /\{user\}/],
    [{ ldap: { ...LDAP, url: "https://example.org" } }, /a URL such as ldaps:/],
    [{ http: { url: "http://example.org/check" } }, /in the clear; use https/],
    [{ http: { url: "https://a.example", existsUrl: "http://b.example" } }, /in the clear/],
    [{ bearer: { issuer: "http://example.org", audience: "x" } }, /anyone on the way/],
    [{ guests: { enabled: true, reach: ["a@b"] } }, /"a@b" is not a domain name/],
    [{ reserved: ["a@b"] }, /"a@b" is no user name/],
  ];
  for (const [auth, text] of cases) {
    const all = problems({ auth }).join("\n");
    assert.match(all, text);
  }
  const fine = { url: "ldap://ldap.example.org", base: "x", unencrypted: true };
  assert.deepEqual(problems({ auth: { accounts: "ldap", ldap: fine } }), []);
  const near = { url: "http://127.0.0.1:8000/check" };
  assert.deepEqual(problems({ auth: { accounts: "http", http: near } }), []);
});
