import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Storage } from "../api.ts";
import { storageConformance } from "../conformance.test.ts";
import { openStorage } from "../open.ts";
import type { SqliteLimits } from "./driver.ts";
import { assertWhole } from "./whole-database.test.ts";

async function open(limits: SqliteLimits): Promise<Storage> {
  const directory = mkdtempSync(join(tmpdir(), "rookery-storage-"));
  const storage = await openStorage({ driver: "sqlite", directory, limits });
  return {
    ...storage,
    close: async () => {
      await storage.close();
      assertWhole(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

storageConformance("sqlite", () => open({}));
// One log a step, after each group: every test meets entries inside and outside the index.
storageConformance("sqlite that indexes all the time", () =>
  open({ tidying: { indexAt: 3, step: 0 } }),
);
