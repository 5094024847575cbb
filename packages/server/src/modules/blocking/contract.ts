/**
 * Whether an account has blocked someone, `contactBlocked` of `im/contract.ts` tells: those who ask
 * it run without this module too. Here is what else the module offers, to those that require it.
 */
import type { Jid } from "@rookery/protocol";
import type { Maybe } from "../../hooks.ts";
import type { ModuleRef } from "../../host.ts";

export interface Blocking {
  /** Whom an account blocks, in the order it did. */
  items(account: Jid): Maybe<readonly Jid[]>;
  /** True if an account of the host blocks the address, or what the address is below. */
  isBlocked(account: Jid, other: Jid): Maybe<boolean>;
}

/** For `requires` and `host.use`. */
export const blocking: ModuleRef<Blocking> = { name: "blocking" };
