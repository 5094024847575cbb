import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ConfigInput, resolveConfig, VERSION } from "@rookery/server";
import { listenFailure } from "./listening.ts";
import { type Started, welcome } from "./welcome.ts";

describe("welcome", () => {
  it("tells where the server listens, what to trust and what to do next", () => {
    assert.equal(
      welcome(started({ data: "/var/lib/rookery", listen: { c2s: "127.0.0.1:0" } })),
      `Rookery ${VERSION} serves localhost.

  Clients (STARTTLS)    127.0.0.1:40001
  Clients (direct TLS)  port 40002
  Data                  /var/lib/rookery

The certificate of localhost is self-made: clients ask whether to trust it. It is the right one
if they show this SHA-256 fingerprint:
  AB:CD
Clients that want a file: /var/lib/rookery/tls/localhost/cert.pem

Now make a user, in another terminal:
  npx rookery user add romeo@localhost
Then connect with any XMPP client:
  address romeo@localhost, server localhost, port 40001
`,
    );
  });

  it("speaks of nothing that is not there", () => {
    const tls = { cert: "c.pem", key: "k.pem" };
    const text = welcome({
      ...started({
        domains: [{ name: "example.org", tls }],
        storage: "memory",
        listen: { c2s: false },
      }),
      configOption: "my.yaml",
      hasUsers: true,
    });
    assert.doesNotMatch(text, /STARTTLS|self-made|fingerprint|\.pem/);
    assert.match(text, /forgotten when the server stops/);
    assert.match(text, /npx rookery user add NAME@example\.org -c my\.yaml/);
    assert.match(text, /port 40002/);
  });

  it("invites who makes the first account, which administers the server", () => {
    const firstInvitation = {
      url: "https://localhost/invite/abc",
      uri: "xmpp:localhost?register;preauth=abc",
    };
    const web = "https://localhost/";
    assert.match(welcome({ ...started({}), web }), /\n {2}Web {19}https:\/\/localhost\/\n/);
    assert.match(
      welcome({ ...started({}), firstInvitation }),
      /administers the server.*:\n {2}https:\/\/localhost\/invite\/abc {2}\(in a browser\)\n {2}xmpp:localhost\?register;preauth=abc {2}\(in a client\)\nOr make a user/,
    );
  });

  it("sends nobody to make users where they come from elsewhere", () => {
    const auth = {
      accounts: "ldap",
      ldap: { url: "ldaps://ldap.example.org", base: "dc=example" },
    };
    const text = welcome(started({ auth: auth as never }));
    assert.match(text, /The users of localhost are those of its directory/);
    assert.doesNotMatch(text, /user add/);
  });
});

describe("listenFailure", () => {
  const taken = (facts: object): Error =>
    Object.assign(new Error("listen"), { syscall: "listen", code: "EADDRINUSE" }, facts);

  it("names the port, its key and a way out", () => {
    const error = listenFailure(taken({ port: 5222, address: "::" }), resolveConfig({}));
    assert.match(
      String(error),
      /cannot listen on port 5222 \(listen\.c2s\).*listen: \{ c2s: 5322 \}/,
    );
  });

  it("finds the address among several", () => {
    const config = resolveConfig({
      listen: { c2s: ["127.0.0.1:5222", "127.0.0.2:5222"], c2sTls: "[::1]:5223" },
    });
    const second = listenFailure(taken({ port: 5222, address: "127.0.0.2" }), config);
    assert.match(String(second), /127\.0\.0\.2:5222 \(listen\.c2s\)/);
    const tls = listenFailure(taken({ port: 5223, address: "::1", code: "EADDRNOTAVAIL" }), config);
    assert.match(String(tls), /\[::1\]:5223 \(listen\.c2sTls\): this machine has no such address/);
  });

  it("leaves other errors as they are", () => {
    const other = new Error("other");
    assert.equal(listenFailure(other, resolveConfig({})), other);
  });
});

function started(input: ConfigInput): Started {
  return {
    config: resolveConfig(input),
    configOption: undefined,
    ports: { c2s: [40001], c2sTls: [40002], component: [40003], http: [], https: [] },
    fingerprint: () => "AB:CD",
    hasUsers: false,
    firstInvitation: undefined,
    web: undefined,
  };
}
