/** Who is told what happens to a node: XEP-0163 (1.2.2) §4, XEP-0060 §9. */
import { type Jid, pubsubEvent, Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { Roster } from "../../host.ts";
import { sessionInterest } from "./caps/interest.ts";
import { nodeChanged } from "./contract.ts";
import { denialOf } from "./engine/access.ts";
import type { NodeEvent } from "./engine/engine.ts";
import { unsubscribeAll } from "./engine/members.ts";
import type { PubsubNode } from "./engine/node.ts";
import { inBackground, type PepService } from "./service.ts";

/** Tells those who are interested, one event of an account after the other. */
export class Notifier {
  readonly #pep: PepService;
  /** What is being told, by account. */
  readonly #turns: Map<string, Promise<void>> = new Map();

  constructor(pep: PepService) {
    this.#pep = pep;
  }

  /** Tells of an event once it is stored; if it is not, there was none. */
  after(account: Jid, event: NodeEvent | undefined, committed: Promise<void>): void {
    if (event === undefined) return;
    committed.then(
      () => this.#changed(account, event),
      () => {}, // who asked for it is told
    );
  }

  #changed(account: Jid, event: NodeEvent): void {
    this.#pep.host.emit(nodeChanged, { account, event: event.event });
    if (!event.isTold) return;
    const key = account.toString();
    const turn = this.#turns.get(key);
    inBackground(this.#pep.host, "an event was not told", () => {
      const tell = (): Maybe<void> => this.#tell(account, event);
      const done = turn === undefined ? tell() : turn.catch(() => {}).then(tell);
      if (!(done instanceof Promise)) return;
      const ended = done.finally(() => {
        if (this.#turns.get(key) === ended) this.#turns.delete(key);
      });
      this.#turns.set(key, ended);
      return ended;
    });
  }

  #tell(account: Jid, { node, event }: NodeEvent): Maybe<void> {
    const { host } = this.#pep;
    const message = eventMessage(host.random.id(), account, node, pubsubEvent.write(event));
    const told = new Set<string>();
    const send = (to: Jid): void => {
      if (told.has(to.toString())) return;
      told.add(to.toString()).add(to.bare.toString());
      void host.send(message.with({ to }));
    };
    for (const to of this.#interestedSessions(account, node.name)) send(to);
    return after(this.#tellContacts(account, node, send), () =>
      this.#tellSubscribers(account, node, (jid) => {
        if (!told.has(jid.toString())) send(jid);
      }),
    );
  }

  /** Contacts who see the account's presence are subscribed without asking (XEP-0060 §9.1.2). */
  #tellContacts(account: Jid, node: PubsubNode, send: (to: Jid) => void): Maybe<void> {
    if (isPrivate(node)) return;
    return after(this.#pep.host.roster(account), async (roster) => {
      const relations = this.#pep.relations(account);
      for (const [jid, targets] of this.#interestedContacts(account, node.name, roster)) {
        if (await this.#pep.isBlocked(account, jid)) continue;
        if (await denialOf(node, jid, relations)) continue;
        for (const to of targets) send(to);
      }
    });
  }

  /** Contacts with those of their resources that want to be told of the node. */
  #interestedContacts(
    account: Jid,
    node: string,
    roster: Roster,
  ): readonly (readonly [contact: Jid, targets: readonly Jid[]])[] {
    const here = roster
      .subscribers()
      .map((contact) => [contact, this.#interestedSessions(contact, node)] as const)
      .filter(([, targets]) => targets.length > 0);
    const elsewhere = this.#pep.remote
      .interested(account, node)
      .filter((jid) => roster.isSubscriber(jid.bare))
      .map((jid) => [jid.bare, [jid]] as const);
    return [...here, ...elsewhere];
  }

  /** Those who asked to be told; who may not see the node any more is none of them (XEP-0163 §7.1). */
  #tellSubscribers(account: Jid, node: PubsubNode, send: (to: Jid) => void): Maybe<void> {
    if (node.subscribers.size === 0) return;
    const relations = this.#pep.relations(account);
    const tell = async (): Promise<void> => {
      const gone: Jid[] = [];
      // a copy: who subscribes meanwhile has been given the last item
      const subscribers = [...node.subscribers.values()];
      for (const jid of subscribers) {
        if (await denialOf(node, jid, relations)) gone.push(jid);
        else if (!(await this.#pep.isBlocked(account, jid))) send(jid);
      }
      if (gone.length === 0) return;
      const space = await this.#pep.nodesOf(account);
      if (space.nodes.get(node.name) !== node) return;
      await unsubscribeAll(this.#pep.engine, { space }, node, gone);
    };
    return tell();
  }

  /** Available resources of this server that want to be told of the node. */
  #interestedSessions(of: Jid, node: string): readonly Jid[] {
    return this.#pep.host.sessions
      .of(of)
      .filter((session) => session.available && session.get(sessionInterest).nodes.has(node))
      .map(({ jid }) => jid);
  }
}

/** The message that tells of an event (XEP-0163 §4.3.1). */
export function eventMessage(
  id: string,
  account: Jid,
  node: PubsubNode,
  ...children: readonly Element[]
): Stanza {
  const type = node.config.notificationType;
  return new Stanza({ kind: "message", type, id, from: account, children });
}

/** Nobody but the owner sees it, so that no roster need be read. */
function isPrivate(node: PubsubNode): boolean {
  return node.config.accessModel === "whitelist" && node.affiliations.size === 0;
}
