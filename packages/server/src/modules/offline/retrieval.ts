import type { Jid } from "@rookery/protocol";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { contactBlocked, type KeptMessage } from "../../im/contract.ts";
import type { Backlog, Found } from "./backlog.ts";
import type { OfflineMessages } from "./contract.ts";
import type { Deliveries } from "./deliveries.ts";
import { type SurveyedState, survey } from "./giving.ts";

/** How much of a backlog is looked through at once for what is to be removed. */
const SURVEY = 1000;

/** A message that a client has. */
export interface Taken {
  readonly id: string;
  /** Its size in the spool, if it is there. */
  readonly spooled: number | undefined;
}

/** What is known of accounts. */
interface Accounts<S extends SurveyedState> {
  readonly open: (account: Jid) => Maybe<S>;
  /** Clients have these. It settles after the commit. */
  readonly take: (state: S, messages: readonly Taken[]) => Promise<void>;
}

/** Gives others what waits for an account, instead of it being handed over. */
export function retrieval<S extends SurveyedState>(
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
          page.filter((found) => waits(found, deliveries)),
        );
      }
    },

    async find(account, ids) {
      const { deliveries } = await open(account);
      const found = await backlog.find(account, ids);
      return visible(
        account,
        found.filter((kept) => waits(kept, deliveries)),
      );
    },

    async remove(account, messages) {
      const state = await open(account);
      const { deliveries } = state;
      if (messages.some(({ id }) => !deliveries.knows(id))) await survey(backlog, state, SURVEY);
      const ids = messages.map(({ id }) => id).filter((id) => deliveries.waits(id));
      await take(state, await backlog.find(account, ids));
    },

    async removeAll(account) {
      const now = host.clock.now();
      const state = await open(account);
      for (;;) {
        await survey(backlog, state, SURVEY);
        const until = state.deliveries.left().filter(({ at }) => at <= now);
        if (until.length === 0) return;
        await take(state, until);
      }
    },
  };

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

function waits({ id, at, spooled }: Found, deliveries: Deliveries): boolean {
  if (spooled !== undefined) return deliveries.waits(id);
  const { upTo } = deliveries;
  return deliveries.waits(id, at) && !(upTo !== undefined && at < upTo.at);
}
