import { type ArchivePreferences, archivePreferences, StanzaError } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Limits } from "../../config/limits.ts";
import type { Maybe } from "../../hooks.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import type { Preferences } from "./preferences.ts";

/** Tells an account what it wants archived (XEP-0441 §2.1). */
export function tellPreferences(
  preferences: Preferences,
  { account }: IqRequest<unknown>,
): Maybe<Element> {
  return after(preferences.get(account), (known) => archivePreferences.write(known));
}

/**
 * Changes what an account wants archived.
 *
 * @throws StanzaError `resource-constraint` for longer lists than `archivePreferences` allows.
 */
export function setPreferences(
  preferences: Preferences,
  limits: Limits,
  { account, query }: IqRequest<ArchivePreferences>,
): IqAnswer {
  const { archivePreferences: most } = limits;
  const count = query.always.length + query.never.length;
  if (most > 0 && count > most) {
    throw new StanzaError(
      "resource-constraint",
      `the lists of what is archived hold ${most} addresses together, not ${count}`,
    );
  }
  return {
    result: archivePreferences.write(query),
    committed: preferences.set(account, query),
  };
}
