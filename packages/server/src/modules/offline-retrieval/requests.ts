import {
  type DiscoItem,
  type Jid,
  OFFLINE_NS,
  type OfflineRequest,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { KeptMessage } from "../../im/contract.ts";
import { type IqAnswer, type IqRequest, notOffered } from "../../iq.ts";
import type { Session } from "../../sessions/session.ts";
import { Turns } from "../../sessions/turns.ts";
import type { DiscoQuery } from "../disco/contract.ts";
import { type OfflineMessages, retrievesItself } from "../offline/contract.ts";
import { idOf, nodeOf } from "./nodes.ts";
import { sendMessages } from "./sending.ts";

/** Messages that are read at once. */
const BATCH = 50;

/** What the sessions of an account ask about what waits for it. */
export class Requests {
  readonly #host: Host;
  readonly #messages: OfflineMessages;
  readonly #turns: Turns;

  constructor(host: Host, messages: OfflineMessages) {
    this.#host = host;
    this.#messages = messages;
    this.#turns = new Turns(host.limits.offlineRequests);
  }

  /** Whether what waits is asked for (§2.2, §2.3). @throws StanzaError `forbidden` for others than its owner. */
  isFor({ target, node, entity, from }: DiscoQuery): boolean {
    if (target !== "account" || node !== OFFLINE_NS) return false;
    if (entity.equals(from.bare)) return true;
    throw new StanzaError("forbidden", "only its owner may see what waits for an account");
  }

  /** The headers of what waits, oldest first (§2.3). */
  async headers({ entity, from }: DiscoQuery): Promise<readonly DiscoItem[]> {
    const session = this.#host.sessions.get(from);
    if (session === undefined) throw onlySessions();
    this.#choose(session);
    const items: DiscoItem[] = [];
    for await (const page of this.#messages.waiting(entity)) {
      for (const message of page) {
        items.push({ jid: entity, node: nodeOf(message), name: `${message.stanza.from}` });
        if (items.length >= this.#host.limits.offlineHeaders) return items;
      }
    }
    return items;
  }

  /** Sends some, or all (§2.4, §2.6); the client's stream goes on meanwhile. */
  send(request: IqRequest<OfflineRequest>): Maybe<IqAnswer> {
    return this.#owned(request, (session) => {
      const { query, account } = request;
      switch (query.action) {
        case "fetch":
          this.#choose(session);
          return this.#sendAll(session);
        case "view":
          return this.#inBatches(query.nodes, async (nodes) => {
            const messages = await this.#named(account, nodes);
            await sendMessages(session, messages, this.#host.domain);
          });
        default:
          throw wrongType(query.action, "set");
      }
    });
  }

  /** Removes some, or all (§2.5, §2.7). */
  remove(request: IqRequest<OfflineRequest>): Maybe<IqAnswer> {
    return this.#owned(request, async () => {
      const { query, account } = request;
      switch (query.action) {
        case "purge":
          return this.#messages.removeAll(account);
        case "remove": {
          // none is removed if one is not there
          const removed: { readonly id: string; readonly at: number }[] = [];
          await this.#inBatches(query.nodes, async (nodes) => {
            for (const { id, at } of await this.#named(account, nodes)) removed.push({ id, at });
          });
          return this.#messages.remove(account, removed);
        }
        default:
          throw wrongType(query.action, "get");
      }
    });
  }

  async #sendAll(session: Session): Promise<void> {
    for await (const page of this.#messages.waiting(session.jid.bare)) {
      await sendMessages(session, page, this.#host.domain);
    }
  }

  async #inBatches(
    nodes: readonly string[],
    action: (nodes: readonly string[]) => Promise<void>,
  ): Promise<void> {
    for (let at = 0; at < nodes.length; at += BATCH) await action(nodes.slice(at, at + BATCH));
  }

  /** @throws StanzaError `item-not-found` unless all of them wait. */
  async #named(account: Jid, nodes: readonly string[]): Promise<readonly KeptMessage[]> {
    const found = new Map(
      (await this.#messages.find(account, nodes.map(idOf))).map((one) => [nodeOf(one), one]),
    );
    return nodes.map((node) => {
      const message = found.get(node);
      if (message) return message;
      throw new StanzaError("item-not-found", `no message of the node ${quoted(node)} is waiting`);
    });
  }

  /** A client that did not take messages yet takes what waits itself from now on (§2.2, §2.6). */
  #choose(session: Session): void {
    if ((session.priority ?? -1) < 0) session.set(retrievesItself, true);
  }

  /** One request of a session after the other; those of others are refused. */
  #owned(
    { iq, account, session }: IqRequest<OfflineRequest>,
    action: (session: Session) => Promise<void>,
  ): Maybe<IqAnswer> {
    if (account.equals(iq.from.bare)) {
      if (session === undefined) throw onlySessions();
      return { committed: this.#turns.take(session, () => action(session)) };
    }
    // §2.4; who may not know that there is such an account is told what is told of one there is not
    return after(this.#host.maySeePresence(account, iq.from), (may): IqAnswer => {
      if (may) throw new StanzaError("forbidden", "only its owner may ask for what waits");
      throw notOffered(iq);
    });
  }
}

function onlySessions(): StanzaError {
  return new StanzaError("forbidden", "what waits is given to sessions of the account only");
}

function wrongType(action: string, type: string): StanzaError {
  return new StanzaError("bad-request", `${quoted(action)} is asked for in an IQ of type ${type}`);
}
