import {
  blockCommand,
  blockList,
  type Jid,
  Stanza,
  StanzaError,
  unblockCommand,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import { flag, type Slot } from "../../sessions/slot.ts";
import type { BlockList } from "./block-list.ts";
import type { BlockLists } from "./block-lists.ts";

/** Set once a session has asked for the list: it is told of changes (§3.3). */
const interested: Slot<boolean> = flag("blocking/interested");

/** What clients ask for: XEP-0191 §3.2 to §3.5. */
export class Commands {
  readonly #host: Host;
  readonly #lists: BlockLists;

  constructor(host: Host, lists: BlockLists) {
    this.#host = host;
    this.#lists = lists;
  }

  /** §3.2 */
  list({ account, session }: IqRequest<unknown>): Maybe<Element> {
    session?.set(interested, true);
    return after(this.#lists.get(account), (list) => blockList.write(list.items));
  }

  /** §3.3. Who is blocked sees the account go offline first. */
  block({ account, query }: IqRequest<readonly Jid[]>): Maybe<IqAnswer> {
    return after(this.#lists.get(account), (before) => {
      this.#checkSize(before, query);
      const added = query.filter((item) => !before.has(item));
      return after(this.#host.hidePresence(account, added), () =>
        after(this.#lists.get(account), (list) => {
          const news = query.filter((item) => !list.has(item)); // it may have changed meanwhile
          this.#checkSize(list, news);
          const stored = this.#lists.add(account, list, news).catch(async (error: unknown) => {
            await this.#host.showPresence(account, news);
            throw error;
          });
          const committed = stored.then(() => this.#push(account, blockCommand.write(query)));
          return { committed };
        }),
      );
    });
  }

  /** §3.4; without items all of them (§3.5). */
  unblock({ account, query }: IqRequest<readonly Jid[]>): Maybe<IqAnswer> {
    return after(this.#lists.get(account), (list) => {
      const removed = query.length === 0 ? list.items : query.filter((item) => list.has(item));
      const stored = this.#lists.remove(account, list, removed);
      const committed = stored.then(async () => {
        this.#push(account, unblockCommand.write(query));
        await this.#host.showPresence(account, removed);
      });
      return { committed };
    });
  }

  #push(account: Jid, command: Element): void {
    for (const session of this.#host.sessions.of(account)) {
      if (!session.get(interested)) continue;
      session.send(
        new Stanza({
          kind: "iq",
          type: "set",
          id: this.#host.random.id(),
          from: account,
          to: session.jid,
          children: [command],
        }),
      );
    }
  }

  #checkSize(list: BlockList, items: readonly Jid[]): void {
    const { blockedItems } = this.#host.limits;
    const size = list.size + items.filter((item) => !list.has(item)).length;
    if (blockedItems === 0 || size <= blockedItems) return;
    throw new StanzaError(
      "resource-constraint",
      `a block list has at most ${blockedItems} addresses, not ${size}; unblock some first`,
    );
  }
}
