import { type Jid, type Stanza, stanzaId } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { Kept } from "../../im/contract.ts";
import type { LogEntry, LogQuery, LogSpec, LogStore } from "../../storage/api.ts";
import { stanzaCodec } from "../../storage/stanza-codec.ts";
import { Quotas } from "./quotas.ts";

const messages: LogSpec<Stanza> = {
  shape: "log",
  name: "offline/messages",
  version: 1,
  codec: stanzaCodec,
};

/** A message that was put into the spool. */
export interface Spooled {
  readonly kept: Kept;
  readonly bytes: number;
  /** With its stanza-id (XEP-0359). */
  readonly stanza: Stanza;
}

/** Messages that no archive keeps, until a client of their account has them. */
export class Spool {
  readonly #host: Host;
  readonly #store: LogStore<Stanza>;
  readonly #quotas: Quotas;

  private constructor(host: Host, store: LogStore<Stanza>) {
    this.#host = host;
    this.#store = store;
    this.#quotas = new Quotas(host.limits, async (account) =>
      (await store.read(account)).map(({ value }) => bytesOf(value)),
    );
  }

  static async open(host: Host): Promise<Spool> {
    return new Spool(host, await host.logStore(messages));
  }

  /** Takes a message, unless too much is waiting for its account. One that can not be stored goes back. */
  add(message: Stanza, account: Jid): Maybe<Spooled | undefined> {
    return after(this.#quotas.of(account), (quota) => {
      const { clock, random, log } = this.#host;
      const kept: Kept = { id: random.id(), at: clock.now() };
      const mark = stanzaId.write({ id: kept.id, by: account });
      const stanza = message.with({ children: [...message.children, mark] });
      const bytes = bytesOf(stanza);
      if (!quota.take(bytes)) return undefined;
      const entry = { ...kept, value: stanza, series: 0 };
      this.#store.append(account.toString(), entry).catch((error: unknown) => {
        log.error("a message could not be kept", { error });
        this.#quotas.forget(account);
        this.#host.refuse(message, error);
      });
      return { kept, bytes, stanza };
    });
  }

  /** What waits for an account was removed by other ways. */
  forget(account: Jid): void {
    this.#quotas.forget(account);
  }

  read(account: Jid, query: LogQuery): Promise<readonly LogEntry<Stanza>[]> {
    return this.#store.read(account.toString(), query);
  }

  /** Clients have these, or nobody shall get them. It settles after the commit. */
  async remove(
    account: Jid,
    gone: readonly { readonly id: string; readonly spooled: number }[],
  ): Promise<void> {
    if (gone.length === 0) return;
    const ids = gone.map(({ id }) => id);
    for (const { spooled } of gone) this.#quotas.release(account, spooled);
    try {
      await this.#store.remove(account.toString(), ids);
    } catch (error) {
      this.#quotas.forget(account);
      throw error;
    }
  }
}

/** In UTF-8, which is what is stored and sent. */
export function bytesOf(message: Stanza): number {
  return Buffer.byteLength(message.toXml());
}
