/** The thread that owns the database: it opens it, carries out groups, and closes it. */
import { closeSync, openSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { SqliteEngine } from "./engine.ts";
import { failureOf } from "./failure.ts";
import { runGroup } from "./group.ts";
import { prepareDatabase } from "./schema.ts";
import type { Reply, Request } from "./wire.ts";

/** What the worker is started with. */
export interface WorkerOptions {
  readonly file: string;
  /** The size the database may grow to; 0 is no limit. */
  readonly databaseBytes: number;
}

/** All pages at once: in steps, each write in between would start the backup anew. */
const ALL_PAGES = 0x7fff_ffff;

if (parentPort === null) throw new Error("this file is the entry of a worker thread");
serve(parentPort, workerData);

function serve(port: MessagePort, options: WorkerOptions): void {
  const send = (reply: Reply): void => port.postMessage(reply);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(options.file);
    prepareDatabase(db, options.databaseBytes);
    listen(port, options.file, db, new SqliteEngine(db));
    send({ do: "ready" });
  } catch (error) {
    if (db?.isOpen) db.close();
    send({ do: "failed", failure: failureOf(error, `open the database "${options.file}"`) });
    port.close();
  }
}

function listen(port: MessagePort, file: string, db: DatabaseSync, engine: SqliteEngine): void {
  port.on("message", (request: Request) => {
    switch (request.do) {
      case "group":
        port.postMessage(runGroup(db, engine, request.words, request.calls));
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
        db.close();
        port.close();
        break;
    }
  });
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
