import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Storage } from "../api.ts";
import { storageConformance } from "../conformance.test.ts";
import { openStorage } from "../open.ts";

storageConformance("sqlite", async (): Promise<Storage> => {
  const directory = mkdtempSync(join(tmpdir(), "rookery-storage-"));
  const storage = await openStorage({ driver: "sqlite", directory });
  return {
    ...storage,
    close: async () => {
      await storage.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
