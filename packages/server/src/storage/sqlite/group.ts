import type { DatabaseSync } from "node:sqlite";
import type { WriteOp } from "../api.ts";
import { type EngineMethod, type NumberedWrite, READS } from "../driver.ts";
import type { SqliteEngine } from "./engine.ts";
import { concernsStatementOnly, failureOf } from "./failure.ts";
import { type Call, type Failure, type Outcome, type Unit, units, type Wire } from "./wire.ts";

/**
 * Carries out the requests of one group in order, in one transaction. A request that fails for
 * itself (a conflict) leaves no trace and does not concern the others; when the commit fails, or
 * SQLite gives up on the transaction, every write of the group fails.
 */
export function runGroup(
  db: DatabaseSync,
  engine: SqliteEngine,
  words: readonly Wire[],
  calls: readonly Call[],
): Outcome {
  return new GroupRun(db, engine).run(units(words, calls));
}

/** Does some of the work that was put off. @throws when it cannot be committed. */
export function runStep(db: DatabaseSync, engine: SqliteEngine): void {
  db.exec("begin immediate");
  try {
    engine.tidying.step();
    db.exec("commit");
    engine.pending.settle();
  } catch (error) {
    if (db.isTransaction) db.exec("rollback");
    engine.pending.undoTo(0);
    engine.forget();
    throw error;
  }
}

class GroupRun {
  readonly #db: DatabaseSync;
  readonly #engine: SqliteEngine;
  readonly #numbers: number[] = [];
  readonly #answers: [number, unknown][] = [];
  readonly #failures: [number, Failure][] = [];

  constructor(db: DatabaseSync, engine: SqliteEngine) {
    this.#db = db;
    this.#engine = engine;
  }

  run(group: readonly Unit[]): Outcome {
    try {
      for (const [place, unit] of group.entries()) this.#carryOut(place, unit);
      this.#engine.flush();
      if (this.#db.isTransaction) this.#db.exec("commit");
      this.#engine.pending.settle();
    } catch (error) {
      this.#failAll(group, error);
    }
    return {
      do: "outcome",
      numbers: this.#numbers,
      answers: this.#answers,
      failures: this.#failures,
    };
  }

  #carryOut(place: number, unit: Unit): void {
    if (unit.kind !== "write" || !isAlone(unit.write.op)) this.#engine.flush();
    if (isRead(unit)) return this.#read(place, unit.call);
    if (!this.#db.isTransaction) this.#db.exec("begin immediate");
    try {
      if (unit.kind === "write") this.#write(place, unit.write);
      else this.#together(place, unit);
    } catch (error) {
      if (!concernsStatementOnly(error) || !this.#db.isTransaction) throw error;
      this.#failures.push([place, failureOf(error, attempted(unit))]);
    }
  }

  #read(place: number, call: Call): void {
    try {
      this.#answers.push([place, invoke(this.#engine, call)]);
    } catch (error) {
      this.#failures.push([place, failureOf(error, "read from the storage")]);
    }
  }

  #write(place: number, { store, op }: NumberedWrite): void {
    const number = isAlone(op)
      ? this.#engine.apply(store, op)
      : this.#savepoint(
          () => this.#engine.apply(store, op),
          () => this.#engine.forgetWrites(),
        );
    if (number !== 1) this.#numbers.push(place, number);
  }

  #together(place: number, unit: Unit & { kind: "batch" | "call" }): void {
    if (unit.kind === "batch") {
      this.#savepoint(
        () => {
          for (const { store, op } of unit.writes) this.#engine.apply(store, op);
        },
        () => this.#engine.forgetWrites(),
      );
    } else {
      const answer = this.#savepoint(
        () => invoke(this.#engine, unit.call),
        () => this.#engine.forget(),
      );
      this.#answers.push([place, answer]);
    }
  }

  #savepoint<T>(work: () => T, undone: () => void): T {
    const mark = this.#engine.pending.mark();
    this.#db.exec("savepoint request");
    try {
      const result = work();
      this.#engine.flush();
      this.#db.exec("release request");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) {
        this.#db.exec("rollback to request; release request");
        this.#engine.pending.undoTo(mark);
        undone();
      }
      throw error;
    }
  }

  /** Rejects every write of the group, except those that failed for reasons of their own. */
  #failAll(group: readonly Unit[], error: unknown): void {
    if (this.#db.isTransaction) this.#db.exec("rollback");
    this.#engine.pending.undoTo(0);
    this.#engine.forget();
    const own = new Map(this.#failures);
    this.#numbers.length = 0;
    this.#answers.length = 0;
    this.#failures.length = 0;
    const failure = failureOf(error, "commit to the storage");
    for (const [place, unit] of group.entries()) {
      if (isRead(unit)) this.#read(place, unit.call);
      else this.#failures.push([place, own.get(place) ?? failure]);
    }
  }
}

/** One statement undoes itself when it fails; of these two kinds a conflict changes nothing. */
const isAlone = (op: WriteOp): boolean =>
  op.do === "put" || (op.do === "append" && op.entry.text === undefined);

const isRead = (unit: Unit): unit is Unit & { kind: "call" } =>
  unit.kind === "call" && READS.has(unit.call.method);

function attempted(unit: Unit): string {
  if (unit.kind === "write") return `${unit.write.op.do} in the storage`;
  return unit.kind === "batch" ? "write a batch to the storage" : `${unit.call.method} a store`;
}

function invoke(engine: SqliteEngine, { method, args }: Call): unknown {
  const methods: { [K in EngineMethod]: (...args: never[]) => unknown } = engine;
  return Reflect.apply(methods[method], engine, args);
}
