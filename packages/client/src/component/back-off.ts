/** When to try again. */
export interface BackOff {
  /** Milliseconds before the first try; each further one waits twice as long. 500 if left out. */
  readonly firstMs?: number | undefined;
  /** The longest time between two tries; 60,000 if left out. */
  readonly maxMs?: number | undefined;
  /** Tries in a row that may fail; no end of them if left out. */
  readonly attempts?: number | undefined;
}

/**
 * Milliseconds to wait before a try, or undefined if there were enough. Half of the time is by
 * chance, so that all that lost one server do not come back at one moment.
 *
 * @param attempt 1 for the first try.
 * @param chance from 0 to 1.
 */
export function backOffMs(
  { firstMs = 500, maxMs = 60_000, attempts = Number.POSITIVE_INFINITY }: BackOff,
  attempt: number,
  chance: number,
): number | undefined {
  if (attempt > attempts) return undefined;
  const full = Math.min(maxMs, firstMs * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * chance;
}
