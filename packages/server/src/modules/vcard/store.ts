import { Jid, StanzaError, type VcardNames, vcardClass, vcardNames } from "@rookery/protocol";
import { type Element, serialize } from "@rookery/xml";
import type { Host } from "../../host.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";
import { elementCodec } from "../../storage/element-codec.ts";
import { jsonCodec } from "../../storage/json-codec.ts";
import type { ListedVcard, VcardChange } from "./contract.ts";

const cards: MapSpec<Element> = {
  shape: "map",
  name: "vcard/cards",
  version: 1,
  codec: elementCodec,
};

/** The names in public vCards, so that who wants to find someone need not read all photos. */
const listings: MapSpec<VcardNames> = {
  shape: "map",
  name: "vcard/listings",
  version: 1,
  codec: jsonCodec<VcardNames>(),
};

const KEY = "vcard";
const PAGE = 500;
/** UTF-16 code units of a name by which someone is found. */
const NAME_LENGTH = 256;

/** The vCards of the accounts of a host. */
export class VcardStore {
  readonly #host: Host;
  readonly #cards: MapStore<Element>;
  readonly #listings: MapStore<VcardNames>;

  private constructor(host: Host, cards: MapStore<Element>, listings: MapStore<VcardNames>) {
    this.#host = host;
    this.#cards = cards;
    this.#listings = listings;
  }

  static async open(host: Host): Promise<VcardStore> {
    return new VcardStore(host, await host.mapStore(cards), await host.mapStore(listings));
  }

  async get(account: Jid): Promise<Element | undefined> {
    return (await this.#cards.get(account.toString(), KEY))?.value;
  }

  /**
   * Keeps a vCard; an empty one takes it away. It settles after the commit.
   * @throws StanzaError `not-acceptable` if it is too large.
   */
  set(account: Jid, card: Element): Promise<VcardChange> {
    checkSize(card, this.#host.limits.vcardBytes);
    const owner = account.toString();
    const names = vcardClass(card) === "public" ? shortened(vcardNames(card)) : undefined;
    const isEmpty = card.children.length === 0;
    const written = this.#host.batch([
      isEmpty ? this.#cards.write.delete(owner, KEY) : this.#cards.write.put(owner, KEY, card),
      names ? this.#listings.write.put(owner, KEY, names) : this.#listings.write.delete(owner, KEY),
    ]);
    return written.then(() => ({ account, card: isEmpty ? undefined : card, names }));
  }

  async *listed(): AsyncGenerator<ListedVcard> {
    let after = "";
    for (;;) {
      const owners = await this.#listings.owners({ after, limit: PAGE });
      for (const owner of owners) {
        const account = Jid.parse(owner);
        if (account.domain !== this.#host.domain.domain) continue;
        const listing = await this.#listings.get(owner, KEY);
        if (listing) yield { account, names: listing.value };
      }
      if (owners.length < PAGE) return;
      after = owners.at(-1) ?? "";
    }
  }
}

function checkSize(card: Element, limit: number): void {
  if (limit === 0) return;
  const bytes = Buffer.byteLength(serialize(card));
  if (bytes <= limit) return;
  throw new StanzaError(
    "not-acceptable",
    `a vCard has at most ${limit} bytes, not ${bytes}; make its photo smaller`,
  );
}

function shortened(names: VcardNames): VcardNames {
  return Object.fromEntries(
    Object.entries(names).map(([key, text]: [string, string]) => [key, short(text)]),
  );
}

/** Without half of a character at the end. */
function short(text: string): string {
  return text.slice(0, NAME_LENGTH).replace(/[\ud800-\udbff]$/, "");
}
