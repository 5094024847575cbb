import type { MapSpec } from "../storage/api.ts";
import type { RosterContent } from "./roster-item.ts";
import { type RosterEpoch, RosterVersions } from "./roster-versions.ts";
import type { SubscriptionMode } from "./subscription.ts";

/** A record of an account's roster: a contact, what is left of a removed one, or the versions. */
export type RosterRecord =
  | { readonly is: "contact"; readonly content: RosterContent; readonly changed: number }
  | { readonly is: "removed"; readonly changed: number }
  | { readonly is: "versions"; readonly versions: RosterVersions };

/** The key of the versions; those of contacts are their addresses, and none begins with "/". */
export const VERSIONS_KEY = "/versions";

/** Where rosters are kept: the owner is the account's bare JID. */
export const rosterRecords: MapSpec<RosterRecord> = {
  shape: "map",
  name: "roster/items",
  version: 1,
  codec: {
    encode: (record) => JSON.stringify(stored(record)),
    decode(text) {
      const record: StoredRecord = JSON.parse(text);
      return restored(record);
    },
  },
};

/** What goes into the text; what is usual is left out. */
type StoredRecord = StoredContact | { readonly removed: number } | StoredVersions;

interface StoredContact {
  readonly changed: number;
  readonly name?: string;
  readonly groups?: readonly string[];
  readonly subscription?: SubscriptionMode;
  readonly ask?: true;
  readonly approved?: true;
  readonly request?: string;
  readonly listed?: true;
}

interface StoredVersions {
  readonly id: string;
  readonly version: number;
  readonly floor: number;
  readonly epochs: readonly RosterEpoch[];
}

function stored(record: RosterRecord): StoredRecord {
  if (record.is === "contact") return storedContact(record.content, record.changed);
  if (record.is === "removed") return { removed: record.changed };
  const { id, current, floor, epochs } = record.versions;
  return { id, version: current, floor, epochs };
}

function storedContact(content: RosterContent, changed: number): StoredContact {
  const { name, groups, subscription, ask, approved, pendingIn, listed } = content;
  return {
    changed,
    ...(name !== "" && { name }),
    ...(groups.length > 0 && { groups }),
    ...(subscription !== "none" && { subscription }),
    ...(ask && { ask }),
    ...(approved && { approved }),
    ...(pendingIn !== undefined && { request: pendingIn }),
    ...(listed && { listed }),
  };
}

function restored(record: StoredRecord): RosterRecord {
  if ("removed" in record) return { is: "removed", changed: record.removed };
  if ("epochs" in record) {
    const { id, version, floor, epochs } = record;
    return { is: "versions", versions: new RosterVersions(id, version, floor, epochs) };
  }
  const { name = "", groups = [], subscription = "none", changed } = record;
  const { ask = false, approved = false, request: pendingIn, listed = false } = record;
  const content = { name, groups, subscription, ask, approved, pendingIn, listed };
  return { is: "contact", content, changed };
}
