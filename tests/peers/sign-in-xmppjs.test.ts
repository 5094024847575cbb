import assert from "node:assert/strict";
import { test } from "node:test";
import { slixmpp, xmppJs } from "./support/clients.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };

for (const tls of ["starttls", "direct"] as const) {
  test(
    `xmpp.js signs in by SASL2 and Bind 2 over ${tls}, and comes back by its token to its session`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["juliet", "romeo"]);
      const juliet = xmppJs(t, rookery);
      const options = { sasl2: true };
      const first = await juliet.login(rookery, "juliet@localhost/balcony", tls, options);
      assert.match(first.jid, /^juliet@localhost\/balcony\/[A-Za-z0-9_-]{16}$/);
      assert.deepEqual([first.mechanism, first.tls], ["SCRAM-SHA-1", "TLSv1.3"]);
      await juliet.call("presence");
      await juliet.call("ping", { to: "localhost" });

      const again = await juliet.call("come_back");
      assert.equal(again["mechanism"], "HT-SHA-256-NONE");
      assert.deepEqual([again["jid"], again["resumed"]], [first.jid, true]);

      // what comes to it comes as before
      const romeo = slixmpp(t);
      await romeo.login(rookery, "romeo@localhost/orchard", tls);
      await romeo.call("message", { to: "juliet@localhost", body: "It is my lady" });
      const heard = await juliet.next("message");
      assert.deepEqual(
        [heard["from"], heard["body"]],
        ["romeo@localhost/orchard", "It is my lady"],
      );
      await juliet.call("logout");
    },
  );
}

test(
  "xmpp.js comes back by its token again and again, always to the same address",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["juliet"]);
    const juliet = xmppJs(t, rookery);
    const options = { sasl2: true };
    const { jid } = await juliet.login(rookery, "juliet@localhost/balcony", "direct", options);
    for (let i = 0; i < 3; i++) {
      const again = await juliet.call("come_back");
      assert.deepEqual([again["jid"], again["mechanism"]], [jid, "HT-SHA-256-NONE"]);
    }
  },
);
