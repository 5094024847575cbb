import { accountLimits } from "./limits/accounts.ts";
import { connectionLimits } from "./limits/connections.ts";
import { contactLimits } from "./limits/contacts.ts";
import { deviceLimits } from "./limits/devices.ts";
import { httpLimits } from "./limits/http.ts";
import { messageLimits } from "./limits/messages.ts";
import { personalLimits } from "./limits/personal.ts";
import { phoneLimits } from "./limits/phones.ts";
import { publishingLimits } from "./limits/publishing.ts";
import { serviceLimits } from "./limits/services.ts";
import { streamLimits } from "./limits/streams.ts";
import { uploadLimits } from "./limits/uploads.ts";

export type { LimitDefinition } from "./limits/definition.ts";

/**
 * Every limit of the server, with its default; each topic declares its own in a file of `limits/`.
 *
 * What bounds one stanza can not be turned off: without it a single client could exhaust the memory
 * of the process.
 */
export const LIMITS: typeof streamLimits &
  typeof accountLimits &
  typeof connectionLimits &
  typeof serviceLimits &
  typeof contactLimits &
  typeof messageLimits &
  typeof personalLimits &
  typeof httpLimits &
  typeof publishingLimits &
  typeof deviceLimits &
  typeof phoneLimits &
  typeof uploadLimits = {
  ...streamLimits,
  ...accountLimits,
  ...connectionLimits,
  ...serviceLimits,
  ...contactLimits,
  ...messageLimits,
  ...personalLimits,
  ...httpLimits,
  ...publishingLimits,
  ...deviceLimits,
  ...phoneLimits,
  ...uploadLimits,
};

export type LimitName = keyof typeof LIMITS;

/** The limits in force; the meaning and unit of each stand in {@link LIMITS}, 0 means off. */
export type Limits = { readonly [name in LimitName]: number };
