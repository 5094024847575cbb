import type { MapSpec } from "../../storage/api.ts";
import type { InvitationKind } from "./contract.ts";

/** What is kept of an invitation. */
export interface InvitationRecord {
  readonly kind: InvitationKind;
  readonly username: string | undefined;
  readonly admin: boolean;
  readonly subscribe: boolean;
  readonly first: boolean;
  /** How often it can be used yet. */
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
}

/**
 * By digest of the token. The owner is who made it, an account or (for the operator) the domain: the
 * invitations of an account go with it.
 */
export const records: MapSpec<InvitationRecord> = {
  shape: "map",
  name: "invitations/issued",
  version: 1,
  codec: {
    encode: (record) => JSON.stringify(record),
    decode(text) {
      const record = JSON.parse(text) as InvitationRecord;
      return { ...record, username: record.username };
    },
  },
};

/** Who made the invitation of a digest. The owner is the domain. */
export const makers: MapSpec<string> = {
  shape: "map",
  name: "invitations/makers",
  version: 1,
  codec: { encode: (maker) => maker, decode: (text) => text },
};

/** The digest of the invitation that keeps a localpart. The owner is the domain. */
export const names: MapSpec<string> = {
  shape: "map",
  name: "invitations/names",
  version: 1,
  codec: { encode: (digest) => digest, decode: (text) => text },
};
