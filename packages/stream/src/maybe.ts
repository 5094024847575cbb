/** A value that is there at once, or a promise of it. What can be had at once is never awaited. */
export type Maybe<T> = T | Promise<T>;

/** Goes on with a value: now if it is there, else when its promise is fulfilled. */
export function after<T, U>(value: Maybe<T>, goOn: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
