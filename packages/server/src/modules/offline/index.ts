/**
 * Messages for accounts that are offline: XEP-0160 (1.0.1), with the time they came at by
 * XEP-0203 (2.0).
 */
import { delay, hintsOf, type Jid, type Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { defineModule, type Host, type Module, type NoOptions } from "../../host.ts";
import {
  contactBlocked,
  type MessageEvent,
  messageFlow,
  sessionTakesMessages,
} from "../../im/contract.ts";
import type { Hold, Session } from "../../sessions/session.ts";
import type { LogEntry, LogSpec, LogStore } from "../../storage/api.ts";
import { stanzaCodec } from "../../storage/stanza-codec.ts";
import { type Quota, Quotas } from "./quotas.ts";

/** Messages read at once, and bytes sent at once, so that no client is given more than it can take. */
const BATCH = 100;
const BATCH_BYTES = 262_144;
const CHAT_STATES = "http://jabber.org/protocol/chatstates";

const messages: LogSpec<Stanza> = {
  shape: "log",
  name: "offline/messages",
  version: 1,
  codec: stanzaCodec,
};

export const offlineModule: Module<NoOptions, void> = defineModule({
  name: "offline",
  implements: [
    { xep: 160, version: "1.0.1", status: "complete" },
    { xep: 203, version: "2.0", status: "complete" },
  ],

  async setup(host) {
    const store = await host.logStore(messages);
    const offline = new OfflineMessages(host, store);
    host.feature("host", "msgoffline");
    host.on(messageFlow, "deliver", (event) => offline.keep(event));
    host.on(sessionTakesMessages, (session) => offline.give(session));
  },
});

class OfflineMessages {
  readonly #host: Host;
  readonly #store: LogStore<Stanza>;
  readonly #quotas: Quotas;
  /** Accounts whose messages are being handed to a session right now. */
  readonly #giving: Set<string> = new Set();

  constructor(host: Host, store: LogStore<Stanza>) {
    this.#host = host;
    this.#store = store;
    this.#quotas = new Quotas(host.limits, async (account) =>
      (await store.read(account)).map(({ value }) => bytesOf(value)),
    );
  }

  /** Keeps a message that nobody takes now; one that is refused goes back to its sender. */
  keep(event: MessageEvent): "handled" | undefined | Promise<"handled" | undefined> {
    if (event.direction !== "received" || event.targets().length > 0) return undefined;
    if (!deservesKeeping(event.stanza)) return undefined;
    return after(this.#quotas.of(event.account), (quota) => this.#append(event, quota));
  }

  #append({ stanza, account, targets }: MessageEvent, quota: Quota): "handled" | undefined {
    // whoever came online while the quota was read has been given what was kept, and takes this
    if (targets().length > 0) return undefined;
    if (!quota.take(bytesOf(stanza))) return undefined;
    const { clock, random, log } = this.#host;
    const entry: LogEntry<Stanza> = { id: random.id(), at: clock.now(), value: stanza };
    this.#store.append(account.toString(), entry).catch((error: unknown) => {
      log.error("a message could not be kept", { error });
      this.#quotas.forget(account);
      this.#host.refuse(stanza, error);
    });
    return "handled";
  }

  /** Hands over what was kept, before anything newer. */
  async give(session: Session): Promise<void> {
    const account = session.jid.bare;
    if (this.#giving.has(account.toString())) return;
    this.#giving.add(account.toString());
    const hold = session.hold();
    try {
      while (await this.#giveSome(session, hold));
    } finally {
      hold.release();
      this.#giving.delete(account.toString());
      this.#quotas.forget(account);
    }
  }

  /**
   * As much as the client takes without trouble; it is forgotten once the network took it.
   * @returns whether there may be more.
   */
  async #giveSome(session: Session, hold: Hold): Promise<boolean> {
    const account = session.jid.bare;
    const kept = await this.#store.read(account.toString(), { limit: BATCH });
    if (kept.length === 0) return false;
    const shown = new Set(await this.#unblocked(account, kept));
    const given: string[] = [];
    let bytes = 0;
    for (const entry of kept) {
      given.push(entry.id);
      if (!shown.has(entry)) continue;
      const message = delayed(entry.value, entry.at, this.#host.domain);
      hold.send(message);
      bytes += bytesOf(message);
      if (bytes > BATCH_BYTES) break;
    }
    const taken = await session.flushed().then(
      () => true,
      () => false, // the client has left: what it was given is kept for the next one
    );
    if (taken) await this.#store.remove(account.toString(), given);
    return taken;
  }

  /** Nothing is delivered of whom the account has blocked since (XEP-0191 §3.3). */
  async #unblocked(
    account: Jid,
    kept: readonly LogEntry<Stanza>[],
  ): Promise<readonly LogEntry<Stanza>[]> {
    const shown: LogEntry<Stanza>[] = [];
    for (const entry of kept) {
      const query = { account, other: entry.value.from };
      if (!(await this.#host.run(contactBlocked, query))) shown.push(entry);
    }
    return shown;
  }
}

/** In UTF-8, which is what is stored and sent. */
function bytesOf(message: Stanza): number {
  return Buffer.byteLength(message.toXml());
}

/** XEP-0160 §3, and the hint of XEP-0334 §4.3. */
function deservesKeeping(message: Stanza): boolean {
  if (message.type !== "chat" && message.type !== "normal") return false;
  // RFC 6121 §8.5.3.2.1: to a resource that is gone, only chat falls back to the account.
  if (message.type === "normal" && message.to?.isBare === false) return false;
  if (hintsOf(message).has("no-store")) return false;
  return message.payload.some((element) => element.ns !== CHAT_STATES);
}

/** The message with the time it came at, and no other claim of ours about it (XEP-0203 §4). */
function delayed(message: Stanza, at: number, host: Jid): Stanza {
  const ours = (node: Element | string): boolean =>
    typeof node !== "string" &&
    node.is(delay.ns, delay.name) &&
    node.attr("from") === host.toString();
  const children = message.children.filter((node) => !ours(node));
  const stamp = delay.write({ stamp: at, from: host, reason: "Offline Storage" });
  return message.with({ children: [...children, stamp] });
}
