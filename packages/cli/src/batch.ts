/**
 * Does work for all items, several at once, in the order they come.
 *
 * @param atOnce how many are worked on at the same time; no more items are read ahead.
 * @throws the first error of `items` or `work`, when all that was begun is done.
 */
export async function forEachAtOnce<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const begin = (item: T): void => {
    const done = work(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(done));
    running.add(done);
  };
  try {
    for await (const item of items) {
      begin(item);
      if (running.size >= atOnce) await Promise.race(running);
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
}
