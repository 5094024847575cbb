import { z } from "zod";

const DURATION = /^([1-9]\d{0,4})([hdwy])$/;
const HOUR = 3_600_000;
const UNITS: ReadonlyMap<string, number> = new Map([
  ["h", HOUR],
  ["d", 24 * HOUR],
  ["w", 7 * 24 * HOUR],
  ["y", 365 * 24 * HOUR],
]);

/** How long something is kept, as options say it. */
export const duration: z.ZodString = z
  .string()
  .refine((text) => text === "forever" || DURATION.test(text), {
    error:
      'is a number of hours, days, weeks or years, as in "12h", "30d", "8w" or "1y", or "forever"',
  });

/** What `duration` allows, in milliseconds; undefined for ever. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNITS.get(unit ?? "") ?? 0);
}
