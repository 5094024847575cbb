import { type Jid, rosterQuery, Stanza } from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import { iqFlow, presenceFlow } from "../../im/contract.ts";

/** Milliseconds that a roster is remembered for: some of its changes are not seen from here. */
const FRESH_MS = 60_000;
/** How long an answer is waited for, in milliseconds. */
const PATIENCE_MS = 30_000;
/** Contacts that are remembered, of all accounts together. */
const REMEMBERED = 100_000;

interface Known {
  readonly contacts: ReadonlySet<string>;
  readonly until: number;
}

type Found = (contacts: ReadonlySet<string>) => void;

/**
 * Who is in the rosters of accounts that keep messages of their contacts alone (XEP-0441 §2.1.1).
 * It asks for a roster as a client does (RFC 6121 §2.1.3).
 */
export class Contacts {
  readonly #host: Host;
  readonly #known: Map<string, Known> = new Map();
  #size = 0;
  /** Questions that wait for their answers, by the id of the request. */
  readonly #asked: Map<string, { readonly account: Jid; readonly found: Found }> = new Map();

  constructor(host: Host) {
    this.#host = host;
    host.on(iqFlow, "reject", ({ stanza, account, direction }) => {
      if (direction === "received") return this.#takes(stanza) ? "handled" : undefined;
      if (stanza.type === "set" && stanza.has(rosterQuery.ns)) this.forget(account);
    });
    host.on(presenceFlow, "record", ({ stanza, account }) => {
      const { type } = stanza;
      if (type !== "available" && type !== "unavailable") this.forget(account);
    });
  }

  /** @param contact a bare JID. */
  has(account: Jid, contact: Jid): Maybe<boolean> {
    return after(this.#of(account), (contacts) => contacts.has(contact.toString()));
  }

  forget(account: Jid): void {
    const key = account.toString();
    this.#size -= this.#known.get(key)?.contacts.size ?? 0;
    this.#known.delete(key);
  }

  #of(account: Jid): Maybe<ReadonlySet<string>> {
    const known = this.#known.get(account.toString());
    if (known !== undefined && known.until > this.#host.clock.now()) return known.contacts;
    return after(this.#ask(account), (contacts) => {
      this.#remember(account, contacts);
      return contacts;
    });
  }

  #remember(account: Jid, contacts: ReadonlySet<string>): void {
    this.forget(account);
    if (this.#size + contacts.size > REMEMBERED) {
      this.#known.clear();
      this.#size = 0;
    }
    const until = this.#host.clock.now() + FRESH_MS;
    this.#known.set(account.toString(), { contacts, until });
    this.#size += contacts.size;
  }

  /** Nobody, if the roster cannot be had. */
  #ask(account: Jid): Maybe<ReadonlySet<string>> {
    const id = this.#host.random.id();
    const answer = Promise.withResolvers<ReadonlySet<string>>();
    let there: ReadonlySet<string> | undefined;
    const found: Found = (contacts) => {
      this.#asked.delete(id);
      there = contacts;
      answer.resolve(contacts);
    };
    this.#asked.set(id, { account, found });
    const children = [rosterQuery.write({ items: [] })];
    const fields = { kind: "iq", type: "get", id, from: account, to: account, children } as const;
    void this.#host.send(new Stanza(fields));
    if (there !== undefined) return there;
    this.#host.after(PATIENCE_MS, () => this.#asked.get(id)?.found(new Set()));
    return answer.promise;
  }

  /** True for the answer to a question of ours. */
  #takes(iq: Stanza): boolean {
    if (this.#asked.size === 0 || iq.isRequest) return false;
    const question = this.#asked.get(iq.id ?? "");
    if (!question?.account.equals(iq.from)) return false;
    const roster = iq.type === "result" ? rosterQuery.in(iq) : undefined;
    question.found(new Set(roster?.items.map(({ jid }) => jid.toString())));
    return true;
  }
}
