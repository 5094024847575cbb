import { z } from "zod";

export interface InvitationOptions {
  readonly users: boolean;
  readonly accounts: boolean;
  readonly days: number;
}

/** The longest that an invitation is valid. */
export const MOST_DAYS = 365;

export const options: z.ZodType<InvitationOptions> = z.strictObject({
  users: z
    .boolean()
    .default(true)
    .describe("Whether every account may invite others to be in touch; administrators always may."),
  accounts: z
    .boolean()
    .default(true)
    .describe(
      "Whether those whom accounts invite may make an account here, where registration is open or by invitation. If not, only administrators invite new accounts.",
    ),
  days: z
    .int()
    .min(1)
    .max(MOST_DAYS)
    .default(7)
    .describe("How many days an invitation is valid, unless it is made for another time."),
});
