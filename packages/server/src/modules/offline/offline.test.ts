import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, type Stanza } from "@rookery/protocol";
import { conversation, PASSWORD, Person, type Scene } from "@rookery/testkit";
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import {
  type ContactQuery,
  contactBlocked,
  type MessageEvent,
  messageFlow,
  sessionBegan,
  sessionTakesMessages,
} from "../../im/contract.ts";
import { failingStage } from "../../im/failing-stage.test.ts";
import { type Log, silentLog } from "../../log.ts";
import { Session } from "../../sessions/session.ts";
import { leavingOut } from "../left-out.test.ts";
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
    {
      config: {
        modules: leavingOut("archive"),
        limits: { offlineMessages: 3, offlineBytes: 10_000 },
      },
    },
  ),
);

test(
  "the limit offlineBytes counts bytes of UTF-8, of what was kept before as well",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await stage.accounts("juliet@example.org", "nurse@example.org");
      const refused = (by: string): string =>
        `<message type='error' from='${by}@example.org'>${UNAVAILABLE}</message>`;
      const to = (local: string, text: string): string =>
        `<message to='${local}@example.org'><body>${text}</body></message>`;
      await romeo.sends(to("nurse", "語".repeat(4000))); // 4,000 characters, 12,000 bytes
      await romeo.receives(refused("nurse"));
      await romeo.sends(to("juliet", "語".repeat(2500)));
      await romeo.receivesNothing();
      // with the module loaded anew, use is read from storage
      const { modules } = stage.server.host("example.org");
      await modules.reload("offline", {});
      await romeo.sends(to("juliet", "x".repeat(4000)));
      await romeo.receives(refused("juliet"));
    },
    { config: { modules: leavingOut("archive"), limits: { offlineBytes: 10_000 } } },
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

test(
  "SECURITY: as much as an account may have waiting can be taken, whatever fills it",
  conversation(
    cast,
    async (scene) => {
      const { romeo, stage } = scene;
      await stage.accounts("juliet@example.org");
      const long = "x".repeat(4000);
      for (let n = 0; n < 1000; n++) romeo.client.send(message(long));
      await romeo.client.sync();
      romeo.client.clear();
      const juliet = await julietLogsIn(scene);
      juliet.client.send("<presence/>");
      await juliet.receives("<presence/>");
      for (let n = 0; n < 950; n++) {
        assert.equal((await juliet.client.element()).child("jabber:client", "body")?.text, long);
      }
      await juliet.client.sync();
      assert.equal(juliet.client.closed, false);
    },
    { config: { limits: { c2sBytesPerSecond: 0 } } },
  ),
);

for (const slow of ["the quota is read", "a handler waits"] as const) {
  test(`XEP-0160 §2: one who comes online while ${slow} takes the message at once`, async () => {
    const { host, driver, login, turns } = await failingStage();
    await host.modules.load(offlineModule, {});
    const romeo = await login("romeo@example.org/r");
    const juliet = await login("juliet@example.org/chamber"); // no available resource yet
    const waiting = Promise.withResolvers<void>();
    if (slow === "the quota is read") driver.beforeReads = waiting.promise;
    else {
      host.hooks.add(messageFlow, "record", "test", ({ direction }: MessageEvent) =>
        direction === "received" ? waiting.promise : undefined,
      );
    }
    const sent = romeo.does(
      "<message type='chat' to='juliet@example.org'><body>hi</body></message>",
    );
    await turns();
    driver.beforeReads = undefined;
    await juliet.does("<presence/>");
    await turns(); // what was kept has been given: nothing
    const kinds = (): string[] => juliet.received.map(({ kind }) => kind);
    assert.deepEqual(kinds(), ["presence"]);
    waiting.resolve();
    await sent;
    assert.deepEqual(kinds(), ["presence", "message"]);
    assert.deepEqual(romeo.received, []);
  });
}

test(
  "XEP-0160 §2: a message is kept if whom it was for leaves while a handler waits",
  conversation(cast, async (scene) => {
    const { romeo, stage } = scene;
    const slow = Promise.withResolvers<void>();
    const juliet = await julietLogsIn(scene);
    await juliet.comesOnline();
    const { hooks } = stage.server.host("example.org");
    const reached = Promise.withResolvers<void>();
    hooks.add(messageFlow, "record", "test", ({ direction }: MessageEvent) => {
      if (direction !== "received") return undefined;
      reached.resolve();
      return slow.promise;
    });
    romeo.client.send(message("one"));
    await reached.promise;
    juliet.client.cut();
    const account = Jid.parse("juliet@example.org");
    while (stage.server.sessions.of(account).length > 0) await new Promise(setImmediate);
    slow.resolve();
    await romeo.receivesNothing();
    const next = await julietLogsIn(scene);
    await next.sends("<presence/>");
    await next.receives("<presence/>");
    await next.receives(kept("one", "2026-01-01T00:00:00Z"));
  }),
);

test("messages of which it is not known that a client took them are kept, and it is no fault", async () => {
  const faults: string[] = [];
  const log: Log = { ...silentLog, part: () => log, error: (text) => faults.push(text) };
  await conversation(
    cast,
    async (scene) => {
      const { romeo, stage } = scene;
      await stage.accounts("juliet@example.org");
      await romeo.sends(message("one"));
      const flushed = Promise.withResolvers<void>();
      const sent: Stanza[] = [];
      const session = new Session(Jid.parse("juliet@example.org/chamber"), 0, {
        send: (stanza) => sent.push(stanza),
        close: () => {},
        flushed: () => flushed.promise,
        maxQueuedBytes: 1_000_000,
        leftovers: () => [],
      });
      stage.server.host("example.org").hooks.emit(sessionTakesMessages, session);
      await stage.settled();
      assert.equal(sent.length, 1);
      flushed.reject(new Error("the connection is closed"));
      const juliet = await julietLogsIn(scene);
      await juliet.sends("<presence/>");
      await juliet.receives("<presence/>");
      await juliet.receives(kept("one", "2026-01-01T00:00:00Z"));
      assert.deepEqual(faults, []);
      // what was taken counts no more
      await juliet.leaves();
      await romeo.sends(message("two"));
      await romeo.receivesNothing();
    },
    { log, config: { limits: { offlineMessages: 1 } } },
  )();
});
