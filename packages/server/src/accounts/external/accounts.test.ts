import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Jid } from "@rookery/protocol";
import { VirtualClock } from "@rookery/testkit";
import { type Facts, silentLog } from "../../log.ts";
import type { Storage } from "../../storage/api.ts";
import { openStorage } from "../../storage/open.ts";
import { ExternalAccounts } from "./accounts.ts";
import { type Backend, Overloaded, Slots } from "./backend.ts";

const ROMEO = Jid.parse("romeo@example.org");

interface Stage {
  readonly accounts: ExternalAccounts;
  readonly clock: VirtualClock;
  readonly errors: readonly Facts[];
  readonly storage: Storage;
}

async function withBackend(
  backend: Partial<Backend>,
  scene: (stage: Stage) => Promise<void>,
  cacheSeconds = 60,
): Promise<void> {
  const storage = await openStorage({ driver: "memory" });
  const clock = new VirtualClock();
  const errors: Facts[] = [];
  const log = { ...silentLog, error: (_text: string, facts: Facts = {}) => errors.push(facts) };
  const accounts = await ExternalAccounts.open(
    { title: "the stage", verify: async () => true, exists: undefined, ...backend },
    { timeoutSeconds: 1, connections: 2, cacheSeconds, unencrypted: false },
    { storage, clock, log },
  );
  await scene({ accounts, clock, errors, storage });
  await storage.close();
}

test("what the back end says of a password is what is said; nothing of it is remembered", async () => {
  const asked: string[] = [];
  const verify = async (username: string, password: string): Promise<boolean> => {
    asked.push(`${username}:${password}`);
    return password === "pencil";
  };
  await withBackend({ verify }, async ({ accounts }) => {
    assert.equal(await accounts.plain.verify("romeo", "pencil"), true);
    assert.equal(await accounts.plain.verify("romeo", "pencil"), true);
    assert.equal(await accounts.plain.verify("romeo", "pen"), false);
    assert.deepEqual(asked, ["romeo:pencil", "romeo:pencil", "romeo:pen"]);
  });
});

test("a back end that fails gives temporary-auth-failure, never not-authorized, and is told of now and then", async () => {
  const down = async (): Promise<boolean> => {
    throw new Error("connection refused");
  };
  await withBackend({ verify: down, exists: down }, async ({ accounts, errors, clock }) => {
    const temporary = { name: "SaslError", condition: "temporary-auth-failure" };
    for (let i = 0; i < 10; i++) {
      await assert.rejects(async () => accounts.plain.verify("romeo", "x"), temporary);
    }
    const later = { name: "StanzaError", condition: "internal-server-error", type: "wait" };
    await assert.rejects(accounts.exists(ROMEO), later);
    assert.equal(errors.length, 1);
    clock.advance(60_000);
    await assert.rejects(accounts.exists(ROMEO), later);
    assert.equal(errors.length, 2);
  });
});

test("there is an account from its first login on, whatever becomes of the back end", async () => {
  await withBackend({ exists: undefined }, async ({ accounts }) => {
    assert.equal(await accounts.exists(ROMEO), false);
    await accounts.remember(ROMEO);
    await accounts.remember(Jid.parse("romeo@example.net"));
    assert.equal(await accounts.exists(ROMEO), true);
    assert.deepEqual((await accounts.list(Jid.parse("example.org"), {})).map(String), [
      "romeo@example.org",
    ]);
  });
});

test("whether there is an account is believed for cacheSeconds, and not longer", async () => {
  let asked = 0;
  let there = false;
  const exists = async (): Promise<boolean> => {
    asked++;
    return there;
  };
  await withBackend({ exists }, async ({ accounts, clock }) => {
    assert.equal(await accounts.exists(ROMEO), false);
    there = true;
    clock.advance(59_999);
    assert.equal(await accounts.exists(ROMEO), false);
    clock.advance(1);
    assert.equal(await accounts.exists(ROMEO), true);
    assert.equal(asked, 2);
  });
  asked = 0;
  const twice = async ({ accounts }: Stage): Promise<void> => {
    await accounts.exists(ROMEO);
    await accounts.exists(ROMEO);
    assert.equal(asked, 2, "with 0 it is asked each time");
  };
  await withBackend({ exists }, twice, 0);
});

test("logins do not wait for lookups, however many names are asked for", async () => {
  const waiting: (() => void)[] = [];
  const exists = (): Promise<boolean> =>
    new Promise((resolve) => waiting.push(() => resolve(false)));
  await withBackend({ exists }, async ({ accounts }) => {
    const asked = Array.from({ length: 100 }, (_, i) =>
      accounts.exists(Jid.parse(`u${i}@example.org`)).catch(() => "refused"),
    );
    await setImmediate();
    assert.equal(waiting.length, 1);
    assert.equal(await accounts.plain.verify("romeo", "pencil"), true);
    for (let i = 0; i < 100; i++) {
      waiting.shift()?.();
      await setImmediate();
    }
    const answers = await Promise.all(asked);
    assert.equal(answers.filter((answer) => answer === false).length, 11);
  });
});

test("no more is asked at once than connections; the rest waits, and what is too much is refused", async () => {
  const slots = new Slots(2);
  const finish: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++now);
    await new Promise<void>((resolve) => finish.push(resolve));
    now--;
  };
  const all = Array.from({ length: 30 }, () => slots.run(work));
  const settled = Promise.allSettled(all);
  await setImmediate();
  for (let i = 0; i < 30; i++) {
    finish.shift()?.();
    await setImmediate();
  }
  const results = await settled;
  assert.equal(most, 2);
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 22);
  const refused = results.filter((result) => result.status === "rejected");
  assert.ok(refused.every(({ reason }) => reason instanceof Overloaded));
  const failing = slots.run(() => Promise.reject(new Error("x")));
  await assert.rejects(failing, /x/);
  assert.equal(await slots.run(async () => "free again"), "free again");
});
