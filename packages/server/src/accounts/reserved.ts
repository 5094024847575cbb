import { RESERVED_NAMES } from "../config/reserved.ts";

/**
 * True for a localpart that people may not register themselves; administrators may make it.
 *
 * @param local prepared, as of a Jid.
 * @param reserved `accounts.reserved` of the configuration.
 */
export function isReserved(local: string, reserved: readonly string[] = RESERVED_NAMES): boolean {
  return reserved.includes(local);
}
