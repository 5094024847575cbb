/**
 * Jabber Search: XEP-0055 (1.3), a directory of the accounts of the host, with pages by XEP-0059
 * (1.0). Found is who wants to be: who gave the vCard the class PUBLIC (XEP-0054).
 *
 * A directory is no list of all accounts for those who collect them: only accounts of the host may
 * search, they must know the beginning of a name, and what they find is bounded.
 */
import {
  type ResultSetRequest,
  SEARCH_NS,
  type SearchFields,
  type SearchItem,
  type SearchRequest,
  StanzaError,
  searchRequest,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { defineModule, type Host, type Module } from "../../host.ts";
import { accountRemoved, contactBlocked } from "../../im/contract.ts";
import type { IqRequest } from "../../iq.ts";
import { vcardChanged, vcards } from "../vcard/contract.ts";
import { formAnswer, offer, plainAnswer, searchForm } from "./answers.ts";
import { Entries } from "./entries.ts";
import { type DirectoryOptions, options } from "./options.ts";
import { pageOf } from "./paging.ts";
import { Rate } from "./rate.ts";
import { matches, shown, wantedOf } from "./search.ts";

export const directoryModule: Module<DirectoryOptions, void> = defineModule({
  name: "directory",
  implements: [{ xep: 55, version: "1.3", status: "complete" }],
  requires: [vcards],
  options,

  setup(host, chosen) {
    if (!chosen.open) return;
    const directory = new Directory(host, chosen);
    host.feature("host", SEARCH_NS);
    host.on(vcardChanged, (change) => directory.entries.change(change));
    host.on(accountRemoved, (account) =>
      directory.entries.change({ account, card: undefined, names: undefined }),
    );
    host.iq("host", "get", searchRequest, (request) => directory.describe(request));
    host.iq("host", "set", searchRequest, (request) => directory.search(request));
  },
});

class Directory {
  readonly entries: Entries;
  readonly #host: Host;
  readonly #options: DirectoryOptions;
  readonly #rate: Rate;

  constructor(host: Host, chosen: DirectoryOptions) {
    this.#host = host;
    this.#options = chosen;
    this.#rate = new Rate(host.clock, chosen.searchesPerMinute);
    this.entries = new Entries(host, host.use(vcards), chosen.entries);
  }

  /** §2.1: what can be searched for. */
  describe(request: IqRequest<SearchRequest>): Element {
    this.#checkAsker(request);
    const { minimum, results } = this.#options;
    return offer(
      `Fill in one field or more: at least ${minimum} characters from the beginning of a name, ` +
        `or a whole address of e-mail. At most ${results} people are found.`,
    );
  }

  /** §2.1, §3: who was found. */
  async search(request: IqRequest<SearchRequest>): Promise<Element | undefined> {
    this.#checkAsker(request);
    const { form, fields, page } = request.query;
    if (form?.type === "cancel") return undefined;
    this.#rate.check(request.iq.from.bare);
    const wanted = wantedOf(form ? searchForm.read(form) : fields, this.#options.minimum);
    const found = await this.#find(wanted, request);
    const part = pageOf(found, ({ jid }) => jid.toString(), page ?? NO_PAGE);
    const answer = form ? formAnswer : plainAnswer;
    return answer(part, page !== undefined);
  }

  async #find(wanted: SearchFields, { iq }: IqRequest<SearchRequest>): Promise<SearchItem[]> {
    const found: SearchItem[] = [];
    for (const entry of await this.entries.all()) {
      if (found.length >= this.#options.results) break;
      if (!matches(entry, wanted)) continue;
      const { account } = entry;
      // who blocks someone is not found by them (XEP-0191 §4)
      if (await this.#host.run(contactBlocked, { account, other: iq.from })) continue;
      found.push({ jid: account, fields: shown(entry, wanted) });
    }
    return found;
  }

  #checkAsker({ iq, session }: IqRequest<unknown>): void {
    if (session !== undefined && iq.from.domain === this.#host.domain.domain) return;
    throw new StanzaError("forbidden", `only accounts of ${this.#host.domain} may search here`);
  }
}

const NO_PAGE: ResultSetRequest = {};
