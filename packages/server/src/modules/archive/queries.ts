import {
  type ArchiveFin,
  type ArchiveFormQuery,
  type ArchiveMetadata,
  type ArchivePoint,
  type ArchiveQuery,
  archiveFin,
  archiveForm,
  archiveFormQuery,
  archiveMetadata,
  type Jid,
  quoted,
  StanzaError,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Host } from "../../host.ts";
import { archiveAware } from "../../im/contract.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import type { Session } from "../../sessions/session.ts";
import { Turns } from "../../sessions/turns.ts";
import type { LogEntry } from "../../storage/api.ts";
import { readPage } from "./pages.ts";
import { sendResults } from "./results.ts";
import { asNotFound, checkQuery, searchOf } from "./search.ts";
import type { ArchiveStore } from "./store.ts";

/** Answers an account's own sessions about its archive (XEP-0313 §4, §5). Nobody else is answered. */
export class Queries {
  readonly #host: Host;
  readonly #store: ArchiveStore;
  readonly #search: boolean;
  readonly #turns: Turns;

  /** @param search whether what messages say is indexed. */
  constructor(host: Host, store: ArchiveStore, search: boolean) {
    this.#host = host;
    this.#store = store;
    this.#search = search;
    this.#turns = new Turns(host.limits.archiveQueries);
  }

  /** Sends the results, then the answer; the client's stream goes on meanwhile. */
  query({ query, session }: IqRequest<ArchiveQuery>): IqAnswer {
    if (session === undefined) throw new StanzaError("forbidden", "ask from a session");
    checkQuery(query, this.#search, this.#host.limits);
    // what it fetches before it is there it is not handed then (XEP-0313 §6.1.1)
    const fetches = !session.available && query.page?.max !== 0;
    let fin: Element | undefined;
    const answered = this.#turns.take(session, () => this.#answer(session, query));
    if (fetches) session.set(archiveAware, true);
    const committed = answered.then(
      (answer) => {
        fin = archiveFin.write(answer);
      },
      (error: unknown) => {
        if (fetches) session.set(archiveAware, false);
        asNotFound(error);
      },
    );
    return {
      committed,
      get result() {
        return fin;
      },
    };
  }

  async #answer(session: Session, query: ArchiveQuery): Promise<ArchiveFin> {
    const { limits, random } = this.#host;
    const owner = session.jid.bare.toString();
    const search = await searchOf(this.#store, owner, query, limits);
    const { entries, complete, set } = await readPage(this.#store, search, limits.archivePageBytes);
    const { queryId, flipPage } = query;
    const results = flipPage ? entries.toReversed() : entries;
    await sendResults(session, results, { queryId, random });
    return { complete, stable: true, page: set };
  }

  form({ query }: IqRequest<ArchiveFormQuery>): Element {
    if (query.node !== undefined) {
      const node = quoted(query.node);
      throw new StanzaError("item-not-found", `there is no archive of the node ${node} here`);
    }
    return archiveFormQuery.write({
      form: archiveForm({ groupchat: true, fulltext: this.#search }),
    });
  }

  /**
   * A client binds by Bind 2, which says that it fetches from the archive what it missed (XEP-0386
   * §3.2.1): it is told how far that goes, and is not handed it as well.
   */
  greet(session: Session): Promise<Element> {
    session.set(archiveAware, true);
    return this.metadata(session.jid.bare);
  }

  /** From where to where the archive of an account goes (XEP-0313 §5). */
  async metadata(account: Jid): Promise<Element> {
    const owner = account.toString();
    const [first] = await this.#store.read(owner, { limit: 1 });
    const [last] = await this.#store.read(owner, { limit: 1, direction: "backward" });
    const range = first && last && { start: pointOf(first), end: pointOf(last) };
    const metadata: ArchiveMetadata = { range };
    return archiveMetadata.write(metadata);
  }
}

function pointOf({ id, at }: LogEntry<string>): ArchivePoint {
  return { id, timestamp: at };
}
