/** What tests of uploads share that look at the disk, or start the server again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Person, TestServer, VirtualClock } from "@rookery/testkit";
import type { ConfigInput } from "../../config/config.ts";

interface DataScene extends AsyncDisposable {
  readonly stage: TestServer;
  readonly romeo: Person;
}

interface DataStage {
  /** The data directory. */
  readonly data: string;
  readonly clock: VirtualClock;
  /** Starts a server on it, with Romeo logged in. */
  readonly start: (config?: ConfigInput) => Promise<DataScene>;
}

/** A test on a data directory of its own. */
export function withData(play: (stage: DataStage) => Promise<void>): () => Promise<void> {
  return async () => {
    const data = mkdtempSync(join(tmpdir(), "rookery-upload-"));
    const clock = new VirtualClock();
    const start = async (config: ConfigInput = {}): Promise<DataScene> => {
      const stage = await TestServer.start({
        clock,
        config: {
          storage: "sqlite",
          ...config,
          data,
          listen: { http: "127.0.0.1:0" },
          limits: { idleSeconds: 0, ...config.limits },
        },
      });
      await stage.server.listen();
      const romeo = await Person.enters(stage, "romeo@example.org/balcony");
      return { stage, romeo, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
    };
    try {
      await play({ data, clock, start });
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  };
}
