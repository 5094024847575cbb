import { type Stanza, type StanzaKind } from "@rookery/protocol";
import type { MapSpec } from "../../storage/api.ts";
import { jsonCodec } from "../../storage/json-codec.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";
import type { SentStanza } from "./management.ts";

/**
 * What is stored of a managed session, under its account and SM-ID: how much of its client's
 * stanzas is handled, and, since the server was stopped in order, the session itself.
 */
export interface SessionRecord {
  readonly handled: number;
  /** See `Session.lineage`. */
  readonly lineage: string;
  /** When it was stored, in milliseconds since 1970. */
  readonly at: number;
  readonly session?: StoredSession;
}

/** A session that waits for its client over a restart. */
export interface StoredSession {
  readonly resource: string;
  readonly since: number;
  /** It ends at this time unless its client comes back, in milliseconds since 1970. */
  readonly until: number;
  readonly resumeSeconds: number;
  readonly presence: string | undefined;
  readonly priority: number | undefined;
  readonly slots: Readonly<Record<string, string>>;
  readonly acknowledged: number;
  /** Text, kind, and the id the message is kept by; in order. */
  readonly sent: readonly (readonly [text: string, kind: StanzaKind, kept: string | null])[];
}

export const sessionRecords: MapSpec<SessionRecord> = {
  shape: "map",
  name: "stream-management/sessions",
  version: 1,
  codec: jsonCodec<SessionRecord>(),
};

/** The presence of a stored session. */
export function presenceOf({ presence }: StoredSession): Stanza | undefined {
  return presence === undefined ? undefined : streamStanza(presence);
}

/** What was on its way to the client. */
export function sentOf({ sent }: StoredSession): readonly SentStanza[] {
  return sent.map(([text, kind, kept]) => ({
    text,
    kind,
    kept: kept ?? undefined,
    bytes: Buffer.byteLength(text),
  }));
}
