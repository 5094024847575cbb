import { z } from "zod";
import { duration } from "../../duration.ts";

export interface ArchiveOptions {
  /** Of accounts that have not said otherwise. */
  readonly default: "always" | "never" | "roster";
  /** For how long, as it is written. */
  readonly keep: string;
  /** Most messages of one account; 0 for no bound. */
  readonly messages: number;
  readonly search: boolean;
}

export const options: z.ZodType<ArchiveOptions> = z.strictObject({
  default: z
    .enum(["always", "never", "roster"])
    .default("always")
    .describe(
      "What is archived of accounts that have not chosen for themselves: all messages, none, or those of contacts in their roster.",
    ),
  keep: duration
    .default("forever")
    .describe('How long messages are kept: "12h", "30d", "8w", "1y" or "forever".'),
  messages: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe(
      "How many messages are kept for one account; beyond it the oldest go, a few at a time. 0: all.",
    ),
  search: z
    .boolean()
    .default(false)
    .describe(
      "Whether clients can search for words (XEP-0431). The index takes time at each message and about as much room again; what came before it was made is not found.",
    ),
});
