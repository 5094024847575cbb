import { BlockList, isIP } from "node:net";

/** True for an IP address, or a network as in `10.0.0.0/8` or `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  return readNetwork(text) !== undefined;
}

/** Addresses and networks, to ask whether an address is among them. */
export class Networks {
  readonly #list: BlockList = new BlockList();

  /** @param networks each an {@link isNetwork}. */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = readNetwork(text);
      if (network === undefined) throw new Error(`"${text}" is no address and no network`);
      this.#list.addSubnet(network.address, network.bits, network.family);
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? "ipv4" : "ipv6");
  }
}

/** An address of IPv4 as such where the system gives it as one of IPv6 (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function readNetwork(text: string): Network | undefined {
  const parts = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = parts?.[1] ?? "";
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = parts?.[2] === undefined ? most : Number(parts[2]);
  if (bits > most) return undefined;
  return { address, bits, family: version === 4 ? "ipv4" : "ipv6" };
}
