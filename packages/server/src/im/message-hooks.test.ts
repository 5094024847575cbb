import assert from "node:assert/strict";
import { test } from "node:test";
import { StanzaError } from "@rookery/protocol";
import { conversation, type Scene } from "@rookery/testkit";
import type { Flow, FlowHandler } from "../hooks.ts";
import { type MessageEvent, messageFlow } from "./contract.ts";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
  mercutio: "mercutio@example.org/street",
} as const;

type PhaseOf<F> = F extends Flow<MessageEvent, infer P> ? P : never;

/** Takes part in the way of messages, as a module does. */
function on(
  { stage }: Scene<typeof cast>,
  phase: PhaseOf<typeof messageFlow>,
  handler: FlowHandler<MessageEvent>,
): void {
  stage.server.host("example.org").hooks.add(messageFlow, phase, "test", handler);
}

const say = (text: string, to = "juliet@example.org"): string =>
  `<message to='${to}' type='chat' id='${text}'><body>${text}</body></message>`;
const heard = (text: string): string => `<message type='chat'><body>${text}</body></message>`;

test(
  "messageFlow leads a message twice through its phases: as sent, then as received",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await juliet.comesOnline();
    const seen: string[] = [];
    for (const phase of ["deliver", "copy", "record", "rewrite", "reject"] as const) {
      on(scene, phase, ({ direction, account, targets }) => {
        seen.push(`${direction} ${phase} ${account.local} ${targets().length}`);
      });
    }
    await romeo.sends(say("hi"));
    await juliet.receives(heard("hi"));
    assert.deepEqual(seen, [
      "sent reject romeo 0",
      "sent rewrite romeo 0",
      "sent record romeo 0",
      "sent copy romeo 0",
      "sent deliver romeo 0",
      "received reject juliet 1",
      "received rewrite juliet 1",
      "received record juliet 1",
      "received copy juliet 1",
      "received deliver juliet 1",
    ]);
  }),
);

test(
  "messageFlow: a handler replaces a message, takes it, or refuses it",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await juliet.comesOnline();
    on(scene, "reject", ({ stanza }) => {
      // the error that answers it goes through the same phases
      if (stanza.id === "refused" && stanza.type === "chat")
        throw new StanzaError("not-acceptable", "not this one");
    });
    on(scene, "rewrite", ({ stanza }) =>
      stanza.id === "replaced" ? stanza.with({ lang: "la" }) : undefined,
    );
    on(scene, "deliver", ({ stanza }) => (stanza.id === "taken" ? "handled" : undefined));
    for (const id of ["refused", "taken", "replaced"]) await romeo.sends(say(id));
    await juliet.receives("<message id='replaced' xml:lang='la'><body>replaced</body></message>");
    await juliet.receivesNothing();
    await romeo.receives(
      `<message type='error' id='refused' from='juliet@example.org'><error type='modify'>
        <not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>not this one</text></error></message>`,
    );
    await romeo.receivesNothing();
  }),
);

for (const direction of ["sent", "received"] as const) {
  test(
    `RFC 6120 §10.1: what a handler of ${direction} messages waits for, later stanzas wait for too`,
    conversation(cast, async (scene) => {
      const { romeo, juliet, mercutio } = scene;
      await juliet.comesOnline();
      const slow = Promise.withResolvers<void>();
      on(scene, "record", async (event) => {
        if (event.direction === direction && event.stanza.id === "first") await slow.promise;
      });
      romeo.client.send(say("first") + say("second") + "<presence to='juliet@example.org'/>");
      // another stream is not held up, whatever this one waits for
      await mercutio.sends(say("meanwhile"));
      await juliet.receives(heard("meanwhile"));
      await juliet.client.sync();
      assert.equal(juliet.client.queued.length, 0);
      slow.resolve();
      await juliet.receives(heard("first"));
      await juliet.receives(heard("second"));
      await juliet.receives("<presence from='romeo@example.org/balcony'/>");
    }),
  );
}

test(
  "a handler that fails is an internal error to the sender, and the stream goes on",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await juliet.comesOnline();
    on(scene, "record", ({ stanza }) => {
      if (stanza.id === "at once" && stanza.type === "chat") throw new Error("broken");
    });
    on(scene, "record", async ({ stanza }) => {
      if (stanza.id === "later" && stanza.type === "chat") throw new Error("broken");
    });
    for (const id of ["at once", "later"]) {
      await romeo.sends(say(id));
      await romeo.receives(
        `<message type='error' id='${id}'><error type='wait'>
          <internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
      );
    }
    await romeo.sends(say("well"));
    await juliet.receives(heard("well"));
  }),
);

test(
  "a message that a handler held up arrives though its sender has left meanwhile",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await juliet.comesOnline();
    const slow = Promise.withResolvers<void>();
    on(scene, "record", ({ direction }) => (direction === "sent" ? slow.promise : undefined));
    romeo.client.send(say("farewell"));
    await new Promise(setImmediate);
    await romeo.isCutOff();
    slow.resolve();
    await juliet.receives(heard("farewell"));
  }),
);

test(
  "RFC 6121 §8.5: a message goes to who is there when the handlers are done, not when they began",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async (scene) => {
    const { romeo, juliet, garden, stage } = scene;
    await juliet.comesOnline();
    const slow = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    on(scene, "record", ({ direction }) => {
      if (direction !== "received") return;
      reached.resolve();
      return slow.promise;
    });
    romeo.client.send(say("hi"));
    await reached.promise;
    juliet.client.cut();
    while (stage.server.sessions.get(juliet.jid)) await new Promise(setImmediate);
    garden.client.send("<presence/>");
    await garden.client.sync();
    slow.resolve();
    await garden.receives("<presence from='juliet@example.org/garden'/>");
    await garden.receives(heard("hi"));
    await romeo.receivesNothing();
  }),
);
