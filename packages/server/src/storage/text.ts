/** How much of an offending value an error quotes. */
const QUOTED = 80;

/**
 * Text that a driver may keep, unchanged.
 * @throws TypeError for a lone surrogate: it has no UTF-8, two such keys would become one.
 */
export function storable(text: string, what: string): string {
  if (text.isWellFormed()) return text;
  throw new TypeError(
    `cannot store the ${what} ${quote(text)}: it has a lone surrogate, which has no UTF-8; ` +
      "make it well-formed first (String.prototype.toWellFormed)",
  );
}

/** A value for an error text: quoted and short. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text);
}

/** @throws RangeError unless it is a whole number from 0 on, or absent. */
export function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return;
  throw new RangeError(`cannot read with the limit ${limit}: give a whole number from 0 on`);
}

/** Turns what `start` throws into a rejection, without another promise when it does not throw. */
export function attempt<T>(start: () => Promise<T>): Promise<T> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error);
  }
}
