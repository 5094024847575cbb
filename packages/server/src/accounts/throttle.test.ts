import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@rookery/testkit";
import { LIMITS, type LimitName, type Limits } from "../config/limits.ts";
import { type Facts, type Log, silentLog } from "../log.ts";
import { LoginFailures } from "./throttle.ts";

const ROMEO = "romeo@example.org";
const JULIET = "juliet@example.org";
const ATTACKER = "198.51.100.7";
const HOME = "192.0.2.1";

interface Stage {
  readonly throttle: LoginFailures;
  readonly clock: VirtualClock;
  readonly warnings: readonly Facts[];
}

function stage(limits: Partial<Limits> = {}): Stage {
  const clock = new VirtualClock();
  const warnings: Facts[] = [];
  const log: Log = { ...silentLog, warn: (_text, facts = {}) => warnings.push(facts) };
  const defaults = Object.fromEntries(
    Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]),
  ) as { [name in LimitName]: number };
  const throttle = new LoginFailures({ clock, log, limits: { ...defaults, ...limits } });
  return { throttle, clock, warnings };
}

/** One try after the other, each as soon as the answer to the one before has come. */
function guess(
  { throttle, clock }: Stage,
  times: number,
  address: string,
  account: string,
): number[] {
  return Array.from({ length: times }, () => {
    const wait = throttle.wait(address, account);
    clock.advance(wait);
    throttle.failed(address, account);
    return wait;
  });
}

test("1,000 wrong passwords from one address slow that address and no one else", () => {
  const here = stage();
  const waits = guess(here, 1000, ATTACKER, ROMEO);
  assert.deepEqual(waits.slice(0, 10), Array(10).fill(0));
  assert.deepEqual(waits.slice(10, 18), [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
  assert.ok(waits.slice(18).every((wait) => wait >= 16_000 && wait <= 30_000));
  const { throttle } = here;
  assert.ok(throttle.wait(ATTACKER, JULIET) >= 16_000, "the address, whoever it tries to be");
  assert.equal(throttle.wait(HOME, ROMEO), 0, "the owner, from an address never seen before");
  assert.equal(throttle.wait(HOME, JULIET), 0);
  assert.deepEqual(throttle.counts, { failed: 1000, succeeded: 0, delayed: 991 });
});

test("many connections at once are answered one after the other", () => {
  const here = stage();
  guess(here, 18, ATTACKER, ROMEO);
  const waits = Array.from({ length: 500 }, () => here.throttle.wait(ATTACKER, ROMEO));
  assert.deepEqual(waits.slice(0, 3), [30_000, 60_000, 60_000], "and the line is bounded");
});

test("an account that is tried from everywhere is slowed where it has never logged in", () => {
  const { throttle } = stage();
  throttle.succeeded(HOME, ROMEO);
  for (let i = 0; i < 200; i++) throttle.failed(`203.0.113.${i}`, ROMEO);
  assert.equal(throttle.wait(HOME, ROMEO), 0, "its owner, at an address of the account");
  assert.equal(
    throttle.wait("192.0.2.99", ROMEO),
    30_000,
    "never longer, so that the owner gets in",
  );
  assert.equal(throttle.wait("192.0.2.99", JULIET), 0);
});

test("an owner is not slowed by neighbours behind the same address", () => {
  const here = stage();
  here.throttle.succeeded(HOME, ROMEO);
  guess(here, 100, HOME, JULIET);
  assert.equal(here.throttle.wait(HOME, ROMEO), 0);
  assert.ok(here.throttle.wait(HOME, JULIET) > 0);
});

test("at an address of its own an account is slowed by what was wrong for it there, until it is right", () => {
  const here = stage();
  here.throttle.succeeded(HOME, ROMEO);
  const waits = guess(here, 20, HOME, ROMEO);
  assert.deepEqual(waits.slice(9, 12), [0, 250, 500]);
  assert.equal(here.throttle.wait(HOME, JULIET), 0, "the neighbours are not");
  here.throttle.succeeded(HOME, ROMEO);
  assert.equal(here.throttle.wait(HOME, ROMEO), 0);
});

test("the addresses of an account are not those of the next one of its name", () => {
  const here = stage();
  here.throttle.succeeded(HOME, ROMEO);
  guess(here, 20, HOME, JULIET);
  here.throttle.forget(ROMEO);
  assert.ok(here.throttle.wait(HOME, ROMEO) > 0);
});

test("tokens, which cannot be guessed, do not wait for what was wrong for the account", () => {
  const { throttle } = stage();
  for (let i = 0; i < 200; i++) throttle.failed(`203.0.113.${i}`, ROMEO);
  assert.equal(throttle.wait("192.0.2.99", undefined), 0);
});

test("wrong passwords are forgotten, one after the other", () => {
  const here = stage({ loginForgetSeconds: 60 });
  guess(here, 11, ATTACKER, ROMEO);
  here.clock.advance(120_000);
  assert.deepEqual(guess(here, 3, ATTACKER, ROMEO), [0, 250, 500]);
  here.clock.advance(3_600_000);
  assert.equal(here.throttle.wait(ATTACKER, ROMEO), 0);
});

test("a network of IPv6 (/64) counts as one address", () => {
  const { throttle } = stage();
  for (let i = 0; i < 20; i++) throttle.failed(`2001:db8::${i}`, ROMEO);
  assert.ok(throttle.wait("2001:db8::abcd", ROMEO) > 0);
  assert.equal(throttle.wait("2001:db8:0:1::1", ROMEO), 0);
});

test("the log tells once when waiting begins, with the address, and the account where it is its own", () => {
  const here = stage();
  guess(here, 100, ATTACKER, ROMEO);
  assert.deepEqual(here.warnings, [{ address: ATTACKER }]);
});

test("no more is remembered than loginRecords", () => {
  const { throttle } = stage({ loginRecords: 100 });
  for (let i = 0; i < 20; i++) throttle.failed(ATTACKER, ROMEO);
  for (let i = 0; i < 100; i++) throttle.failed(`10.0.0.${i}`, `u${i}@example.org`);
  assert.equal(throttle.wait(ATTACKER, ROMEO), 0, "forgotten for the sake of later ones");
});

test("limits.loginDelaySeconds: 0 means that nobody waits", () => {
  const here = stage({ loginDelaySeconds: 0 });
  assert.deepEqual(new Set(guess(here, 100, ATTACKER, ROMEO)), new Set([0]));
});
