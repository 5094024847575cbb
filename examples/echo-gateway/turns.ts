import { StanzaError } from "@rookery/protocol";

/** What may wait of one user. */
const MOST = 100;

interface Queue {
  last: Promise<unknown>;
  length: number;
}

/**
 * What one user sends is handled one after the other, however long the network and the storage take;
 * users do not wait for each other.
 */
export class Turns {
  readonly #queues: Map<string, Queue> = new Map();

  /**
   * Does something when all is done that came before it for the same user.
   *
   * @throws StanzaError `resource-constraint` if too much waits: one slow user costs the others nothing.
   */
  async take<T>(user: string, action: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(user) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= MOST) {
      throw new StanzaError("resource-constraint", "you send faster than the network takes it");
    }
    this.#queues.set(user, queue);
    queue.length += 1;
    const turn = queue.last.then(action);
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) this.#queues.delete(user);
    }
  }
}
