import type { Host } from "../../host.ts";
import { contactBlocked } from "../../im/contract.ts";
import type { Hold, Session } from "../../sessions/session.ts";
import { type AccountState, meet } from "./account-state.ts";
import { BATCH, type Backlog, type Found } from "./backlog.ts";
import { delayed } from "./delayed.ts";
import { bytesOf } from "./spool.ts";

/** Bytes sent at once, so that no client is given more than it can take. */
const BATCH_BYTES = 262_144;
/** Milliseconds that a client has to take these; then others have their turn. */
const PATIENCE_MS = 30_000;

/** What became of handing over: the client has it all, has left, or does not take it. */
export type Outcome = "done" | "gone" | "stalled";

/** Hands what waits for an account over to one of its sessions. */
export class Giving {
  readonly #host: Host;
  readonly #backlog: Backlog;
  readonly #take: (state: AccountState, ids: readonly string[]) => void;

  /** @param take counts messages that a client has, or that nobody shall get. */
  constructor(
    host: Host,
    backlog: Backlog,
    take: (state: AccountState, ids: readonly string[]) => void,
  ) {
    this.#host = host;
    this.#backlog = backlog;
    this.#take = take;
  }

  /** Hands over all that waits, in order. @param hold keeps back what is newer. */
  async give(state: AccountState, session: Session, hold: Hold): Promise<Outcome> {
    const outcome = await this.#giveBacklog(state, session, hold);
    return outcome === "done" ? this.#giveLeft(state, session, hold) : outcome;
  }

  async #giveBacklog(state: AccountState, session: Session, hold: Hold): Promise<Outcome> {
    const { account, deliveries } = state;
    if (deliveries.complete) return "done";
    deliveries.beginReading();
    try {
      for await (const page of this.#backlog.pages(account, deliveries.upTo)) {
        const outcome = await this.#hand(
          state,
          session,
          hold,
          page.filter((found) => meet(state, found)),
        );
        if (outcome !== "done") return outcome;
      }
      deliveries.completed();
      return "done";
    } finally {
      deliveries.endReading();
    }
  }

  /** What came since the account has sessions, and none of them took. */
  async #giveLeft(state: AccountState, session: Session, hold: Hold): Promise<Outcome> {
    const { account, deliveries } = state;
    for (let left = deliveries.left(); left.length > 0; left = deliveries.left()) {
      const page = left.slice(0, BATCH).map(({ id }) => id);
      const messages = await this.#backlog.find(account, page);
      // what is nowhere any more (expired, removed) waits for nobody
      const found = new Set(messages.map(({ id }) => id));
      this.#take(
        state,
        page.filter((id) => !found.has(id)),
      );
      const waiting = messages.filter(({ id }) => deliveries.waits(id)); // nobody took it meanwhile
      const outcome = await this.#hand(state, session, hold, waiting);
      if (outcome !== "done") return outcome;
    }
    return "done";
  }

  /** Hands messages over, as much at once as the client takes without trouble. */
  async #hand(
    state: AccountState,
    session: Session,
    hold: Hold,
    messages: readonly Found[],
  ): Promise<Outcome> {
    let bytes = 0;
    for (const found of messages) {
      const { id, at, stanza } = found;
      const query = { account: state.account, other: stanza.from };
      if (await this.#host.run(contactBlocked, query)) {
        this.#take(state, [id]); // XEP-0191 §3.3: of whom was blocked since, nothing comes
        continue;
      }
      const message = delayed(found, this.#host.domain);
      state.deliveries.hand({ id, at }, 1);
      if (!hold.send(message, id)) {
        state.deliveries.leave(id);
        return "gone";
      }
      bytes += bytesOf(message);
      if (bytes < BATCH_BYTES) continue;
      bytes = 0;
      const outcome = await this.#taken(session);
      if (outcome !== "done") return outcome;
    }
    return this.#taken(session);
  }

  /** Settles when the network took what was sent, or the client has left, or had time enough. */
  #taken(session: Session): Promise<Outcome> {
    return new Promise((resolve) => {
      const late = this.#host.clock.after(PATIENCE_MS, () => resolve("stalled"));
      const settle = (outcome: Outcome) => (): void => {
        late.cancel();
        resolve(outcome);
      };
      session.flushed().then(settle("done"), settle("gone"));
    });
  }
}

/**
 * Learns what waits for an account without handing it over, so that what its clients have is behind
 * it; if there is more than so much, of a part.
 */
export async function survey(backlog: Backlog, state: SurveyedState, most: number): Promise<void> {
  const { account, deliveries } = state;
  if (deliveries.complete) return;
  deliveries.beginReading();
  try {
    let left = 0;
    for await (const page of backlog.pages(account, deliveries.upTo)) {
      for (const found of page) if (meet(state, found)) left++;
      if (left + BATCH > most) return;
    }
    deliveries.completed();
  } finally {
    deliveries.endReading();
  }
}

export type SurveyedState = Pick<AccountState, "account" | "deliveries" | "done">;
