/** Stream management (XEP-0198) with xmpp.js, which comes back by itself. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { xmppJs } from "./support/clients.ts";
import {
  arrives,
  hearsJust,
  JULIET,
  type Person,
  ROMEO,
  says,
  texts,
} from "./support/conversation.ts";
import type { Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";
import { Tunnel } from "./support/tunnel.ts";

const LIMIT = { timeout: 90_000 };

/** Logs in with xmpp.js and becomes available. */
async function julietArrives(t: TestContext, rookery: Rookery, sasl2: boolean): Promise<Person> {
  const tunnel = await Tunnel.start(t, () => rookery.ports.c2sTls);
  const peer = xmppJs(t, rookery);
  await peer.login(rookery, `${JULIET}/balcony`, "direct", { port: tunnel.port, sasl2 });
  await peer.next("online");
  await peer.call("presence");
  await peer.call("ping", { to: "localhost" });
  return { peer, tunnel };
}

/**
 * All these come, in order. xmpp.js begins to count when it has handled `<enabled/>`, which can be
 * after a stanza that came with it: then it says to have one too few, and gets that one again.
 */
async function hearsEach(peer: Peer, bodies: readonly string[]): Promise<void> {
  const heard = new Map<unknown, unknown>();
  while (heard.size < bodies.length) {
    const { stanzaId, body } = await peer.next("message");
    heard.set(stanzaId, body);
  }
  for (const { stanzaId } of await peer.rest("message")) assert.ok(heard.has(stanzaId));
  assert.deepEqual([...heard.values()], bodies);
}

for (const [how, sasl2] of [
  ["§5", false],
  ["§8.3, with its token", true],
] as const) {
  test(
    `xmpp.js, XEP-0198 ${how}: it comes back after its connection was cut in the middle of a conversation`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet"]);
      const romeo = await arrives(t, rookery, `${ROMEO}/orchard`, "starttls");
      const juliet = await julietArrives(t, rookery, sasl2);
      const [his, hers] = [texts("his", 45), texts("hers", 30)];
      for (let round = 0; round < 3; round++) {
        await says(romeo.peer, JULIET, his.slice(round * 15, round * 15 + 5));
        await says(juliet.peer, ROMEO, hers.slice(round * 10, round * 10 + 5));
        // what is said now does not arrive, in one direction or in both
        juliet.tunnel.swallow((["both", "down", "up"] as const)[round] ?? "both");
        await says(romeo.peer, JULIET, his.slice(round * 15 + 5, round * 15 + 10));
        await says(juliet.peer, ROMEO, hers.slice(round * 10 + 5, round * 10 + 10));
        await romeo.peer.call("ping", { to: "localhost" });
        juliet.tunnel.cut();
        await says(romeo.peer, JULIET, his.slice(round * 15 + 10, round * 15 + 15));
        await juliet.peer.next("sm", { what: "resumed" });
      }
      await hearsEach(juliet.peer, his);
      await hearsJust(romeo.peer, hers);
      await juliet.peer.call("settled");
    },
  );

  test(
    `xmpp.js, SIGTERM, XEP-0198 ${how}: its session goes on when the server runs again`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet"]);
      const romeo = await arrives(t, rookery, `${ROMEO}/orchard`, "starttls");
      const juliet = await julietArrives(t, rookery, sasl2);
      const [away, hers] = [texts("away", 5), texts("hers", 5)];
      juliet.tunnel.swallow("both");
      await says(romeo.peer, JULIET, away);
      await says(juliet.peer, ROMEO, hers);
      await romeo.peer.call("settled");
      await rookery.stop("SIGTERM");
      await rookery.start();
      await juliet.peer.next("sm", { what: "resumed" });
      await hearsJust(juliet.peer, away);
      await hearsJust(romeo.peer, hers);
    },
  );

  test(
    `xmpp.js, SIGKILL, XEP-0198 ${how}: a new session, and everything is there`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet"]);
      const romeo = await arrives(t, rookery, `${ROMEO}/orchard`, "starttls");
      const juliet = await julietArrives(t, rookery, sasl2);
      const [away, hers] = [texts("away", 5), texts("hers", 10)];
      // she says five things that arrive, but never learns that they did, and five that do not
      juliet.tunnel.swallow("down");
      await says(juliet.peer, ROMEO, hers.slice(0, 5));
      const heard = await hearsJust(romeo.peer, hers.slice(0, 5));
      juliet.tunnel.swallow("both");
      await says(juliet.peer, ROMEO, hers.slice(5));
      await says(romeo.peer, JULIET, away);
      await romeo.peer.call("settled");
      await rookery.stop("SIGKILL");
      await rookery.start();
      await juliet.peer.next("online");
      for (const id of hers) await juliet.peer.next("unsaid", { id });
      await juliet.peer.call("presence");
      if (sasl2) {
        // XEP-0386 §3.2.1: who binds by Bind 2 fetches from the archive what it missed
        const { bodies } = await juliet.peer.call("archive", { count: away.length });
        assert.deepEqual(bodies, away);
      } else await hearsJust(juliet.peer, away);

      await romeo.peer.next("session");
      await romeo.peer.call("presence");
      // xmpp.js does not look at what the server says to have: all is said again
      await says(juliet.peer, ROMEO, hers);
      await juliet.peer.call("settled");
      await juliet.peer.call("ping", { to: "localhost" });
      const again = await romeo.peer.rest("message");
      // XEP-0359: who remembers ids drops what is there twice
      const ids = new Map([...heard, ...again].map(({ stanzaId, body }) => [stanzaId, body]));
      assert.deepEqual([...ids.values()], hers);
    },
  );
}
