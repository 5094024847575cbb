import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend, conversation, describe, type Scene } from "@rookery/testkit";
import { type ContactQuery, contactBlocked } from "./contract.ts";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
  nurse: "nurse@example.org/kitchen",
} as const;

/** How a handler fails that is asked whether Juliet has blocked Romeo, or anyone at all. */
const FAILURES: readonly (readonly [how: string, fail: () => Promise<true>])[] = [
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken"))],
];

for (const [how, fail] of FAILURES) {
  /** From now on it is not known whether Juliet has blocked Romeo. */
  const confuse = ({ stage }: Scene<typeof cast>): (() => void) =>
    stage.server
      .host("example.org")
      .hooks.add(contactBlocked, "answer", "test", ({ account, other }: ContactQuery) =>
        account.local === "juliet" && other.local === "romeo" ? fail() : undefined,
      );

  test(
    `a handler of contactBlocked that ${how}: that contact sees nothing, the others see everything`,
    conversation(cast, async (scene) => {
      const { romeo, juliet, nurse } = scene;
      for (const person of [romeo, juliet, nurse]) await person.comesOnline();
      await befriend(romeo, juliet);
      await befriend(nurse, juliet);
      for (const person of [romeo, juliet, nurse]) await person.ignoresAll();
      const settle = confuse(scene);
      await juliet.sends("<presence><show>away</show></presence>"); // a broadcast
      await nurse.receives(
        "<presence from='juliet@example.org/chamber'><show>away</show></presence>",
      );
      await juliet.receives("<presence><show>away</show></presence>");
      await juliet.sends("<presence type='unavailable'/>");
      await nurse.receives("<presence type='unavailable' from='juliet@example.org/chamber'/>");
      await juliet.comesOnline(); // a broadcast, and probes
      await nurse.receives("<presence from='juliet@example.org/chamber'/>");
      await romeo.receivesNothing();
      settle();
      await juliet.sends("<presence><show>dnd</show></presence>");
      await romeo.receives(
        "<presence from='juliet@example.org/chamber'><show>dnd</show></presence>",
      );
    }),
  );

  test(
    `a handler of contactBlocked that ${how}: a request that waits is not shown, and nothing ends`,
    conversation(cast, async (scene) => {
      const { romeo, juliet, nurse } = scene;
      await romeo.sends("<presence type='subscribe' to='juliet@example.org'/>");
      await nurse.sends("<presence type='subscribe' to='juliet@example.org'/>");
      const settle = confuse(scene);
      await juliet.sends("<presence/>");
      await juliet.receivesAll(
        "<presence from='juliet@example.org/chamber'/>",
        "<presence type='subscribe' from='nurse@example.org'/>",
      );
      await juliet.receivesNothing();
      settle();
      await juliet.sends("<presence type='unavailable'/>");
      await juliet.sends("<presence/>");
      await juliet.client.sync();
      const seen = juliet.client.queued.map(describe);
      assert.ok(
        seen.some((xml) => xml.includes("from='romeo@example.org'")),
        seen.join("\n"),
      );
    }),
  );
}
