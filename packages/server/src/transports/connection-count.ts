import { networkOf } from "../network.ts";

/** Counts open connections, altogether and by address, and refuses those beyond a bound. */
export class ConnectionCount {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #byAddress: Map<string, number> = new Map();
  #all = 0;

  /** @param most, mostPerAddress 0 for no bound. */
  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#all;
  }

  /** From how many addresses, or networks of IPv6. */
  get networks(): number {
    return this.#byAddress.size;
  }

  /** @returns a function to call once the connection is closed, or undefined if it is one too many. */
  take(address: string): (() => void) | undefined {
    if (this.#most > 0 && this.#all >= this.#most) return undefined;
    const release = this.takeAddress(address);
    if (release === undefined) return undefined;
    this.#all++;
    return once(() => {
      this.#all--;
      release();
    });
  }

  /** As `take`, for what a proxy brings for others: it counts among all only. */
  takeShared(): (() => void) | undefined {
    if (this.#most > 0 && this.#all >= this.#most) return undefined;
    this.#all++;
    return once(() => this.#all--);
  }

  /** As `take`, for whom a proxy has brought: its connection is counted among all already. */
  takeAddress(address: string): (() => void) | undefined {
    const network = networkOf(address);
    const here = this.#byAddress.get(network) ?? 0;
    if (this.#mostPerAddress > 0 && here >= this.#mostPerAddress) return undefined;
    this.#byAddress.set(network, here + 1);
    return once(() => this.#give(network));
  }

  #give(network: string): void {
    const left = (this.#byAddress.get(network) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(network, left);
    else this.#byAddress.delete(network);
  }
}

/** What is called again does nothing more. */
function once(action: () => void): () => void {
  let open = true;
  return () => {
    if (open) action();
    open = false;
  };
}
