import { z } from "zod";

export interface PushOptions {
  readonly sender: boolean;
  readonly body: boolean;
}

export const options: z.ZodType<PushOptions> = z.strictObject({
  sender: z
    .boolean()
    .default(false)
    .describe("Tell app servers from whom the last message is. They belong to somebody else."),
  body: z
    .boolean()
    .default(false)
    .describe(
      "Tell app servers what the last message says, unless it is encrypted. They belong to somebody else.",
    ),
});
