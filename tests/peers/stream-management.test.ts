/**
 * Stream management (XEP-0198) with clients of others: connections and servers go away in the
 * middle of conversations, and everything that was said is there, once and in order.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  acknowledged,
  arrives,
  hearsJust,
  JULIET,
  type Person,
  ROMEO,
  says,
  texts,
} from "./support/conversation.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 90_000 };

/** Both log in over the two kinds of TLS. */
async function bothArrive(t: TestContext, rookery: Rookery): Promise<readonly [Person, Person]> {
  return [
    await arrives(t, rookery, `${ROMEO}/orchard`, "starttls"),
    await arrives(t, rookery, `${JULIET}/balcony`, "direct"),
  ];
}

for (const tls of ["starttls", "direct"] as const) {
  test(
    `slixmpp over ${tls}, XEP-0198 §5: it comes back after its connection was cut in the middle of a conversation`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet"]);
      const romeo = await arrives(t, rookery, `${ROMEO}/orchard`, tls);
      const juliet = await arrives(t, rookery, `${JULIET}/balcony`, tls);
      const [his, hers] = [texts("his", 60), texts("hers", 60)];
      for (let round = 0; round < 3; round++) {
        const at = round * 20;
        await says(romeo.peer, JULIET, his.slice(at, at + 5));
        await says(juliet.peer, ROMEO, hers.slice(at, at + 5));
        // what is said now does not arrive, in one direction or in both
        juliet.tunnel.swallow((["both", "down", "up"] as const)[round] ?? "both");
        await says(romeo.peer, JULIET, his.slice(at + 5, at + 15));
        await says(juliet.peer, ROMEO, hers.slice(at + 5, at + 15));
        await romeo.peer.call("ping", { to: "localhost" });
        juliet.tunnel.cut();
        await says(romeo.peer, JULIET, his.slice(at + 15, at + 20));
        await says(juliet.peer, ROMEO, hers.slice(at + 15, at + 20));
        await juliet.peer.next("sm", { what: "resumed" });
      }
      await hearsJust(juliet.peer, his);
      await hearsJust(romeo.peer, hers);
      await acknowledged(romeo.peer, 60);
      await acknowledged(juliet.peer, 60);
    },
  );
}

test(
  "slixmpp, SIGTERM: sessions go on when the server runs again, with what waited for them",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [romeo, juliet] = await bothArrive(t, rookery);
    const [before, away, after] = [texts("before", 5), texts("away", 5), texts("after", 5)];
    await says(romeo.peer, JULIET, before);
    await hearsJust(juliet.peer, before);
    juliet.tunnel.cut("away");
    await says(romeo.peer, JULIET, away);
    await acknowledged(romeo.peer, 10);

    await rookery.stop("SIGTERM");
    await rookery.start();
    await romeo.peer.next("sm", { what: "resumed" });
    await says(romeo.peer, JULIET, after);
    await acknowledged(romeo.peer, 15);
    juliet.tunnel.open();
    await juliet.peer.next("sm", { what: "resumed" });
    await hearsJust(juliet.peer, [...away, ...after]);
    await says(juliet.peer, `${ROMEO}/orchard`, ["still here"]);
    await hearsJust(romeo.peer, ["still here"]);
  },
);

for (const lost of ["what he says", "what the server acknowledges"] as const) {
  test(
    `slixmpp, SIGKILL while ${lost} gets lost: a new session, and everything is there`,
    LIMIT,
    async (t) => {
      const rookery = await Rookery.start(t, ["romeo", "juliet"]);
      const [romeo, juliet] = await bothArrive(t, rookery);
      const [known, away, unknown] = [texts("known", 5), texts("away", 5), texts("unknown", 5)];
      await says(romeo.peer, JULIET, known);
      await hearsJust(juliet.peer, known);
      await juliet.peer.call("settled");
      // it is noted ten times a second who has what
      await new Promise((resolve) => setTimeout(resolve, 500));
      juliet.tunnel.cut("away");
      await says(romeo.peer, JULIET, away);
      await acknowledged(romeo.peer, 10);
      romeo.tunnel.swallow(lost === "what he says" ? "up" : "down");
      await says(romeo.peer, JULIET, unknown);
      await new Promise((resolve) => setTimeout(resolve, 500));

      await rookery.stop("SIGKILL");
      await rookery.start();
      const failed = await romeo.peer.next("sm", { what: "failed" });
      assert.equal(failed["condition"], "item-not-found");
      const { again } = await romeo.peer.next("session");
      await romeo.peer.call("presence");
      if (lost === "what he says") assert.deepEqual(again, unknown);
      await romeo.peer.call("settled");

      juliet.tunnel.open();
      await juliet.peer.next("sm", { what: "failed", condition: "item-not-found" });
      await juliet.peer.next("session");
      await juliet.peer.call("presence");
      await hearsJust(juliet.peer, [...away, ...unknown]);
      await says(juliet.peer, ROMEO, ["here again"]);
      await hearsJust(romeo.peer, ["here again"]);
    },
  );
}

test(
  "slixmpp: a phone comes back to what was said to, and by, the laptop in the meantime",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const romeo = await arrives(t, rookery, `${ROMEO}/orchard`, "starttls");
    const phone = await arrives(t, rookery, `${JULIET}/phone`, "direct");
    const laptop = await arrives(t, rookery, `${JULIET}/laptop`, "starttls");
    await phone.peer.call("carbons");
    await laptop.peer.call("carbons");
    phone.tunnel.cut("away");
    const [asked, answered] = [texts("asked", 5), texts("answered", 5)];
    for (const [n, body] of asked.entries()) {
      // to all her clients, then to the one that answers, as he has learned
      await says(romeo.peer, n === 0 ? JULIET : `${JULIET}/laptop`, [body]);
      assert.equal((await laptop.peer.next("message"))["body"], body);
      await says(laptop.peer, `${ROMEO}/orchard`, [answered[n] ?? ""]);
      assert.equal((await romeo.peer.next("message"))["body"], answered[n]);
    }
    phone.tunnel.open();
    await phone.peer.next("sm", { what: "resumed" });
    await hearsJust(phone.peer, asked.slice(0, 1));
    const copies: (readonly unknown[])[] = [];
    while (copies.length < 9) {
      const { direction, body } = await phone.peer.next("carbon");
      copies.push([direction, body]);
    }
    assert.deepEqual(
      copies,
      asked
        .flatMap((body, n) => [
          ["received", body],
          ["sent", answered[n]],
        ])
        .slice(1),
    );
    assert.deepEqual(await phone.peer.rest("carbon"), []);
    assert.deepEqual(await laptop.peer.rest("message"), []);
    assert.deepEqual(await laptop.peer.rest("carbon"), []);
    // both are there for what comes
    await says(romeo.peer, JULIET, ["good night"]);
    await hearsJust(phone.peer, ["good night"]);
    await hearsJust(laptop.peer, ["good night"]);
  },
);
