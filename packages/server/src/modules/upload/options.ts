import { Jid } from "@rookery/protocol";
import { z } from "zod";
import { duration } from "../../duration.ts";

export interface UploadOptions {
  /** What stands before the domain in the name of the service. */
  readonly service: string;
  /** Where files are reached, without a slash at the end; undefined for where the web is. */
  readonly url?: string | undefined;
  /** For how long files are kept, as it is written. */
  readonly keep: string;
  /** The same for files of profiles. */
  readonly keepProfile: string;
  /** Whether files may be uploaded that are kept for ever. */
  readonly permanent: boolean;
}

export const options: z.ZodType<UploadOptions> = z.strictObject({
  service: z
    .string()
    .refine(isLabel, { error: "is one part of a domain name, such as upload" })
    .default("upload")
    .describe("What stands before the domain in the name of the service: upload.example.org."),
  url: z
    .string()
    .refine((text) => /^https?:\/\/[^/?#]+$/.test(text) && URL.canParse(text), {
      error: "is a web address without a path, such as https://files.example.org",
    })
    .optional()
    .describe(
      "Where clients reach uploaded files, to give them an origin of their own: a name below the domain that leads to this server, such as https://files.example.org. Left out: where the web is (web.url).",
    ),
  keep: duration
    .default("30d")
    .describe('How long uploaded files are kept: "12h", "30d", "8w", "1y" or "forever".'),
  keepProfile: duration
    .default("forever")
    .describe("How long files are kept that were uploaded for a profile, such as avatars."),
  permanent: z
    .boolean()
    .default(false)
    .describe("Whether clients may upload files that are kept for ever, for blogs and the like."),
});

function isLabel(text: string): boolean {
  return !text.includes(".") && Jid.tryParse(`${text}.example.org`)?.local === "";
}
