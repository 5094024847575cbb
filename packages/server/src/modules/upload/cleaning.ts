import type { Jid } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import { StorageNotFound } from "../../storage/api.ts";
import type { Folder } from "./folder.ts";
import type { Place, Records } from "./records.ts";

/** How often it is looked for files that are to go, in milliseconds, and when for the first time. */
const SWEEP_MS = 600_000;
const FIRST_SWEEP_MS = 10_000;
/** So many files are looked at in one step, and so long is waited before the next. */
const STEP = 50;
const PAUSE_MS = 100;

/**
 * Removes what is not to be kept: drafts that nobody finishes, files whose time is over, files of
 * accounts that are gone. Each removes the file first and forgets it then, so that what was broken
 * off is found again.
 */
export class Cleaning {
  readonly #host: Host;
  readonly #records: Records;
  readonly #folder: Folder;

  constructor(host: Host, records: Records, folder: Folder) {
    this.#host = host;
    this.#records = records;
    this.#folder = folder;
  }

  /** To be called before the first upload: what is under way now was broken off. */
  async start(): Promise<void> {
    for (const id of await this.#folder.drafts()) {
      const place = await this.#records.place(id);
      if (place !== undefined) await this.#records.remove(place);
      await this.#folder.discard(id);
    }
    this.#host.after(FIRST_SWEEP_MS, () => this.#run(this.#lost()));
  }

  /** An account was removed: what it had is not for the next owner of its name. */
  async removed(account: Jid): Promise<void> {
    for (const id of await this.#folder.of(account)) {
      const place = { account, id };
      if (await this.#records.keeps(place)) continue;
      await this.#remove(place);
    }
    await this.#folder.tidy(account);
  }

  #run(work: Promise<void>): void {
    work
      .catch((error: unknown) =>
        this.#host.log.error("uploaded files that are to go could not be removed", { error }),
      )
      .finally(() => {
        if (this.#host.signal.aborted) return;
        this.#host.after(SWEEP_MS, () => this.#run(this.#expired()));
      });
  }

  /** Files of accounts that were removed just before the server was killed. */
  async #lost(): Promise<void> {
    let after: string | undefined;
    while (!this.#host.signal.aborted) {
      const page = await this.#page(after);
      for (const place of page) {
        if (await this.#records.keeps(place)) after = place.id;
        else await this.#remove(place);
      }
      if (page.length < STEP) break;
      await this.#pause();
    }
    await this.#expired();
  }

  async #expired(): Promise<void> {
    while (!this.#host.signal.aborted) {
      const places = await this.#records.expired(STEP);
      for (const place of places) await this.#remove(place);
      if (places.length < STEP) return;
      await this.#pause();
    }
  }

  /** From the beginning, if the one that was seen last is gone meanwhile. */
  async #page(after: string | undefined): Promise<Place[]> {
    try {
      return await this.#records.page(after, STEP);
    } catch (error) {
      if (!(error instanceof StorageNotFound)) throw error;
      return this.#records.page(undefined, STEP);
    }
  }

  async #remove(place: Place): Promise<void> {
    await this.#folder.remove(place);
    await this.#records.remove(place);
    await this.#folder.tidy(place.account);
  }

  /** Nobody is to wait for this. */
  #pause(): Promise<void> {
    return new Promise((resolve) => this.#host.after(PAUSE_MS, resolve));
  }
}
