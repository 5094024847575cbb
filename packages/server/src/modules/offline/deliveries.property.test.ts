import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Kept } from "../../im/contract.ts";
import { Deliveries } from "./deliveries.ts";

/** The messages of an account as the archive has them, and what its clients hold and have. */
class Model {
  readonly archive: Kept[] = [];
  readonly had: Set<string> = new Set();
  readonly fetched: Set<string> = new Set();
  readonly held: string[] = [];
  isPartlyRead = false;
  deliveries: Deliveries = new Deliveries(undefined);
  now = 1;

  comes(isHanded: boolean): void {
    const kept = { id: `m${this.archive.length}`, at: this.now };
    this.archive.push(kept);
    this.deliveries.record(kept, undefined);
    if (isHanded) this.#hand(kept);
  }

  /** A client is handed what waits, all of it or the next few. */
  give(most: number): void {
    let left = most;
    this.deliveries.beginReading();
    if (!this.deliveries.complete) {
      for (const kept of this.#after(this.deliveries.upTo)) {
        if (left-- === 0) break;
        if (this.deliveries.meet(kept, undefined)) this.#hand(kept);
      }
      if (left >= 0) this.deliveries.completed();
      this.isPartlyRead = !this.deliveries.complete;
    }
    if (left > 0) for (const kept of this.deliveries.left().slice(0, left)) this.#hand(kept);
    this.deliveries.endReading();
  }

  acknowledge(place: number): void {
    const [id] = this.held.splice(place % (this.held.length || 1), 1);
    if (id === undefined) return;
    this.deliveries.take(id);
    this.had.add(id);
  }

  leave(place: number): void {
    const [id] = this.held.splice(place % (this.held.length || 1), 1);
    if (id !== undefined) this.deliveries.leave(id);
  }

  /**
   * A client fetches from the archive what came until now, but not in this millisecond. What others
   * hold may be handed over all the same when they leave it, and then more of what was fetched.
   */
  fetch(): void {
    const until = this.now - 1;
    this.deliveries.skip(until);
    const isAll = this.held.length === 0 && !this.isPartlyRead;
    for (const { id, at } of this.archive)
      if (at <= until && !this.held.includes(id)) (isAll ? this.had : this.fetched).add(id);
  }

  /** The account is forgotten, and known again from what is stored. */
  reopen(): void {
    for (const id of this.held.splice(0)) this.deliveries.leave(id);
    this.deliveries = new Deliveries(structuredClone(this.deliveries.position()));
    this.isPartlyRead = false;
  }

  #hand(kept: Kept): void {
    const { id } = kept;
    assert.ok(!this.had.has(id), `${id} is handed over though a client has it`);
    assert.ok(!this.held.includes(id), `${id} is handed over twice`);
    this.deliveries.hand(kept, 1);
    this.held.push(id);
  }

  #after(upTo: Kept | undefined): readonly Kept[] {
    if (upTo === undefined) return this.archive;
    const place = this.archive.findIndex(({ id }) => id === upTo.id);
    return place >= 0
      ? this.archive.slice(place + 1)
      : this.archive.filter(({ at }) => at > upTo.at);
  }
}

const place = fc.nat({ max: 5 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("comes", "comes handed") }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("give"), n: fc.constantFrom(1, 2, 3, 99) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("acknowledge"), n: place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave"), n: place }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("wait", "fetch", "reopen", "reopen") }) },
);

function play(
  model: Model,
  { do: what, n = 0 }: { readonly do: string; readonly n?: number },
): void {
  switch (what) {
    case "comes":
    case "comes handed":
      return model.comes(what === "comes handed");
    case "give":
    case "acknowledge":
    case "leave":
      return model[what](n);
    case "fetch":
    case "reopen":
      return model[what]();
    default:
      model.now++;
  }
}

test("docs/delivery.md: in whatever order messages come and are taken, each is handed over until a client has it, and not after that", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const one of steps) play(model, one);
      model.reopen();
      model.give(Infinity);
      while (model.held.length > 0) model.acknowledge(0);
      assert.deepEqual(
        model.archive.filter(({ id }) => !model.had.has(id) && !model.fetched.has(id)),
        [],
      );
    }),
    { numRuns: Number(process.env["ROOKERY_RUNS"] ?? 5000) },
  );
});
