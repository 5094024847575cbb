import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { World } from "./devices.test.ts";

const device = fc.nat({ max: 2 });
const priority = fc.constantFrom(0, 0, 5, -1);

type Step =
  | { readonly do: "login"; readonly on: number; readonly manages: boolean; readonly says: number }
  | { readonly do: "presence"; readonly on: number; readonly says: number }
  | { readonly do: "acknowledge" | "cut" | "resume" | "close"; readonly on: number }
  | { readonly do: "send"; readonly to: string }
  | { readonly do: "settle" | "expire" | "restart" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("login" as const),
      on: device,
      manages: fc.boolean(),
      says: priority,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("presence" as const), on: device, says: priority }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "acknowledge" as const,
        "cut" as const,
        "resume" as const,
        "close" as const,
      ),
      on: device,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      to: fc.constantFrom("", "", "/a", "/b", "/c"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "settle" as const,
        "settle" as const,
        "expire" as const,
        "restart" as const,
      ),
    }),
  },
);

async function play(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case "login":
      return world.devices[step.on]?.login(step.manages, step.says);
    case "presence":
      return world.devices[step.on]?.says(step.says);
    case "acknowledge":
    case "cut":
    case "resume":
    case "close":
      return world.devices[step.on]?.[step.do]();
    case "send":
      return world.send(step.to);
    case "settle":
      return world.settled();
    case "expire":
      return world.expire();
    case "restart":
      return world.restart();
  }
}

for (const keeper of ["the archive", "the spool"] as const) {
  test(`docs/delivery.md: whatever its devices and the server do, what ${keeper} keeps for an account is had by one in the end, in order, and not handed over after it was acknowledged`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (plan) => {
        const data = mkdtempSync(join(tmpdir(), "rookery-delivery-"));
        try {
          const modules = keeper === "the archive" ? {} : { archive: false as const };
          const limits = { idleSeconds: 0 };
          await using world = await World.open({ storage: "sqlite", data, modules, limits });
          await world.stage.accounts("juliet@example.org");
          for (const step of plan) await play(world, step);
          await world.settled();
          for (const one of world.devices) await one.cut();
          await world.expire();
          const [last] = world.devices;
          await last?.login(true, 0);
          await world.settled();
          const missing = Array.from({ length: world.sent }, (_, n) => n).filter(
            (number) => !world.got.has(number),
          );
          assert.deepEqual(missing, []);
        } finally {
          rmSync(data, { recursive: true });
        }
      }),
      { numRuns: Number(process.env["ROOKERY_RUNS"] ?? 4) },
    );
  });
}
