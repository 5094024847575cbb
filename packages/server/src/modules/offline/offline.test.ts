import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { conversation, PASSWORD, Person, type Scene } from "@rookery/testkit";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { type ContactQuery, contactBlocked, sessionBegan } from "../../im/contract.ts";
import { failingStage } from "../../im/failing-stage.test.ts";
import type { Session } from "../../sessions/session.ts";
import { offlineModule } from "./index.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;
const UNAVAILABLE = `<error type='cancel'>
  <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;

async function julietLogsIn({ stage }: Scene<typeof cast>): Promise<Person> {
  return new Person(await stage.login("juliet@example.org/chamber"), stage);
}

const message = (text: string, type = "chat"): string =>
  `<message to='juliet@example.org' type='${type}'><body>${text}</body></message>`;

const kept = (text: string, stamp: string): string =>
  `<message from='romeo@example.org/balcony' to='juliet@example.org'>
    <body>${text}</body>
    <delay xmlns='urn:xmpp:delay' from='example.org' stamp='${stamp}'>Offline Storage</delay>
  </message>`;

test(
  "XEP-0160 §2: messages wait for one who is offline, in order, with the time they came at",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    await stage.accounts("juliet@example.org");
    await romeo.sends(message("one"));
    stage.clock.advance(60_000);
    await romeo.sends(message("two", "normal"));
    await romeo.receivesNothing();

    const juliet = await julietLogsIn(scene);
    await juliet.sends("<presence/>");
    await juliet.receives("<presence from='juliet@example.org/chamber'/>");
    await juliet.receives(kept("one", "2026-01-01T00:00:00Z"));
    await juliet.receives(kept("two", "2026-01-01T00:01:00Z"));
    await juliet.receivesNothing();

    await juliet.sends("<presence type='unavailable'/>");
    await juliet.ignoresAll();
    await juliet.sends("<presence/>");
    await juliet.receives("<presence from='juliet@example.org/chamber'/>");
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0160 §2: one who comes online with a negative priority gets nothing yet",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    await stage.accounts("juliet@example.org");
    await romeo.sends(message("one"));
    const juliet = await julietLogsIn(scene);
    await juliet.sends("<presence><priority>-1</priority></presence>");
    await juliet.receives("<presence><priority>-1</priority></presence>");
    await juliet.receivesNothing();
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    await juliet.receives(kept("one", "2026-01-01T00:00:00Z"));
  }),
);

test(
  "XEP-0160 §3: typing, headlines and errors are not kept; groupchat goes back",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    await stage.accounts("juliet@example.org");
    const states = "http://jabber.org/protocol/chatstates";
    await romeo.sends(
      `<message to='juliet@example.org' type='chat'><composing xmlns='${states}'/></message>`,
    );
    await romeo.receives(
      `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
    );
    await romeo.sends(message("news", "headline"));
    await romeo.sends(
      "<message to='juliet@example.org' type='error'><error type='cancel'/></message>",
    );
    await romeo.receivesNothing();
    await romeo.sends(message("all", "groupchat"));
    await romeo.receives(
      `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
    );
    const juliet = await julietLogsIn(scene);
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0334 §4.3: a message with the hint no-store is not kept, and its sender is told",
  conversation(cast, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    await romeo.sends(`<message to='juliet@example.org' type='chat'><body>psst</body>
      <no-store xmlns='urn:xmpp:hints'/></message>`);
    await romeo.receives(
      `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
    );
  }),
);

test(
  "the limits offlineMessages and offlineBytes bound what waits; its sender is told",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await stage.accounts("juliet@example.org", "nurse@example.org");
      for (let i = 0; i < 3; i++) await romeo.sends(message(`message ${i}`));
      await romeo.receivesNothing();
      await romeo.sends(message("one too many"));
      await romeo.receives(
        `<message type='error' from='juliet@example.org'>${UNAVAILABLE}</message>`,
      );
      const long = "x".repeat(20_000);
      await romeo.sends(`<message to='nurse@example.org'><body>${long}</body></message>`);
      await romeo.receives(
        `<message type='error' from='nurse@example.org'>${UNAVAILABLE}</message>`,
      );
    },
    { config: { limits: { offlineMessages: 3, offlineBytes: 10_000 } } },
  ),
);

test(
  "a claim of the server's own delay, made by a sender, is not passed on",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    await stage.accounts("juliet@example.org");
    await romeo.sends(`<message to='juliet@example.org' type='chat'><body>old?</body>
      <delay xmlns='urn:xmpp:delay' from='example.org' stamp='1999-01-01T00:00:00Z'/></message>`);
    const juliet = await julietLogsIn(scene);
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    const received = await juliet.client.element();
    const stamps = received.elements("urn:xmpp:delay").map((delay) => delay.attr("stamp"));
    assert.deepEqual(stamps, ["2026-01-01T00:00:00Z"]);
  }),
);

test(
  "messages that come while the kept ones are read follow them",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    await stage.accounts("juliet@example.org");
    for (let i = 0; i < 20; i++) await romeo.sends(message(String(i)));
    const juliet = await julietLogsIn(scene);
    juliet.client.send("<presence/>");
    for (let i = 20; i < 40; i++) romeo.client.send(message(String(i)));
    await juliet.receives("<presence/>");
    const texts: string[] = [];
    while (texts.length < 40) {
      texts.push((await juliet.client.element()).child("jabber:client", "body")?.text ?? "");
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 40 }, (_, i) => String(i)),
    );
  }),
);

test(
  "XEP-0191 §3.3: what waits of someone who was blocked since is not delivered, then or later",
  conversation({ ...cast, nurse: "nurse@example.org/x" }, async (scene) => {
    const { romeo, nurse, stage } = scene;
    await stage.accounts("juliet@example.org");
    await romeo.sends(message("from romeo"));
    await nurse.sends(message("from the nurse"));
    const { hooks } = stage.server.host("example.org");
    const isRomeo = ({ other }: ContactQuery): true | undefined =>
      other.equals(romeo.jid) || undefined;
    const unblock = hooks.add(contactBlocked, "answer", "test", isRomeo);
    const juliet = await julietLogsIn(scene);
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    await juliet.receives("<message from='nurse@example.org/x'>*</message>");
    await juliet.receivesNothing();
    unblock();
    await juliet.sends("<presence type='unavailable'/>");
    await juliet.ignoresAll();
    await juliet.sends("<presence/>");
    await juliet.receives("<presence/>");
    await juliet.receivesNothing();
  }),
);

/** Keeps back what goes to one resource, as if its kept messages were read for ever. */
const holder: Module<NoOptions, void> = defineModule({
  name: "holder",
  implements: [],
  setup(host) {
    host.on(sessionBegan, (session) => {
      if (session.jid.resource === "slow") session.hold();
    });
  },
});

test(
  "a message that was kept back for a session that ends is kept for the next one",
  conversation(cast, async ({ romeo, stage }) => {
    await stage.server.host("example.org").modules.load(holder, {});
    await stage.accounts("juliet@example.org");
    const account = Jid.parse("juliet@example.org");
    const sessions = (): readonly Session[] => stage.server.sessions.of(account);
    const juliet = stage.connect();
    await juliet.login(account, PASSWORD, "slow");
    juliet.send("<presence/>");
    for (let n = 0; n < 100 && !sessions()[0]?.available; n++) await new Promise(setImmediate);
    await romeo.sends(message("one"));
    sessions()[0]?.close();
    assert.equal(sessions().length, 0);
    const next = new Person(await stage.login("juliet@example.org/quick"), stage);
    await next.sends("<presence/>");
    await next.receives("<presence/>");
    await next.receives(kept("one", "2026-01-01T00:00:00Z"));
  }),
);

test("a message that cannot be kept goes back to its sender", async () => {
  const { host, driver, login, accounts, turns } = await failingStage();
  await host.modules.load(offlineModule, {});
  const romeo = await login("romeo@example.org/r");
  await accounts.createWithKeys(Jid.parse("juliet@example.org"), {});
  driver.writes = "fail";
  await romeo.does(
    "<message type='chat' id='m1' to='juliet@example.org'><body>hi</body></message>",
  );
  await turns();
  const answer = romeo.received.at(-1);
  assert.deepEqual([answer?.kind, answer?.type, answer?.id], ["message", "error", "m1"]);
});
