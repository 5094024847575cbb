import type { MapSpec } from "./api.ts";
import type { Driver, OpenedStore, Position, StagedRow } from "./driver.ts";
import { quote, storable } from "./text.ts";

/** What a migration needs of the spec of a store, map or log. */
export type Migration = Pick<MapSpec<never>, "name" | "version" | "migrate">;

/**
 * Brings every value of a store forward to the version of its spec. The migrated values are kept
 * aside page by page and take their places together with the new version in one commit: a crash
 * or a failing `migrate` leaves the store as it was, and the program that made it can still run.
 */
export async function migrate(driver: Driver, opened: OpenedStore, spec: Migration): Promise<void> {
  let after: Position | undefined;
  for (;;) {
    const page = await driver.call("unmigrated", opened.id, after);
    const last = page.at(-1);
    if (last === undefined) break;
    const rows = page.map((row) => migrated(row, opened.version, spec));
    await driver.call("stage", opened.id, rows);
    after = last[0];
  }
  await driver.call("adopt", opened.id, spec.version);
}

function migrated([position, text]: StagedRow, from: number, spec: Migration): StagedRow {
  const attempted = `cannot bring the store ${quote(spec.name)} from version ${from} to ${spec.version}`;
  if (spec.migrate === undefined) {
    throw new Error(`${attempted}: it has values but its spec has no migrate(text, from)`);
  }
  try {
    return [position, storable(spec.migrate(text, from), "migrated value")];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${attempted}: migrating the value ${quote(text)} at ${JSON.stringify(position)} failed ` +
        `(${reason}). Nothing was changed; repair the value, or go back to the program that wrote it`,
      { cause },
    );
  }
}
