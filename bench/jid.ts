/**
 * What an address costs: `node bench/jid.ts`. Prints the median of some rounds, in nanoseconds for
 * one call of `Jid.parse`.
 *
 * A miss is forced by giving each call a text that was not seen before.
 */
import { Jid } from "../packages/protocol/src/jid.ts";

const ROUNDS = 15;
const CALLS = 20_000;
/** No two calls see the same number, hence no two the same text. */
let count = 1_000_000;

const parse = (text: string): Jid => Jid.parse(text);

const hot = Array.from({ length: 100 }, (_, i) => `user${i}@example.org/resource-${i}`);
/** As from a parser: equal to what is interned but another string, whose hash is not known yet. */
const fresh = (text: string): string => JSON.parse(`"${text}"`) as string;

report("hit, same string", () => hot, parse);
report("hit, fresh string", () => hot.map(fresh), parse);
report(
  "miss, ASCII user@example.org/resource",
  () => unseen((n) => `user${n}@example.org/r`),
  Jid.parse,
);
report("miss, ASCII in upper case", () => unseen((n) => `User${n}@Example.ORG/r`), parse);
report("miss, non-ASCII localpart", () => unseen((n) => `юлия${n}@example.org/r`), parse);
report("miss, non-ASCII domainpart", () => unseen((n) => `user${n}@bücher.example/r`), parse);
report("miss, non-ASCII in all parts", () => unseen((n) => `юлия${n}@bücher.example/♚`), parse);
report("miss, right-to-left localpart", () => unseen((n) => `יוליה${n}@example.org/r`), parse);

const jids = hot.map((text) => Jid.parse(text));
report(
  "bare of a full JID",
  () => jids,
  (jid) => jid.bare,
);
report(
  "withResource, known",
  () => jids,
  (jid) => jid.withResource("resource-1"),
);

function unseen(text: (n: number) => string): string[] {
  return Array.from({ length: CALLS }, () => fresh(text(count++)));
}

/** Inputs are made outside of what is timed. */
function report<T>(name: string, inputs: () => readonly T[], call: (input: T) => unknown): void {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const batches = [inputs()];
    while (batches.length * (batches[0]?.length ?? CALLS) < CALLS) batches.push(inputs());
    const start = performance.now();
    let calls = 0;
    for (const batch of batches) {
      for (const input of batch) call(input);
      calls += batch.length;
    }
    times.push(((performance.now() - start) * 1e6) / calls);
  }
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1] ?? Number.NaN;
  console.log(`${name.padEnd(40)} ${median.toFixed(0).padStart(8)} ns`);
}
