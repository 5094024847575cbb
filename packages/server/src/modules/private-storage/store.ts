import { type Jid, privateData, StanzaError } from "@rookery/protocol";
import { type Element, serialize } from "@rookery/xml";
import type { Limits } from "../../config/limits.ts";
import type { Host } from "../../host.ts";
import type { IqAnswer } from "../../iq.ts";
import type { MapEntry, MapSpec, MapStore } from "../../storage/api.ts";
import { elementCodec } from "../../storage/element-codec.ts";

/** All elements of one name and namespace that were kept together (XEP-0049 §2.3). */
type Kept = readonly Element[];

const data: MapSpec<Kept> = {
  shape: "map",
  name: "private-storage/data",
  version: 1,
  codec: {
    encode: (elements) => elementCodec.encode(privateData.write(elements)),
    decode: (text) => privateData.read(elementCodec.decode(text)),
  },
};

/** What clients keep, by account and by name and namespace. */
export class PrivateStore {
  readonly #host: Host;
  readonly #store: MapStore<Kept>;
  /** What accounts have asked to keep and is not counted yet: one after the other. */
  readonly #turns: Map<string, Promise<void>> = new Map();

  private constructor(host: Host, store: MapStore<Kept>) {
    this.#host = host;
    this.#store = store;
  }

  static async open(host: Host): Promise<PrivateStore> {
    return new PrivateStore(host, await host.mapStore(data));
  }

  async get(account: Jid, asked: Element): Promise<Kept> {
    return (await this.#store.get(account.toString(), keyOf(asked)))?.value ?? [];
  }

  /**
   * Keeps elements in the place of those of the same name and namespace; an element without
   * anything in it takes them away.
   * @throws StanzaError `resource-constraint` if it were too much.
   */
  async set(account: Jid, elements: Kept): Promise<IqAnswer> {
    const owner = account.toString();
    const changes = grouped(elements);
    const leave = await this.#turn(owner);
    try {
      const before = await this.#store.range(owner);
      checkUse(before, changes, this.#host.limits);
      const { write } = this.#store;
      const writes = [...changes].map(([key, kept]) =>
        kept.length > 0 ? write.put(owner, key, kept) : write.delete(owner, key),
      );
      return { committed: this.#host.batch(writes) };
    } finally {
      leave();
    }
  }

  /** Waits for its turn. @returns what ends it. */
  async #turn(owner: string): Promise<() => void> {
    const before = this.#turns.get(owner);
    const mine = Promise.withResolvers<void>();
    this.#turns.set(owner, mine.promise);
    await before;
    return () => {
      mine.resolve();
      if (this.#turns.get(owner) === mine.promise) this.#turns.delete(owner);
    };
  }
}

/** A name has no white space, so that it ends where the namespace begins. */
function keyOf({ name, ns }: Element): string {
  return `${name} ${ns}`;
}

function grouped(elements: Kept): Map<string, Element[]> {
  const groups = new Map<string, Element[]>();
  for (const element of elements) {
    const group = groups.get(keyOf(element)) ?? [];
    if (element.children.length > 0 || element.attrs.length > 0) group.push(element);
    groups.set(keyOf(element), group);
  }
  return groups;
}

/** What there would be after the changes. */
function checkUse(
  before: readonly MapEntry<Kept>[],
  changes: ReadonlyMap<string, Kept>,
  { privateItems, privateBytes }: Limits,
): void {
  const stays = before.filter(({ key }) => !changes.has(key)).map(({ value }) => value);
  const all = [...stays, ...changes.values()].filter((kept) => kept.length > 0);
  if (privateItems > 0 && all.length > privateItems) {
    throw new StanzaError(
      "resource-constraint",
      `the private storage holds ${privateItems} kinds of elements; take one away first`,
    );
  }
  const bytes = all.flat().reduce((sum, element) => sum + Buffer.byteLength(serialize(element)), 0);
  if (privateBytes > 0 && bytes > privateBytes) {
    throw new StanzaError(
      "resource-constraint",
      `the private storage holds ${privateBytes} bytes, not ${bytes}; take something away first`,
    );
  }
}
