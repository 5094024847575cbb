import type { RegistrationMode } from "../config/config.ts";
import type { RegistrationRate } from "./rate.ts";

/** What the server says of people who make accounts themselves; the same for all its domains. */
export interface RegistrationPolicy {
  /** `registration` of the configuration. */
  readonly mode: RegistrationMode;
  readonly rate: RegistrationRate;
  /** True for a localpart that only administrators may make an account of. */
  isReserved(local: string): boolean;
}
