import { StanzaError, type UploadPurpose } from "@rookery/protocol";
import type { Limits } from "../../config/limits.ts";
import { durationMs } from "../../duration.ts";
import type { UploadOptions } from "./options.ts";

/** The purposes that files may be uploaded for (XEP-0363 §5), as the features name them. */
export function purposes({ permanent }: UploadOptions): readonly UploadPurpose["kind"][] {
  return ["message", "profile", "ephemeral", ...(permanent ? (["permanent"] as const) : [])];
}

/**
 * When a file goes, in milliseconds since 1970; undefined for never.
 * @throws StanzaError `bad-request` for an ephemeral file without a time or with one that is over;
 *   `not-acceptable` for a permanent one where there are none.
 */
export function expiryOf(
  purpose: UploadPurpose | undefined,
  now: number,
  options: UploadOptions,
): number | undefined {
  const after = (keep: string): number | undefined => {
    const ms = durationMs(keep);
    return ms === undefined ? undefined : now + ms;
  };
  switch (purpose?.kind) {
    case "profile":
      return after(options.keepProfile);
    case "permanent":
      if (options.permanent) return undefined;
      throw new StanzaError("not-acceptable", "files are not kept for ever here");
    case "ephemeral":
      return Math.min(ephemeralUntil(purpose.expireBefore, now), after(options.keep) ?? Infinity);
    default:
      return after(options.keep);
  }
}

/** How large a file may be, in bytes. */
export function maxSizeOf(purpose: UploadPurpose | undefined, limits: Limits): number {
  const { uploadFileBytes, uploadProfileBytes } = limits;
  if (purpose?.kind !== "profile") return uploadFileBytes;
  return Math.min(uploadFileBytes, uploadProfileBytes);
}

function ephemeralUntil(time: number | undefined, now: number): number {
  if (time !== undefined && time > now) return time;
  const what = time === undefined ? "no expire-before" : "an expire-before that is over";
  throw new StanzaError("bad-request", `an ephemeral upload has ${what}; name a time to come`);
}
