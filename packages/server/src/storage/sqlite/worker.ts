/** The thread that owns the database: it opens it, carries out groups, and closes it. */
import { closeSync, openSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { SqliteEngine } from "./engine.ts";
import { failureOf } from "./failure.ts";
import { runGroup, runStep } from "./group.ts";
import type { TidyingOptions } from "./log-tidying.ts";
import { prepareDatabase } from "./schema.ts";
import type { Reply, Request } from "./wire.ts";

/** What the worker is started with. */
export interface WorkerOptions {
  readonly file: string;
  /** The size the database may grow to; 0 is no limit. */
  readonly databaseBytes: number;
  readonly tidying: TidyingOptions;
}

/** All pages at once: in steps, each write in between would start the backup anew. */
const ALL_PAGES = 0x7fff_ffff;

/** Milliseconds without a group after which there is time for such work. */
const IDLE = 300;
/** Milliseconds until it is tried again when it could not be done. */
const PAUSE = 5000;

if (parentPort === null) throw new Error("this file is the entry of a worker thread");
serve(parentPort, workerData);

function serve(port: MessagePort, options: WorkerOptions): void {
  const send = (reply: Reply): void => port.postMessage(reply);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(options.file);
    prepareDatabase(db, options.databaseBytes);
    listen(port, options.file, db, new SqliteEngine(db, options.tidying));
    send({ do: "ready" });
  } catch (error) {
    if (db?.isOpen) db.close();
    send({ do: "failed", failure: failureOf(error, `open the database "${options.file}"`) });
    port.close();
  }
}

function listen(port: MessagePort, file: string, db: DatabaseSync, engine: SqliteEngine): void {
  const tidy = tidier(db, engine);
  port.on("message", (request: Request) => {
    switch (request.do) {
      case "group":
        port.postMessage(runGroup(db, engine, request.words, request.calls));
        tidy.soon();
        break;
      case "backup":
        void copyTo(file, request.path).then(
          () => port.postMessage({ do: "backed-up", failure: undefined } satisfies Reply),
          (error: unknown) => {
            const failure = failureOf(error, `write the backup "${request.path}"`);
            port.postMessage({ do: "backed-up", failure } satisfies Reply);
          },
        );
        break;
      case "close":
        tidy.stop();
        db.close();
        port.close();
        break;
    }
  });
}

/** Does what was put off, a step between two groups, or when there are none for a while. */
function tidier(db: DatabaseSync, engine: SqliteEngine): { soon(): void; stop(): void } {
  let next: NodeJS.Immediate | undefined;
  let pausedUntil = 0;
  const step = (): void => {
    next = undefined;
    try {
      runStep(db, engine);
      if (engine.tidying.isDue(false)) next = setImmediate(step);
    } catch {
      // A full disk, most likely: it waits. The groups tell their callers of the trouble.
      pausedUntil = performance.now() + PAUSE;
    }
  };
  const consider = (idle: boolean): void => {
    if (next !== undefined || performance.now() < pausedUntil) return;
    if (engine.tidying.isDue(idle)) next = setImmediate(step);
  };
  const idle = setTimeout(() => consider(true), IDLE);
  return {
    soon: () => {
      consider(false);
      idle.refresh();
    },
    stop: () => {
      clearTimeout(idle);
      clearImmediate(next);
    },
  };
}

/** Copies on a connection of its own: it sees one moment, committed, while groups go on. */
async function copyTo(file: string, path: string): Promise<void> {
  closeSync(openSync(path, "wx", 0o600));
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    await backup(source, path, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
}
