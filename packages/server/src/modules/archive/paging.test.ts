import assert from "node:assert/strict";
import { test } from "node:test";
import { conversation, type Person } from "@rookery/testkit";
import { ask, cast, form, page, says, talks } from "./archive-scene.test.ts";

const MANY = 23;
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

/** All that is asked for, page after page, in the order of the archive. */
async function allPages(person: Person, side: "after" | "before", inside = ""): Promise<string[]> {
  const all: string[] = [];
  let from: Record<string, string> = side === "before" ? { before: "" } : {};
  for (let n = 0; n < 50; n++) {
    const { bodies, fin } = await ask(person, inside + page({ max: 5, ...from }));
    const texts = bodies.map((body) => body ?? "");
    if (side === "after") all.push(...texts);
    else all.unshift(...texts);
    assert.equal(bodies.length <= 5, true);
    if (fin.complete) return all;
    const uid = side === "after" ? fin.page?.last : fin.page?.first;
    assert.ok(uid);
    from = { [side]: uid };
  }
  throw new Error("the pages have no end");
}

for (const side of ["after", "before"] as const) {
  test(
    `XEP-0313 §4.3.2: page by page with ${side}, everything comes once, in order`,
    conversation(cast, async ({ romeo, juliet, stage }) => {
      await talks(romeo, stage, "juliet@example.org", MANY);
      assert.deepEqual(await allPages(romeo, side), numbers(0, MANY));
      assert.deepEqual(await allPages(juliet, side), numbers(0, MANY));
      const filter = form({
        with: "juliet@example.org",
        start: "2026-01-01T00:00:02Z",
        end: "2026-01-01T00:00:12Z",
      });
      assert.deepEqual(await allPages(romeo, side, filter), numbers(2, 13));
      const full = form({ with: "romeo@example.org/balcony" });
      assert.deepEqual(await allPages(juliet, side, full), numbers(0, MANY));
    }),
  );
}

test(
  "XEP-0313 §4.3.2: complete says whether anything is left in the direction of the page",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 6);
    const all = (await ask(romeo)).results.map(({ id }) => id);
    const complete = async (set: Record<string, string | number>): Promise<unknown> => {
      const { fin, bodies } = await ask(romeo, page(set));
      return [bodies.join(""), fin.complete];
    };
    assert.deepEqual(await complete({ max: 5 }), ["01234", false]);
    assert.deepEqual(await complete({ max: 6 }), ["012345", true]);
    assert.deepEqual(await complete({ max: 3, after: all[2] ?? "" }), ["345", true]);
    assert.deepEqual(await complete({ max: 2, after: all[2] ?? "" }), ["34", false]);
    assert.deepEqual(await complete({ max: 3, after: all[5] ?? "" }), ["", true]);
    assert.deepEqual(await complete({ max: 3, before: all[3] ?? "" }), ["012", true]);
    assert.deepEqual(await complete({ max: 2, before: all[3] ?? "" }), ["12", false]);
    assert.deepEqual(await complete({ max: 3, before: all[0] ?? "" }), ["", true]);
    assert.deepEqual(await complete({ max: 6, before: "" }), ["012345", true]);
    assert.deepEqual(await complete({ max: 5, before: "" }), ["12345", false]);
  }),
);

test(
  "XEP-0313 §4.3.3: the last page comes for an empty before, in the order of the archive",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 6);
    const { bodies, results, fin } = await ask(romeo, page({ max: 2, before: "" }));
    assert.deepEqual(bodies, ["4", "5"]);
    assert.deepEqual(fin, {
      complete: false,
      stable: true,
      page: { first: results[0]?.id, last: results[1]?.id, index: undefined, count: undefined },
    });
  }),
);

test(
  "XEP-0313 §4.3.4: a flipped page has the same messages in the opposite order",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 6);
    const set = page({ max: 3, before: "" });
    const plain = await ask(romeo, set);
    const flipped = await ask(romeo, `${set}<flip-page/>`);
    assert.deepEqual(plain.bodies, ["3", "4", "5"]);
    assert.deepEqual(flipped.bodies, ["5", "4", "3"]);
    assert.deepEqual(flipped.fin, plain.fin);
    assert.deepEqual((await ask(romeo, `${page({ max: 2 })}<flip-page/>`)).bodies, ["1", "0"]);
  }),
);

test(
  "XEP-0059 §2.7: a page of none tells how many there are",
  conversation(cast, async ({ romeo, stage }) => {
    const count = async (inside = ""): Promise<unknown> => {
      const { bodies, fin } = await ask(romeo, inside + page({ max: 0 }));
      assert.deepEqual(bodies, []);
      assert.equal(fin.page?.first, undefined);
      return [fin.page?.count, fin.complete];
    };
    assert.deepEqual(await count(), [0, true]);
    await talks(romeo, stage, "juliet@example.org", 6);
    assert.deepEqual(await count(), [6, false]);
    assert.deepEqual(await count(form({ start: "2026-01-01T00:00:04Z" })), [2, false]);
    assert.deepEqual(await count(form({ with: "nurse@example.org" })), [0, true]);
  }),
);

test(
  "XEP-0059 §2.6: the first position is the first page; others are not offered",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 3);
    assert.deepEqual((await ask(romeo, page({ max: 2, index: 0 }))).bodies, ["0", "1"]);
    const { error } = await ask(romeo, page({ max: 2, index: 1 }));
    assert.equal(error, "feature-not-implemented");
  }),
);

test(
  "the limit archivePage bounds a page, whatever the client asks for",
  conversation(
    cast,
    async ({ romeo, stage }) => {
      await talks(romeo, stage, "juliet@example.org", 13);
      for (const set of ["", page({ max: 1000 }), page({ max: 4_000_000 })]) {
        const { bodies, fin } = await ask(romeo, set);
        assert.deepEqual(bodies, numbers(0, 10));
        assert.equal(fin.complete, false);
      }
    },
    { config: { limits: { archivePage: 10 } } },
  ),
);

test(
  "the limit archivePageBytes bounds a page; one message at least comes",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      const long = "x".repeat(4000);
      for (let n = 0; n < 5; n++) await romeo.sends(says("juliet@example.org", `${n}${long}`));
      await romeo.sends(says("juliet@example.org", "x".repeat(20_000)));
      const first = await ask(juliet, "");
      assert.deepEqual(
        first.bodies.map((body) => body?.[0]),
        ["0", "1"],
      );
      assert.equal(first.fin.complete, false);
      const last = await ask(juliet, page({ before: "" }));
      assert.deepEqual(
        last.bodies.map((body) => body?.length),
        [20_000],
      );
      const before = await ask(juliet, page({ before: last.fin.page?.first ?? "" }));
      assert.deepEqual(
        before.bodies.map((body) => body?.[0]),
        ["3", "4"],
      );
    },
    { config: { limits: { archivePageBytes: 10_000 } } },
  ),
);
