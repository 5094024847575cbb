import { StanzaError } from "@rookery/protocol";
import type { Session } from "./session.ts";

interface Line {
  waiting: number;
  last: Promise<unknown>;
}

/** Requests of a session that take long: one after the other, in order; so many of them wait. */
export class Turns {
  readonly #most: number;
  readonly #lines: WeakMap<Session, Line> = new WeakMap();

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws StanzaError `resource-constraint` if too many wait. */
  take<T>(session: Session, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(session) ?? { waiting: 0, last: Promise.resolve() };
    this.#lines.set(session, line);
    if (line.waiting > this.#most) {
      throw new StanzaError(
        "resource-constraint",
        `${this.#most} requests are waiting already; ask again when they are answered`,
      );
    }
    line.waiting++;
    const done = line.last.then(work).finally(() => {
      line.waiting--;
    });
    line.last = done.catch(() => {});
    return done;
  }
}
