import type { Hooks, Maybe } from "../hooks.ts";
import type { Log } from "../log.ts";
import { type ContactQuery, contactBlocked } from "./contract.ts";

/**
 * Asks whether the account has blocked the other, for what the server sends on its own account and
 * nobody waits for. Where that cannot be found out, it is logged and the other counts as blocked:
 * better that one is not seen than that one is seen by whom one hides from.
 */
export function seemsBlocked(query: ContactQuery, hooks: Hooks, log: Log): Maybe<boolean> {
  const failed = (error: unknown): true => {
    log.error("presence was withheld: whether the contact is blocked is not known", { error });
    return true;
  };
  try {
    const answer = hooks.run(contactBlocked, query);
    return answer instanceof Promise ? answer.then(Boolean).catch(failed) : answer === true;
  } catch (error) {
    return failed(error);
  }
}
