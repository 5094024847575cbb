import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveFin, MAM_NS } from "@rookery/protocol";
import { conversation } from "@rookery/testkit";
import type { Element } from "@rookery/xml";
import { ask, cast, conditionOf, form, page, says, talks } from "./archive-scene.test.ts";

const STRANGE: readonly string[] = [
  "' OR 1=1 --",
  "x'); DROP TABLE place; --",
  "%",
  "*",
  "\u0001".replace("\u0001", "&#9;"),
  "{}",
  "../../etc/passwd",
  "🐦",
  "x".repeat(1024),
];

test(
  "SECURITY: whatever stands in an id is an id that is not there",
  conversation(cast, async ({ romeo, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 2);
    for (const strange of STRANGE) {
      const id = strange.replaceAll("'", "&apos;");
      for (const inside of [
        page({ after: id }),
        page({ before: id }),
        form({ "after-id": id }),
        form({ "before-id": id }),
        form({ ids: [id] }),
      ]) {
        assert.equal((await ask(romeo, inside)).error, "item-not-found", inside);
      }
    }
    assert.deepEqual((await ask(romeo)).bodies, ["0", "1"]);
  }),
);

test(
  "SECURITY: the id of a message in someone else's archive is none in one's own",
  conversation({ ...cast, nurse: "nurse@example.org/x" }, async ({ romeo, nurse }) => {
    await romeo.sends(says("juliet@example.org", "one"));
    const [one] = (await ask(romeo)).results;
    assert.ok(one);
    assert.equal((await ask(nurse, form({ ids: [one.id] }))).error, "item-not-found");
    assert.equal((await ask(nurse, page({ after: one.id }))).error, "item-not-found");
    assert.deepEqual((await ask(nurse, form({ with: "romeo@example.org" }))).bodies, []);
  }),
);

test(
  "SECURITY: texts that would come again in each result are bounded, and so are lists of ids",
  conversation(cast, async ({ romeo }) => {
    await romeo.sends(says("juliet@example.org", "one"));
    const long = "x".repeat(1024);
    assert.equal((await ask(romeo, "", `queryid='${long}'`)).error, "bad-request");
    assert.deepEqual((await ask(romeo, "", `queryid='${long.slice(1)}'`)).bodies, ["one"]);
    const ids = Array.from({ length: 2000 }, (_, n) => `id${n}`);
    assert.equal((await ask(romeo, form({ ids }))).error, "not-acceptable");
    assert.equal((await ask(romeo, page({ after: `${long}x` }))).error, "bad-request");
  }),
);

test(
  "SECURITY: of a thousand queries at once some are answered, in order, and the others refused",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await talks(romeo, stage, "juliet@example.org", 20);
    const count = 1000;
    for (let n = 0; n < count; n++) {
      romeo.client.send(`<iq type='set' id='q${n}'><query xmlns='${MAM_NS}' queryid='${n}'/></iq>`);
    }
    // others are served meanwhile
    await juliet.sends(says("romeo@example.org", "now"));
    assert.equal((await ask(juliet)).bodies.at(-1), "now");
    const answered: string[] = [];
    const results = new Map<string, number>();
    let refused = 0;
    for (let n = 0; n < count; ) {
      const element = await romeo.client.element();
      const queryId = element.child(MAM_NS, "result")?.attr("queryid");
      if (queryId !== undefined) results.set(queryId, (results.get(queryId) ?? 0) + 1);
      if (element.name !== "iq") continue;
      n++;
      const id = element.attr("id")?.slice(1) ?? "";
      if (finOf(element)) {
        answered.push(id);
        assert.ok((results.get(id) ?? 0) >= 20, "the results come before their end");
      } else {
        refused++;
        assert.equal(conditionOf(element), "resource-constraint");
      }
    }
    assert.ok(answered.length > 20 && answered.length + refused === count);
    assert.ok(results.size === answered.length);
    assert.deepEqual(
      answered,
      answered.toSorted((a, b) => Number(a) - Number(b)),
    );
  }),
);

function finOf(iq: Element): boolean {
  const fin = iq.child(MAM_NS, "fin");
  return fin !== undefined && archiveFin.read(fin).complete;
}
