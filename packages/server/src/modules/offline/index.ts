/**
 * Messages for accounts that are offline: XEP-0160 (1.0.1), with the time they came at by
 * XEP-0203 (2.0).
 */
import { delay, hintsOf, type Jid, type Stanza } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { defineModule, type Host, type Module, type NoOptions } from "../../host.ts";
import {
  contactBlocked,
  type MessageEvent,
  messageFlow,
  sessionTakesMessages,
} from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import type { LogEntry, LogSpec, LogStore } from "../../storage/api.ts";
import { stanzaCodec } from "../../storage/stanza-codec.ts";
import { Quotas } from "./quotas.ts";

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
      (await store.read(account)).map(({ value }) => value.toXml().length),
    );
  }

  /** Keeps a message that nobody takes now; one that is refused goes back to its sender. */
  keep(event: MessageEvent): "handled" | undefined | Promise<"handled" | undefined> {
    if (event.direction !== "received" || event.targets.length > 0) return undefined;
    if (!deservesKeeping(event.stanza)) return undefined;
    const bytes = event.stanza.toXml().length;
    const fits = this.#quotas.take(event.account, bytes);
    if (fits instanceof Promise) return fits.then((late) => this.#append(event, late));
    return this.#append(event, fits);
  }

  #append({ stanza, account }: MessageEvent, fits: boolean): "handled" | undefined {
    if (!fits) return undefined;
    const { clock, random, log } = this.#host;
    const entry: LogEntry<Stanza> = { id: random.id(), at: clock.now(), value: stanza };
    this.#store.append(account.toString(), entry).catch((error: unknown) => {
      log.error("a message could not be kept", { error });
      this.#quotas.forget(account);
      this.#host.refuse(stanza, error);
    });
    return "handled";
  }

  /** Hands over what was kept, before anything newer; it is forgotten once the network took it. */
  async give(session: Session): Promise<void> {
    const account = session.jid.bare;
    if (this.#giving.has(account.toString())) return;
    this.#giving.add(account.toString());
    const release = session.hold();
    let kept: readonly LogEntry<Stanza>[] = [];
    let shown: readonly LogEntry<Stanza>[] = [];
    try {
      kept = await this.#store.read(account.toString());
      shown = await this.#unblocked(account, kept);
    } finally {
      release(shown.map(({ value, at }) => delayed(value, at, this.#host.domain)));
      this.#giving.delete(account.toString());
    }
    if (kept.length === 0) return;
    await session.flushed();
    this.#quotas.forget(account);
    await this.#store.remove(
      account.toString(),
      kept.map(({ id }) => id),
    );
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
