import {
  correction,
  messageParts,
  retraction,
  STANZA_ID_NS,
  type Stanza,
  tombstone,
} from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { type LogEntry, type LogOwner, StorageNotFound } from "../../storage/api.ts";
import { streamStanza } from "../../storage/stanza-codec.ts";
import type { Recorded } from "./recorder.ts";
import type { ArchiveStore } from "./store.ts";

/** How many entries are read at once. */
const BATCH = 100;
/** Retractions that wait for their turn, and those of one author; beyond it nothing is replaced. */
const WAITING = 1000;
const WAITING_OF_ONE = 20;
/** An id that looks in XML as it is. */
const PLAIN = /^[\w.:@/-]+$/;

/** A message that is to be replaced in one archive. */
interface Wanted extends LogOwner {
  /** The bare JID of who takes it back. */
  readonly author: string;
  /** The `id` that its author gave it. */
  readonly id: string;
  /** The message that takes it back. */
  readonly by: { readonly archiveId: string; readonly id: string | undefined; readonly at: number };
}

/**
 * Leaves a tombstone in the place of a message that its author takes back (XEP-0424 §4), and of its
 * corrections, which say the same. The message that takes it back is kept like any other (§5).
 *
 * Archives have no index by the ids that clients give: the conversation is looked through from its
 * end, one after the other, so far as `archiveRetraction` allows.
 */
export class Retractions {
  readonly #host: Host;
  readonly #store: ArchiveStore;
  readonly #waiting: Wanted[] = [];
  #working = false;

  constructor(host: Host, store: ArchiveStore) {
    this.#host = host;
    this.#store = store;
  }

  /** A message was put into archives. */
  recorded({ id: archiveId, at, stanza, owners }: Recorded): void {
    const found = stanza.child(retraction.ns, retraction.name);
    const id = found?.attr("id");
    if (id === undefined || id === "") return;
    const author = stanza.from.bare.toString();
    const by = { archiveId, id: stanza.id, at };
    for (const owner of owners) this.#add({ ...owner, author, id, by });
  }

  #add(wanted: Wanted): void {
    const { author, owner } = wanted;
    const ofOne = this.#waiting.filter((other) => other.author === author).length;
    if (this.#waiting.length >= WAITING || ofOne >= WAITING_OF_ONE) {
      this.#host.log.info("a message was taken back, but too many are; it stays in the archive", {
        owner,
        author,
      });
      return;
    }
    this.#waiting.push(wanted);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (this.#host.signal.aborted) return;
      try {
        await this.#replace(next);
      } catch (error) {
        // what takes it back is not there: it could not be kept, or was removed
        if (error instanceof StorageNotFound) continue;
        this.#host.log.error("a message that was taken back could not be replaced", { error });
      }
    }
    this.#working = false;
  }

  async #replace(wanted: Wanted): Promise<void> {
    const { owner, by } = wanted;
    const found = await this.#find(wanted);
    await Promise.all(
      found.map(([archiveId, stanza]) =>
        this.#store.replace(owner, archiveId, tombstoneOf(stanza, by.id, by.at).toXml()),
      ),
    );
  }

  /** The message and its corrections; nothing without the message. */
  async #find(wanted: Wanted): Promise<readonly Found[]> {
    const { owner, with: peer, by } = wanted;
    const corrections: Found[] = [];
    let before = by.archiveId;
    for (let left = this.#host.limits.archiveRetraction; left > 0; left -= BATCH) {
      const limit = Math.min(BATCH, left);
      const query = {
        before,
        limit,
        direction: "backward",
        ...(peer !== undefined && { with: peer }),
      } as const;
      const entries = await this.#store.read(owner, query);
      for (const entry of entries.toReversed()) {
        const stanza = candidate(entry, wanted);
        if (stanza === undefined) continue;
        if (stanza.id === wanted.id) return [[entry.id, stanza], ...corrections];
        corrections.push([entry.id, stanza]);
      }
      const first = entries[0];
      if (first === undefined || entries.length < limit) break;
      before = first.id;
    }
    return [];
  }
}

type Found = readonly [archiveId: string, stanza: Stanza];

/** The message of an entry, if it is the wanted one or a correction of it, by the same author. */
function candidate({ value }: LogEntry<string>, { id, author }: Wanted): Stanza | undefined {
  if (PLAIN.test(id) && !value.includes(id)) return undefined;
  const stanza = streamStanza(value);
  if (stanza.from.bare.toString() !== author) return undefined;
  const parts = messageParts(stanza);
  // that something was taken back stays known
  if (parts.has("retraction") || parts.has("tombstone")) return undefined;
  const corrected = stanza.child(correction.ns, correction.name)?.attr("id");
  return stanza.id === id || corrected === id ? stanza : undefined;
}

/** The envelope of a message with its ids, and that it was taken back (XEP-0424 §4). */
function tombstoneOf(message: Stanza, id: string | undefined, stamp: number): Stanza {
  const ids = message.payload.filter(({ ns }) => ns === STANZA_ID_NS);
  return message.with({ children: [tombstone.write({ stamp, id }), ...ids] });
}
