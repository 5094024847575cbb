/**
 * Does work for all items, several at once, in the order they come.
 *
 * @param atOnce how many are worked on at the same time; no more items are read ahead.
 * @param keyOf what items are about: those about the same are worked on one after the other.
 * @throws the first error of `items` or `work`, when all that was begun is done.
 */
export async function forEachAtOnce<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
  keyOf: (item: T) => unknown = (item) => item,
): Promise<void> {
  const running = new Map<Promise<void>, unknown>();
  const failures: unknown[] = [];
  const begin = (item: T): void => {
    const key = keyOf(item);
    const before = [...running].filter(([, other]) => other === key).map(([one]) => one);
    const done = Promise.all(before)
      .then(() => work(item))
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(done));
    running.set(done, key);
  };
  try {
    for await (const item of items) {
      begin(item);
      if (running.size >= atOnce) await Promise.race(running.keys());
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(running.keys());
  }
  if (failures.length > 0) throw failures[0];
}
