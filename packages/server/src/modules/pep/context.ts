import type { Jid } from "@rookery/protocol";
import type { IqAnswer } from "../../iq.ts";
import type { Change, Request } from "./engine/engine.ts";
import type { Notifier } from "./notify.ts";
import type { PepService } from "./service.ts";

/** What answering needs. */
export interface Context {
  readonly pep: PepService;
  readonly notifier: Notifier;
  /** Whose nodes they are. */
  readonly account: Jid;
  readonly request: Request;
}

/** Answers after the commit, and then tells of what happened. */
export function done({ notifier, account }: Context, change: Change): IqAnswer {
  notifier.after(account, change.event, change.committed);
  return { committed: change.committed };
}

/** What nodes may be configured to. */
export function bounds(pep: PepService): { readonly maxItems: number } {
  return { maxItems: pep.engine.bounds.items };
}
