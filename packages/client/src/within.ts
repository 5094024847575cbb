import type { Clock } from "./clock.ts";
import { ClientError } from "./errors.ts";

/**
 * Does something that must not take longer than `ms` milliseconds.
 *
 * @param what what is done, for the text of the error.
 * @param stop ends it early, with the reason it aborts with.
 * @param action gets a signal that aborts when time is up, and then has to let go of what it holds.
 * @throws ClientError `timeout`, or what the action throws
 */
export async function within<T>(
  {
    clock,
    ms,
    what,
    stop,
  }: {
    readonly clock: Clock;
    readonly ms: number;
    readonly what: string;
    readonly stop?: AbortSignal | undefined;
  },
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = clock.after(ms, () =>
    controller.abort(new ClientError("timeout", `${what} took more than ${ms} ms`)),
  );
  const stopped = (): void => controller.abort(stop?.reason);
  if (stop?.aborted) stopped();
  else stop?.addEventListener("abort", stopped, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      const aborted = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) {
        aborted();
        return;
      }
      action(signal).then(resolve, reject);
    });
  } finally {
    timer.cancel();
    stop?.removeEventListener("abort", stopped);
  }
}
