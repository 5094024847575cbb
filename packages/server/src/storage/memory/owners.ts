import type { OwnersPage } from "../driver.ts";
import { compareUtf8 } from "../order.ts";

/** The owners after one, in order. */
export function pageOfOwners(owners: Iterable<string>, page: OwnersPage): readonly string[] {
  const { after, limit } = page;
  const later = [...owners].filter((name) => after === undefined || compareUtf8(name, after) > 0);
  return later.toSorted(compareUtf8).slice(0, limit);
}
