import type { Jid } from "@rookery/protocol";
import type { ParserLimits } from "@rookery/xml";
import type { LoginThrottle } from "../accounts/throttle.ts";
import type { Clock, Random } from "../clock.ts";
import type { AuthConfig } from "../config/config.ts";
import type { Limits } from "../config/limits.ts";
import type { Log } from "../log.ts";
import type { SessionTable } from "../sessions/table.ts";
import type { StorageProgress } from "../storage/api.ts";
import type { VirtualHost } from "../virtual-host.ts";
import type { C2sStream } from "./c2s.ts";
import type { StreamFeature } from "./feature.ts";
import type { KeepAlive } from "./keep-alive.ts";
import type { Resumption } from "./stream-management/resumption.ts";

/** What client streams need from the server. */
export interface C2sServices {
  readonly mainDomain: Jid;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Limits;
  /** How far the storage is. */
  readonly progress: StorageProgress;
  /** Bounds on stanzas of authenticated clients; the smaller ones are those of new connections. */
  readonly stanzaLimits: ParserLimits;
  readonly auth: AuthConfig;
  /** Slows down who guesses passwords. */
  readonly throttle: LoginThrottle;
  readonly sessions: SessionTable;
  readonly keepAlive: KeepAlive;
  /** The sessions that clients may come back to (XEP-0198). */
  readonly resumption: Resumption;
  /** All streams that are not closed. */
  readonly streams: Set<C2sStream>;
  /** The host of a name in a stream header, or undefined if it is not served. */
  host(domain: string): VirtualHost | undefined;
  /** The features of streams to a host, in the order they are offered. */
  features(host: VirtualHost, stream: C2sStream): readonly StreamFeature[];
}
