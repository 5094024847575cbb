import assert from "node:assert/strict";
import { test } from "node:test";
import { slixmpp } from "./support/clients.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };

for (const tls of ["starttls", "direct"] as const) {
  test(`slixmpp signs in by SCRAM-SHA-256 over ${tls}, TLS 1.3, as it comes`, LIMIT, async (t) => {
    const rookery = await Rookery.start(t, ["romeo"]);
    const romeo = slixmpp(t);
    // it says that it could bind the channel (RFC 5802 §6), by what TLS 1.3 does not have
    const options = { mechanism: "SCRAM-SHA-256" };
    const { jid, ...rest } = await romeo.login(rookery, "romeo@localhost/o", tls, options);
    assert.equal(jid, "romeo@localhost/o");
    assert.deepEqual([rest.mechanism, rest.tls], ["SCRAM-SHA-256", "TLSv1.3"]);
    assert.deepEqual(rest["failures"], []);
  });

  for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"]) {
    test(
      `slixmpp signs in by ${mechanism} with tls-unique over ${tls}, TLS 1.2`,
      LIMIT,
      async (t) => {
        const config = { tls: { maxVersion: "TLSv1.2" } };
        const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, config);
        const romeo = slixmpp(t);
        const { jid, ...rest } = await romeo.login(rookery, "romeo@localhost/o", tls, {
          mechanism,
        });
        assert.equal(jid, "romeo@localhost/o");
        assert.deepEqual([rest.mechanism, rest.tls], [mechanism, "TLSv1.2"]);
        assert.deepEqual(rest["failures"], []);
      },
    );
  }
}

test(
  "slixmpp picks a mechanism that binds the channel where TLS 1.2 is spoken",
  LIMIT,
  async (t) => {
    const config = { tls: { maxVersion: "TLSv1.2" } };
    const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, config);
    const { mechanism } = await slixmpp(t).login(rookery, "romeo@localhost/o", "direct");
    assert.equal(mechanism, "SCRAM-SHA-512-PLUS");
  },
);
