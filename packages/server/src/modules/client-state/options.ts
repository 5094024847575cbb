import { z } from "zod";

const KINDS = ["presence", "chat-states", "receipts", "notifications"] as const;

/** What may wait while nobody looks at a client. */
export type Holdable = (typeof KINDS)[number];

export interface ClientStateOptions {
  readonly hold: readonly Holdable[];
}

export const options: z.ZodType<ClientStateOptions> = z.strictObject({
  hold: z
    .array(z.enum(KINDS))
    .default([...KINDS])
    .describe(
      "What waits while nobody looks at a client: who comes and goes, who is typing, receipts and read markers, and notifications of personal eventing (avatars, bookmarks …).",
    ),
});
