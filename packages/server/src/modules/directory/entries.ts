import type { Jid, SearchFields, VcardNames } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { VcardChange, Vcards } from "../vcard/contract.ts";

/** An account that wants to be found. */
export interface Entry {
  readonly account: Jid;
  readonly names: VcardNames;
  /** By field, the names that it is found by, without case and accents, each word after a space. */
  readonly words: { readonly [name in keyof SearchFields]-?: string };
}

/**
 * The accounts that can be found, in memory: read when the first one searches, and up to date from
 * then on.
 */
export class Entries {
  readonly #host: Host;
  readonly #vcards: Vcards;
  readonly #max: number;
  /** By address; undefined before the first search. */
  #entries: Map<string, Entry> | undefined = undefined;
  #loading: Promise<Map<string, Entry>> | undefined = undefined;
  #sorted: readonly Entry[] | undefined = undefined;
  /** What changed while the entries are read. */
  #changes: VcardChange[] = [];
  #isFull = false;

  /** @param max how many there may be; the others are not found. */
  constructor(host: Host, vcards: Vcards, max: number) {
    this.#host = host;
    this.#vcards = vcards;
    this.#max = max;
  }

  /** The entries in the order of their addresses. */
  async all(): Promise<readonly Entry[]> {
    const entries = this.#entries ?? (await (this.#loading ??= this.#load()));
    this.#sorted ??= [...entries]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry);
    return this.#sorted;
  }

  /** A vCard was stored; without names its owner is not to be found. */
  change(change: VcardChange): void {
    if (this.#entries !== undefined) this.#apply(this.#entries, change);
    else if (this.#loading !== undefined) this.#changes.push(change);
  }

  async #load(): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>();
    try {
      for await (const { account, names } of this.#vcards.listed()) {
        this.#apply(entries, { account, card: undefined, names });
        if (this.#isFull || this.#host.signal.aborted) break;
      }
      for (const change of this.#changes) this.#apply(entries, change);
      this.#entries = entries;
      return entries;
    } finally {
      this.#changes = [];
      this.#loading = undefined;
    }
  }

  #apply(entries: Map<string, Entry>, { account, names }: VcardChange): void {
    const key = account.toString();
    this.#sorted = undefined;
    if (names === undefined) entries.delete(key);
    else if (entries.size < this.#max || entries.has(key))
      entries.set(key, entryOf(account, names));
    else this.#tellFull();
  }

  #tellFull(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#host.log.warn("not all who want to be found are; raise modules.directory.entries", {
      entries: this.#max,
    });
  }
}

function entryOf(account: Jid, names: VcardNames): Entry {
  // many fill in their full name alone
  const { full = "", given = "", family = "", nickname = "", email = "" } = names;
  return {
    account,
    names,
    words: {
      first: words(given, full),
      last: words(family, full),
      nick: words(nickname),
      email: folded(email),
    },
  };
}

function words(...names: readonly string[]): string {
  return names.map((name) => ` ${folded(name)}`).join("");
}

/** A name as people compare it: without case, accents and superfluous white space. */
export function folded(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/gu, " ").trim();
}
