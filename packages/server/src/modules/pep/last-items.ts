/** The last item of a node for those who come online: XEP-0163 (1.2.2) §4.3.4. */
import { delay, type Jid, pubsubEvent } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Interests } from "./caps/capabilities.ts";
import { denialOf } from "./engine/access.ts";
import type { PubsubNode } from "./engine/node.ts";
import { withPublisher } from "./engine/retrieve.ts";
import { eventMessage } from "./notify.ts";
import type { PepService } from "./service.ts";

/** Someone who gets last items. */
export interface Newcomer {
  readonly jid: Jid;
  readonly interests: Interests;
  /** False once they are gone: then nothing more is sent. */
  isPresent(): boolean;
}

/** Sends a newcomer the last item of each node of an account that it is interested in, and may see. */
export function giveLastItems(pep: PepService, account: Jid, newcomer: Newcomer): Maybe<void> {
  if (newcomer.interests.size === 0) return;
  const isOwn = newcomer.jid.bare.equals(account);
  return after(isOwn || pep.host.maySeePresence(account, newcomer.jid), (sees) => {
    if (!sees) return;
    return after(pep.isBlocked(account, newcomer.jid), (blocked) =>
      blocked ? undefined : giveAll(pep, account, newcomer),
    );
  });
}

/** Sends one who subscribed the last item of the node (XEP-0060 §6.1.7). */
export function giveLastItem(
  pep: PepService,
  account: Jid,
  node: PubsubNode,
  to: Jid,
): Maybe<void> {
  if (node.config.sendLast === "never") return;
  return give(pep, account, node, { jid: to, interests: new Set(), isPresent: () => true });
}

async function giveAll(pep: PepService, account: Jid, newcomer: Newcomer): Promise<void> {
  const space = await pep.nodesOf(account);
  for (const name of newcomer.interests) {
    const node = space.nodes.get(name);
    if (node?.config.sendLast !== "on_sub_and_presence") continue;
    if (await denialOf(node, newcomer.jid, pep.relations(account))) continue;
    await give(pep, account, node, newcomer);
  }
}

async function give(
  pep: PepService,
  account: Jid,
  node: PubsubNode,
  newcomer: Newcomer,
): Promise<void> {
  const { engine, host } = pep;
  const last = node.last(engine.clock.now());
  if (last === undefined) return;
  const [item] = await engine.store.items(account.toString(), node.name, [last]);
  // a newer one that came meanwhile was told already
  if (item === undefined || node.items.get(last.id) !== last || !newcomer.isPresent()) return;
  const { payload, ...told } = withPublisher(node, item);
  const event = pubsubEvent.write({
    kind: "items",
    node: node.name,
    items: [{ ...told, payload: node.config.deliverPayloads ? payload : undefined }],
    retracted: [],
  });
  const stamp = delay.write({ stamp: item.at, from: account });
  const message = eventMessage(host.random.id(), account, node, event, stamp);
  void host.send(message.with({ to: newcomer.jid }));
}
