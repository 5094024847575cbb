import type { Clock } from "../../clock.ts";
import type { Limits } from "../../config/limits.ts";
import type { Log } from "../../log.ts";
import type { StorageProgress } from "../../storage/api.ts";
import type { Management } from "./management.ts";

/** What stream management needs from the server. */
export interface ManagementServices {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  readonly progress: StorageProgress;
  /** Stores how many stanzas of a client are handled; to be asked for behind their own writes. */
  store(management: Management, handled: number): Promise<void>;
  /** What waits for the client has changed, or whether it is away. */
  moved(management: Management): void;
  /** The session has ended. */
  ended(management: Management): void;
}
