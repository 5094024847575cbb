import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza, StanzaError, type StanzaErrorCondition } from "@rookery/protocol";
import { el } from "@rookery/xml";
import * as fc from "fast-check";
import { LIMITS, type LimitName, type Limits } from "../config/limits.ts";
import type { Storage, Write } from "../storage/api.ts";
import { openStorage } from "../storage/open.ts";
import { openRosters, type Roster, type RosterContent, Rosters, writeRequest } from "./roster.ts";
import { NO_CONTENT } from "./roster-item.ts";
import type { RosterLimits } from "./roster-limits.ts";

const ROMEO = Jid.parse("romeo@example.net");
const JULIET = Jid.parse("juliet@example.com");
const NURSE = Jid.parse("nurse@example.com");

const NO_LIMITS: RosterLimits = {
  items: 0,
  bytes: 0,
  nameBytes: 0,
  groups: 0,
  groupBytes: 0,
  pendingIn: 0,
  removed: 100,
};

test("a roster is empty before anything is in it, and has a version (§2.1.4)", async () => {
  const { rosters } = await opened();
  const roster = await rosters.get(ROMEO);
  assert.deepEqual(roster.items(), []);
  assert.deepEqual(roster.pending(), []);
  assert.deepEqual(roster.subscribers(), []);
  assert.deepEqual(roster.changesSince(roster.version), []);
  assert.equal(roster.changesSince(""), undefined);
});

test("a roster that was asked for before is there at once", async () => {
  const { rosters } = await opened();
  const roster = await rosters.get(ROMEO);
  assert.equal(rosters.get(ROMEO), roster);
});

test("§2.3, §2.4: a contact is added, changed exactly as the client says, and stored", async () => {
  const { rosters, reopened } = await opened();
  const added = await rosters.set(ROMEO, { jid: JULIET, name: "Juliet", groups: ["Friends"] });
  assert.equal(added.previous, undefined);
  assert.equal(added.change?.item?.name, "Juliet");
  assert.deepEqual(added.item?.groups, ["Friends"]);
  assert.equal(added.item?.subscription, "none");
  await rosters.update(ROMEO, JULIET, (old) => ({ ...item(old), subscription: "both" }));
  const changed = await rosters.set(ROMEO, { jid: JULIET, name: undefined, groups: [] });
  await changed.committed;
  const stored = (await (await reopened()).get(ROMEO)).get(JULIET);
  assert.deepEqual(stored, changed.item);
  assert.deepEqual([stored?.name, stored?.groups, stored?.subscription], ["", [], "both"]);
});

test("§2.4.2: a set that changes nothing is pushed all the same, with a version of its own", async () => {
  const { rosters } = await opened();
  const set = { jid: JULIET, name: "Juliet", groups: [] };
  const first = await rosters.set(ROMEO, set);
  const second = await rosters.set(ROMEO, set);
  assert.ok(second.change);
  assert.notEqual(second.change.version, first.change?.version);
});

test("§2.5: a contact is removed, and one that is not there cannot be", async () => {
  const { rosters, reopened } = await opened();
  await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] });
  const { previous, item: left, change, committed } = await rosters.remove(ROMEO, JULIET);
  assert.equal(previous?.jid, JULIET);
  assert.equal(left, undefined);
  assert.deepEqual([change?.jid, change?.item], [JULIET, undefined]);
  await committed;
  assert.deepEqual((await (await reopened()).get(ROMEO)).items(), []);
  const again = await refusal(() => rosters.remove(ROMEO, JULIET));
  assert.deepEqual([again.condition, again.type], ["item-not-found", "modify"]);
});

test("§A.1: who merely asked is in no roster, and is not removed from it", async () => {
  const { rosters } = await opened();
  const asked = await rosters.update(ROMEO, JULIET, () => ({ ...NO_CONTENT, pendingIn: "" }));
  assert.equal(asked.change, undefined);
  const roster = await rosters.get(ROMEO);
  assert.deepEqual(roster.items(), []);
  assert.deepEqual(jids(roster.pending()), [JULIET]);
  assert.equal((await refusal(() => rosters.remove(ROMEO, JULIET))).condition, "item-not-found");
  assert.deepEqual(jids((await rosters.get(ROMEO)).pending()), [JULIET]);
});

test("§A.1: a contact that the user had added stays in the roster while it asks", async () => {
  const { rosters } = await opened();
  await rosters.set(ROMEO, { jid: JULIET, name: "Juliet", groups: [] });
  const asked = await rosters.update(ROMEO, JULIET, (old) => ({ ...item(old), pendingIn: "" }));
  assert.equal(asked.change, undefined);
  const roster = await rosters.get(ROMEO);
  assert.deepEqual(jids(roster.items()), [JULIET]);
  assert.deepEqual(jids(roster.pending()), [JULIET]);
});

test("§2.6.3: what no push tells makes no version", async () => {
  const { rosters } = await opened();
  await rosters.set(ROMEO, { jid: NURSE, name: "", groups: [] });
  const before = (await rosters.get(ROMEO)).version;
  await rosters.update(ROMEO, JULIET, () => ({ ...NO_CONTENT, pendingIn: "" }));
  await rosters.update(ROMEO, JULIET, () => undefined);
  await rosters.update(ROMEO, NURSE, (old) => old);
  assert.equal((await rosters.get(ROMEO)).version, before);
});

test("subscribers and subscriptions follow each change", async () => {
  const { rosters } = await opened();
  const set = (contact: Jid, subscription: RosterContent["subscription"]): unknown =>
    rosters.update(ROMEO, contact, (old) => ({ ...item(old), subscription }));
  await set(JULIET, "both");
  await set(NURSE, "to");
  const roster = await rosters.get(ROMEO);
  assert.deepEqual(roster.subscribers(), [JULIET]);
  assert.deepEqual(roster.subscriptions(), [JULIET, NURSE]);
  assert.ok(roster.isSubscriber(JULIET) && !roster.isSubscriber(NURSE));
  assert.ok(roster.isSubscribedTo(NURSE) && !roster.isSubscribedTo(ROMEO));
  const before = roster.subscribers();
  await rosters.set(ROMEO, { jid: NURSE, name: "Nurse", groups: [] });
  assert.equal(roster.subscribers(), before);
  await set(NURSE, "from");
  assert.deepEqual(roster.subscribers(), [JULIET, NURSE]);
  assert.deepEqual(before, [JULIET]);
  await rosters.remove(ROMEO, JULIET);
  assert.deepEqual(roster.subscribers(), [NURSE]);
  assert.deepEqual(roster.subscriptions(), []);
});

test("a change that throws changes nothing", async () => {
  const { rosters } = await opened();
  await rosters.get(ROMEO);
  assert.throws(
    () =>
      rosters.update(ROMEO, JULIET, () => {
        throw new RangeError("no");
      }),
    RangeError,
  );
  assert.equal((await rosters.get(ROMEO)).get(JULIET), undefined);
});

test("§2.3.3: what a client may not set", async () => {
  const limits = { ...NO_LIMITS, nameBytes: 4, groups: 2, groupBytes: 4 };
  const { rosters } = await opened({ limits });
  await rosters.get(ROMEO);
  const expected: [StanzaErrorCondition, string, string[]][] = [
    ["not-acceptable", "ééé", []],
    ["not-acceptable", "", [""]],
    ["not-acceptable", "", ["ééé"]],
    ["not-acceptable", "", ["a", "b", "c"]],
    ["bad-request", "", ["a", "a"]],
  ];
  for (const [condition, name, groups] of expected) {
    const error = await refusal(() => rosters.set(ROMEO, { jid: JULIET, name, groups }));
    assert.equal(error.condition, condition);
  }
  const resource = Jid.parse("romeo@example.net/orchard");
  for (const jid of [ROMEO, resource]) {
    const error = await refusal(() => rosters.set(ROMEO, { jid, name: "", groups: [] }));
    assert.equal(error.condition, "not-allowed");
  }
  assert.deepEqual((await rosters.get(ROMEO)).items(), []);
  await rosters.set(ROMEO, { jid: JULIET, name: "éé", groups: ["éé", "b"] });
});

test("a roster that is full takes no more contacts, but changes those it has", async () => {
  const { rosters } = await opened({ limits: { ...NO_LIMITS, items: 2, pendingIn: 1 } });
  await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] });
  await rosters.set(ROMEO, { jid: NURSE, name: "", groups: [] });
  const third = contactOf(3);
  const full = await refusal(() => rosters.set(ROMEO, { jid: third, name: "", groups: [] }));
  assert.equal(full.condition, "resource-constraint");
  await rosters.set(ROMEO, { jid: NURSE, name: "Nurse", groups: [] });
  await rosters.remove(ROMEO, NURSE);
  await rosters.set(ROMEO, { jid: third, name: "", groups: [] });
});

test("§3.1.3: so many requests wait at once, and no more", async () => {
  const { rosters } = await opened({ limits: { ...NO_LIMITS, items: 1, pendingIn: 1 } });
  const ask = (contact: Jid): unknown =>
    rosters.update(ROMEO, contact, (old) => ({ ...item(old), pendingIn: "" }));
  await ask(JULIET);
  assert.equal((await refusal(() => ask(NURSE))).condition, "resource-constraint");
  await ask(JULIET);
  await rosters.update(ROMEO, JULIET, () => undefined);
  await ask(NURSE);
});

test("§3.1.3: a request is kept complete and given back at each login", async () => {
  const { rosters, reopened } = await opened();
  const request = new Stanza({
    kind: "presence",
    type: "subscribe",
    id: "xk3h1v69",
    from: JULIET,
    to: ROMEO,
    children: [el("jabber:client", "status", {}, "Thou & I"), el("urn:example:x", "x", { a: "'" })],
  });
  const pendingIn = writeRequest(request);
  const { committed } = await rosters.update(ROMEO, JULIET, () => ({ ...NO_CONTENT, pendingIn }));
  await committed;
  const [again, ...others] = (await (await reopened()).get(ROMEO)).pendingRequests();
  assert.equal(again?.toXml(), request.toXml());
  assert.equal(others.length, 0);
});

test("§3.1.3: of a request that is too large only the envelope is kept", async () => {
  const { rosters } = await opened();
  for (const request of [requestWith("x".repeat(5000), "1"), requestWith("x", "i".repeat(5000))]) {
    const pendingIn = writeRequest(request);
    await rosters.update(ROMEO, JULIET, () => ({ ...NO_CONTENT, pendingIn }));
    const [kept] = (await rosters.get(ROMEO)).pendingRequests();
    assert.equal(
      kept?.toXml(),
      `<presence type='subscribe' from='juliet@example.com' to='romeo@example.net'/>`,
    );
  }
});

test("the limits of the server are those of its rosters", async () => {
  const storage = await openStorage({ driver: "memory" });
  const names = Object.keys(LIMITS) as LimitName[];
  const defaults = Object.fromEntries(names.map((name) => [name, LIMITS[name].default]));
  const limits = { ...(defaults as Limits), rosterItems: 1 };
  const rosters = await openRosters({ storage, random: countingRandom(), limits });
  await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] });
  const error = await refusal(() => rosters.set(ROMEO, { jid: NURSE, name: "", groups: [] }));
  assert.equal(error.condition, "resource-constraint");
});

// ── versions ──────────────────────────────────────────────────────────────────

test("§2.6.3: a client learns of each contact that changed, once, in order, removals too", async () => {
  const { rosters } = await opened();
  await rosters.set(ROMEO, { jid: contactOf(1), name: "", groups: [] });
  await rosters.set(ROMEO, { jid: contactOf(2), name: "", groups: [] });
  const cached = (await rosters.get(ROMEO)).version;
  await rosters.set(ROMEO, { jid: contactOf(3), name: "", groups: [] });
  await rosters.set(ROMEO, { jid: contactOf(1), name: "one", groups: [] });
  await rosters.remove(ROMEO, contactOf(2));
  await rosters.set(ROMEO, { jid: contactOf(3), name: "three", groups: [] });
  const roster = await rosters.get(ROMEO);
  const changes = roster.changesSince(cached) ?? assert.fail("the version is known");
  assert.deepEqual(
    changes.map(({ jid, item: now }) => [jid.local, now?.name]),
    [
      ["c1", "one"],
      ["c2", undefined],
      ["c3", "three"],
    ],
  );
  assert.equal(changes.at(-1)?.version, roster.version);
  assert.equal(new Set(changes.map(({ version }) => version)).size, 3);
  const [first] = changes;
  assert.equal(roster.changesSince(first?.version ?? "")?.length, 2);
});

test("a version that the roster never had is not known", async () => {
  const { rosters } = await opened();
  await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] });
  await rosters.set(JULIET, { jid: ROMEO, name: "", groups: [] });
  const roster = await rosters.get(ROMEO);
  const { version } = roster;
  const tag = version.slice(0, version.lastIndexOf("."));
  const foreign = (await rosters.get(JULIET)).version;
  const numbers = ["", "2", "-1", "01", "1.0", "1e0", " 1", "0x1", "NaN", "1.", "1.1"];
  const strange = ["", ".", "..", "1", "..1", `x${version}`, `${version}x`, foreign];
  for (const text of [...strange, ...numbers.map((number) => `${tag}.${number}`)]) {
    assert.equal(roster.changesSince(text), undefined, text);
  }
});

test("removals that are too many are forgotten, and older versions with them", async () => {
  const { rosters, storage, reopened } = await opened({ limits: { ...NO_LIMITS, removed: 2 } });
  const versions: string[] = [];
  for (const n of [1, 2, 3]) await rosters.set(ROMEO, { jid: contactOf(n), name: "", groups: [] });
  for (const n of [1, 2, 3]) {
    versions.push((await rosters.get(ROMEO)).version);
    await (await rosters.remove(ROMEO, contactOf(n))).committed;
  }
  for (const roster of [await rosters.get(ROMEO), await (await reopened()).get(ROMEO)]) {
    assert.deepEqual(
      versions.map((version) => roster.changesSince(version)?.length),
      [undefined, 2, 1],
    );
  }
  const records = await storage.map({ name: "roster/items", shape: "map", version: 1, codec });
  assert.equal((await records.range(ROMEO.toString())).length, 3);
});

test("versions outlive a start of the server, for some starts", async () => {
  const { rosters, reopened } = await opened();
  await (await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] })).committed;
  const { version } = await rosters.get(ROMEO);
  for (let start = 1; start <= 10; start++) {
    const later = await reopened();
    const loaded = await later.get(ROMEO);
    const known = loaded.changesSince(version);
    assert.equal(known?.length, start <= 8 ? Math.min(1, start - 1) : undefined, `start ${start}`);
    await (await later.set(ROMEO, { jid: NURSE, name: `${start}`, groups: [] })).committed;
  }
});

test("an account that is removed and made again knows no version of the old one", async () => {
  const { rosters, storage } = await opened();
  const make = async (): Promise<Roster> => {
    await (await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] })).committed;
    return rosters.get(ROMEO);
  };
  const before = (await make()).version;
  await rosters.clear(ROMEO);
  assert.deepEqual((await rosters.get(ROMEO)).items(), []);
  assert.equal((await rosters.get(ROMEO)).changesSince(before), undefined);
  const between = await make();
  assert.equal(between.changesSince(before), undefined);
  const cleared = storage.clear(ROMEO.toString());
  rosters.forget(ROMEO, cleared);
  assert.deepEqual((await rosters.get(ROMEO)).items(), []);
  assert.equal((await make()).changesSince(between.version), undefined);
});

test("a clear while the roster is being read, or written, leaves nothing", async () => {
  const { rosters, reopened } = await opened();
  await (await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] })).committed;
  const later = await reopened();
  const reading = later.get(ROMEO);
  const cleared = later.clear(ROMEO);
  await reading;
  await cleared;
  assert.deepEqual((await later.get(ROMEO)).items(), []);

  const first = await later.set(ROMEO, { jid: JULIET, name: "", groups: [] });
  const second = await later.set(ROMEO, { jid: NURSE, name: "", groups: [] });
  await later.clear(ROMEO);
  await Promise.all([first.committed, second.committed]);
  assert.deepEqual((await (await reopened()).get(ROMEO)).items(), []);
});

test("a restored backup does not take versions of the lost time for its own", async () => {
  const { rosters, storage } = await opened();
  await (await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] })).committed;
  const atBackup = (await rosters.get(ROMEO)).version;
  const backup = await copyOf(storage);
  await rosters.set(ROMEO, { jid: NURSE, name: "lost", groups: [] });
  const lost = (await rosters.get(ROMEO)).version;
  const restored = await Rosters.open({
    storage: backup,
    random: countingRandom(500),
    limits: NO_LIMITS,
  });
  assert.equal((await restored.get(ROMEO)).changesSince(lost), undefined);
  assert.deepEqual((await restored.get(ROMEO)).changesSince(atBackup), []);
  await restored.set(ROMEO, { jid: NURSE, name: "found", groups: [] });
  const roster = await restored.get(ROMEO);
  assert.equal(roster.changesSince(lost), undefined);
  assert.deepEqual(
    roster.changesSince(atBackup)?.map(({ item: now }) => now?.name),
    ["found"],
  );
});

// ── writing ───────────────────────────────────────────────────────────────────

test("a contact and the version are stored together", async () => {
  const batches: Write[][] = [];
  const { rosters } = await opened({ batch: (writes) => batches.push([...writes]) });
  await (await rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] })).committed;
  assert.deepEqual(
    batches.map((writes) => writes.map(({ op }) => "key" in op && op.key)),
    [["juliet@example.com", "/versions"]],
  );
});

test("changes that come while one is being stored are stored in one commit", async () => {
  const batches: Write[][] = [];
  const { rosters } = await opened({ batch: (writes) => batches.push([...writes]) });
  await rosters.get(ROMEO);
  const updates = [1, 2, 3, 2].map((n) =>
    rosters.set(ROMEO, { jid: contactOf(n), name: "", groups: [] }),
  );
  await Promise.all(updates.map(async (update) => (await update).committed));
  assert.deepEqual(
    batches.map((writes) => writes.length),
    [2, 3],
  );
});

test("a change that is not stored is taken back, with all that was made upon it", async () => {
  let broken = false;
  const { rosters, reopened } = await opened({
    batch() {
      if (broken) throw new Error("the disk is full");
    },
  });
  await (await rosters.set(ROMEO, { jid: JULIET, name: "kept", groups: [] })).committed;
  const kept = (await rosters.get(ROMEO)).version;
  broken = true;
  const first = await rosters.set(ROMEO, { jid: JULIET, name: "lost", groups: [] });
  const second = await rosters.set(ROMEO, { jid: NURSE, name: "lost", groups: [] });
  assert.equal((await rosters.get(ROMEO)).get(JULIET)?.name, "lost");
  const lost = (await rosters.get(ROMEO)).version;
  broken = false;
  await assert.rejects(first.committed, /disk is full/);
  await assert.rejects(second.committed, /disk is full/);
  for (const roster of [await rosters.get(ROMEO), await (await reopened()).get(ROMEO)]) {
    assert.deepEqual(jids(roster.items()), [JULIET]);
    assert.equal(roster.get(JULIET)?.name, "kept");
    assert.equal(roster.version, kept);
    assert.equal(roster.changesSince(lost), undefined);
  }
  for (const jid of [contactOf(1), contactOf(2), contactOf(3)]) {
    await rosters.set(ROMEO, { jid, name: "", groups: [] });
  }
  const roster = await rosters.get(ROMEO);
  assert.equal(roster.changesSince(first.change?.version ?? ""), undefined);
  assert.equal(roster.changesSince(lost), undefined);
  assert.equal(roster.changesSince(kept)?.length, 3);
});

test("a roster that cannot be read can be read later", async () => {
  let broken = true;
  const { rosters } = await opened({
    range() {
      if (broken) throw new Error("the disk is slow");
    },
  });
  await assert.rejects(async () => rosters.get(ROMEO), /disk is slow/);
  await assert.rejects(async () => rosters.set(ROMEO, { jid: JULIET, name: "", groups: [] }));
  broken = false;
  assert.deepEqual((await rosters.get(ROMEO)).items(), []);
});

test("rosters that are not asked for are forgotten, and read again unharmed", async () => {
  let reads = 0;
  const { rosters } = await opened({ cachedContacts: 40, range: () => reads++ });
  const accounts = Array.from({ length: 30 }, (_, n) => Jid.parse(`user${n}@example.net`));
  for (const account of accounts) {
    for (const n of [1, 2, 3, 4]) {
      const set = { jid: contactOf(n), name: `${account.local} ${n}`, groups: [] };
      await (await rosters.set(account, set)).committed;
    }
  }
  const before = reads;
  for (const account of accounts) {
    const roster = await rosters.get(account);
    assert.deepEqual(
      roster.items().map(({ name }) => name),
      [1, 2, 3, 4].map((n) => `${account.local} ${n}`),
    );
  }
  assert.ok(reads > before + 15, `${reads - before} of 30 rosters were read again`);
});

// ── properties ────────────────────────────────────────────────────────────────

type Step =
  | { readonly do: "set"; readonly n: number; readonly name: string }
  | { readonly do: "remove"; readonly n: number }
  | { readonly do: "update"; readonly n: number; readonly content: RosterContent | undefined }
  | { readonly do: "restart" | "commit" | "fail" };

const n = fc.integer({ min: 1, max: 5 });
const name = fc.constantFrom("", "a", "b");
const content = fc.record({
  name,
  groups: fc.uniqueArray(fc.constantFrom("x", "y"), { maxLength: 2 }),
  subscription: fc.constantFrom("none", "to", "from", "both"),
  ask: fc.boolean(),
  approved: fc.boolean(),
  pendingIn: fc.constantFrom(undefined, ""),
  listed: fc.boolean(),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set"), n, name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove"), n }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("update"),
      n,
      content: fc.option(content, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart", "commit", "fail") }) },
);

test("from any earlier version, the changes since lead to the roster that is", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 50, size: "max" }),
      fc.integer({ min: 0, max: 3 }),
      async (steps, removed) => {
        const run = new ModelRun(removed);
        await run.start();
        for (const step of steps) {
          await run.take(step);
          await run.check();
        }
        assert.ok(run.known >= steps.length);
      },
    ),
    { numRuns: 150 },
  );
});

/** A roster beside a plain map that does the same, and the copies that clients made on the way. */
class ModelRun {
  /** How often a version of before was known. */
  known = 0;
  readonly #limits: RosterLimits;
  #model = new Map<string, RosterContent>();
  /** What is stored for sure. */
  #committed = this.#model;
  #copies: { readonly version: string; readonly items: ReadonlyMap<string, string> }[] = [];
  #opened: Opened | undefined;
  #rosters: Rosters | undefined;
  #broken = false;

  constructor(removed: number) {
    this.#limits = { ...NO_LIMITS, removed };
  }

  async start(): Promise<void> {
    this.#opened = await opened({
      limits: this.#limits,
      batch: () => {
        if (this.#broken) throw new Error("broken");
      },
    });
    this.#rosters = this.#opened.rosters;
    await this.#copy();
  }

  async take(step: Step): Promise<void> {
    const rosters = this.#rosters ?? assert.fail();
    switch (step.do) {
      case "set": {
        const jid = contactOf(step.n);
        const old = this.#model.get(jid.toString()) ?? NO_CONTENT;
        const next = { ...old, name: step.name, groups: [], listed: true };
        this.#put(jid, next);
        const { change } = await rosters.set(ROMEO, { jid, name: step.name, groups: [] });
        assert.ok(change);
        break;
      }
      case "remove": {
        const jid = contactOf(step.n);
        if (this.#model.get(jid.toString())?.listed) {
          this.#put(jid, undefined);
          await rosters.remove(ROMEO, jid);
        } else {
          const error = await refusal(() => rosters.remove(ROMEO, jid));
          assert.equal(error.condition, "item-not-found");
        }
        break;
      }
      case "update": {
        const jid = contactOf(step.n);
        const before = shown(await rosters.get(ROMEO)).get(jid.toString());
        this.#put(jid, step.content && { ...step.content });
        const { change } = await rosters.update(ROMEO, jid, () => step.content);
        const after = shown(await rosters.get(ROMEO)).get(jid.toString());
        assert.equal(change !== undefined, before !== after);
        break;
      }
      case "commit":
        await this.#opened?.storage.flush();
        await this.#settled();
        break;
      case "restart":
        await this.#settled();
        this.#rosters = await this.#opened?.reopened();
        break;
      case "fail":
        await this.#settled();
        this.#broken = true;
        await this.take({ do: "set", n: 1, name: "lost" });
        await this.take({ do: "update", n: 2, content: undefined });
        await this.#copy();
        await new Promise(setImmediate);
        this.#broken = false;
        this.#model = this.#committed;
        break;
    }
    await this.#copy();
  }

  async check(): Promise<void> {
    const roster = (await this.#rosters?.get(ROMEO)) ?? assert.fail();
    const listed = [...this.#model].filter(([, { listed: is }]) => is);
    const wanted = new Map(listed.map(([jid, one]) => [jid, textOf(one)]));
    assert.deepEqual(sorted(shown(roster)), sorted(wanted));
    const asking = [...this.#model].filter(([, { pendingIn }]) => pendingIn !== undefined);
    assert.deepEqual(
      roster
        .pending()
        .map(({ jid }) => jid.toString())
        .toSorted(),
      asking.map(([jid]) => jid).toSorted(),
    );
    for (const [array, modes] of [
      [roster.subscribers(), ["from", "both"]],
      [roster.subscriptions(), ["to", "both"]],
    ] as const) {
      const those = [...this.#model].filter(([, one]) =>
        modes.some((mode) => mode === one.subscription),
      );
      assert.deepEqual(array.map(String).toSorted(), those.map(([jid]) => jid).toSorted());
    }
    for (const { version, items } of this.#copies) {
      const changes = roster.changesSince(version);
      if (changes === undefined) continue;
      this.known++;
      const copy = new Map(items);
      for (const { jid, item: now } of changes) {
        if (now) copy.set(jid.toString(), textOf(now));
        else copy.delete(jid.toString());
      }
      assert.deepEqual(sorted(copy), sorted(wanted), `since ${version}`);
    }
  }

  #put(jid: Jid, next: RosterContent | undefined): void {
    const model = new Map(this.#model);
    const old = model.get(jid.toString());
    if (next === undefined) model.delete(jid.toString());
    else {
      const { subscription, ask, approved } = next;
      const isListed = old?.listed || next.listed || subscription !== "none" || ask || approved;
      if (isListed) model.set(jid.toString(), { ...next, listed: true });
      else if (next.pendingIn === undefined) model.delete(jid.toString());
      else model.set(jid.toString(), { ...NO_CONTENT, pendingIn: next.pendingIn });
    }
    this.#model = model;
  }

  async #settled(): Promise<void> {
    const update = await this.#rosters?.update(ROMEO, contactOf(9), (old) => old);
    await update?.committed;
    this.#committed = this.#model;
  }

  async #copy(): Promise<void> {
    const roster = (await this.#rosters?.get(ROMEO)) ?? assert.fail();
    this.#copies.push({ version: roster.version, items: shown(roster) });
  }
}

// ── helpers ───────────────────────────────────────────────────────────────────

interface Opened {
  readonly storage: Storage;
  readonly rosters: Rosters;
  /** The rosters as another start of the server finds them. */
  readonly reopened: () => Promise<Rosters>;
}

interface OpenOptions {
  readonly limits?: RosterLimits;
  readonly cachedContacts?: number;
  /** Called before each batch; it fails if this throws. */
  batch?(writes: readonly Write[]): unknown;
  /** Called before each reading of a roster; it fails if this throws. */
  range?(): unknown;
}

async function opened(options: OpenOptions = {}): Promise<Opened> {
  const { limits = NO_LIMITS, cachedContacts = 1000 } = options;
  const memory = await openStorage({ driver: "memory" });
  const random = countingRandom();
  const storage: Storage = {
    ...memory,
    map: async (spec) => {
      const store = await memory.map(spec);
      return {
        ...store,
        range: async (owner, range) => {
          options.range?.();
          return store.range(owner, range);
        },
      };
    },
    // like a driver that takes its time, and keeps the order
    batch: (writes) => {
      const committed = (async () => {
        options.batch?.(writes);
        return memory.batch(writes);
      })();
      committed.catch(() => {});
      return new Promise((settle) => setImmediate(() => settle(committed)));
    },
  };
  const open = (): Promise<Rosters> => Rosters.open({ storage, random, limits, cachedContacts });
  return { storage, rosters: await open(), reopened: open };
}

/** A second storage with the rosters of the first. */
async function copyOf(storage: Storage): Promise<Storage> {
  const spec = { name: "roster/items", shape: "map", version: 1, codec } as const;
  const [from, copy] = [await storage.map(spec), await openStorage({ driver: "memory" })];
  const to = await copy.map(spec);
  for (const owner of await from.owners()) {
    for (const { key, value } of await from.range(owner)) await to.put(owner, key, value);
  }
  return copy;
}

const codec = { encode: (text: string) => text, decode: (text: string) => text };

/** Never gives the same bytes twice. */
function countingRandom(start = 0): { bytes(length: number): Uint8Array; id(): string } {
  let count = start;
  return {
    bytes(length) {
      count++;
      return new Uint8Array(length).fill(count & 255).fill(count >> 8, 1);
    },
    id: () => `${count++}`,
  };
}

function contactOf(number: number): Jid {
  return Jid.parse(`c${number}@example.com`);
}

/** A request of Juliet's. */
function requestWith(payload: string, id: string): Stanza {
  return new Stanza({
    kind: "presence",
    type: "subscribe",
    id,
    from: JULIET,
    to: ROMEO,
    children: [el("jabber:client", "status", {}, payload)],
  });
}

function item(old: RosterContent | undefined): RosterContent {
  return old ?? NO_CONTENT;
}

function jids(items: readonly { readonly jid: Jid }[]): Jid[] {
  return items.map(({ jid }) => jid);
}

/** What a client sees of a contact. */
function textOf({ name: handle, groups, subscription, ask, approved }: RosterContent): string {
  return JSON.stringify([handle, groups, subscription, ask, approved]);
}

function shown(roster: Roster): ReadonlyMap<string, string> {
  return new Map(roster.items().map((one) => [one.jid.toString(), textOf(one)]));
}

function sorted(map: ReadonlyMap<string, string>): string[] {
  return [...map].map(([key, value]) => `${key} ${value}`).toSorted();
}

async function refusal(attempt: () => unknown): Promise<StanzaError> {
  try {
    await attempt();
  } catch (error) {
    assert.ok(error instanceof StanzaError, String(error));
    return error;
  }
  return assert.fail("it was not refused");
}

test("limits.rosterBytes bounds the whole roster, as clients get it", async () => {
  const { rosters } = await opened({ limits: { ...NO_LIMITS, bytes: 10_000 } });
  const groups = Array.from({ length: 5 }, (_, n) => `${"&".repeat(100)}${n}`);
  let added = 0;
  await assert.rejects(
    async () => {
      for (; added < 100; added++) {
        await rosters.set(ROMEO, { jid: Jid.parse(`u${added}@example.net`), name: "", groups });
      }
    },
    { condition: "resource-constraint" },
  );
  assert.equal(added, 3); // 5 × 600 bytes each
  const jid = Jid.parse("u0@example.net");
  await rosters.set(ROMEO, { jid, name: "", groups: [] });
  await rosters.set(ROMEO, { jid: Jid.parse("another@example.net"), name: "", groups });
});
