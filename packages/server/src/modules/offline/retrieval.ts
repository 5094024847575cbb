import type { Jid } from "@rookery/protocol";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { contactBlocked, type Kept, type KeptMessage } from "../../im/contract.ts";
import { BATCH, type Backlog } from "./backlog.ts";
import type { OfflineMessages } from "./contract.ts";
import type { Deliveries } from "./deliveries.ts";

/** How much of a backlog is looked through at once for what is to be removed. */
const SURVEY = 1000;

interface AccountState {
  readonly deliveries: Deliveries;
}

/** A message that a client has. */
export interface Taken {
  readonly id: string;
  /** Its size in the spool, if it is there. */
  readonly spooled: number | undefined;
}

/** What is known of accounts. */
interface Accounts<S extends AccountState> {
  readonly open: (account: Jid) => Maybe<S>;
  /** Clients have these. It settles after the commit. */
  readonly take: (state: S, messages: readonly Taken[]) => Promise<void>;
}

/** Gives others what waits for an account, instead of it being handed over. */
export function retrieval<S extends AccountState>(
  host: Host,
  backlog: Backlog,
  { open, take }: Accounts<S>,
): OfflineMessages {
  return {
    async *waiting(account) {
      const { deliveries } = await open(account);
      for await (const page of backlog.pages(account, deliveries.upTo)) {
        yield await visible(
          account,
          page.filter(({ id }) => deliveries.waits(id)),
        );
      }
    },

    async find(account, ids) {
      const { deliveries } = await open(account);
      const found = await backlog.find(account, ids);
      return visible(
        account,
        found.filter((kept) => deliveries.waits(kept.id) && !isBehind(kept, deliveries.upTo)),
      );
    },

    async remove(account, messages) {
      const state = await open(account);
      const { deliveries } = state;
      if (messages.some(({ id }) => !deliveries.knows(id))) await survey(account, deliveries);
      const ids = messages.map(({ id }) => id).filter((id) => deliveries.waits(id));
      await take(state, await backlog.find(account, ids));
    },

    async removeAll(account) {
      const now = host.clock.now();
      const state = await open(account);
      for (;;) {
        await survey(account, state.deliveries);
        const until = state.deliveries.left().filter(({ at }) => at <= now);
        if (until.length === 0) return;
        await take(state, until);
      }
    },
  };

  /** Learns of the first messages of the backlog, so that what is removed of them is behind us. */
  async function survey(account: Jid, deliveries: Deliveries): Promise<void> {
    if (deliveries.complete) return;
    deliveries.beginReading();
    try {
      let left = 0;
      for await (const page of backlog.pages(account, deliveries.upTo)) {
        for (const found of page) if (deliveries.meet(found, found.spooled)) left++;
        if (left + BATCH > SURVEY) return;
      }
      deliveries.completed();
    } finally {
      deliveries.endReading();
    }
  }

  /** XEP-0191 §3.3: of whom was blocked since, nothing comes. */
  async function visible(
    account: Jid,
    messages: readonly KeptMessage[],
  ): Promise<readonly KeptMessage[]> {
    const seen: KeptMessage[] = [];
    for (const message of messages) {
      const blocked = host.run(contactBlocked, { account, other: message.stanza.from });
      if (!(await blocked)) seen.push(message);
    }
    return seen;
  }
}

function isBehind({ at }: Kept, upTo: Kept | undefined): boolean {
  return upTo !== undefined && at < upTo.at;
}
