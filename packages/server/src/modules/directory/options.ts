import { z } from "zod";

export interface DirectoryOptions {
  readonly open: boolean;
  readonly minimum: number;
  readonly results: number;
  readonly searchesPerMinute: number;
  readonly entries: number;
}

export const options: z.ZodType<DirectoryOptions> = z.strictObject({
  open: z
    .boolean()
    .default(false)
    .describe(
      "Whether accounts of the domain can search for each other. Found are those whose vCard has the class PUBLIC.",
    ),
  minimum: z
    .int()
    .min(2)
    .default(3)
    .describe("How many characters at least one has to know of a name."),
  results: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe("How many accounts a search finds at most; whoever seeks another has to know more."),
  searchesPerMinute: z
    .int()
    .min(1)
    .default(20)
    .describe("How often one account may search in a minute."),
  entries: z
    .int()
    .min(1)
    .default(10_000)
    .describe("How many accounts can be found; they are held in memory."),
});
