import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Config } from "../config/config.ts";

/**
 * Which served domain a request is for. Names that nobody here has given to this server are
 * refused: a page could otherwise give its own name to the address of this machine, and be taken
 * for one of ours (DNS rebinding).
 */
export class Sites {
  readonly #domains: ReadonlyMap<string, string>;
  readonly #main: string;
  readonly #own: string | undefined;

  constructor({ domains, web }: Pick<Config, "domains" | "web">) {
    this.#domains = new Map(domains.map(({ name }) => [domainToASCII(name) || name, name]));
    this.#main = domains[0]?.name ?? "localhost";
    this.#own = web.url === undefined ? undefined : new URL(web.url).hostname;
  }

  /**
   * The domain of a host name: itself or the one it is under. An IP address, a name of the local
   * network and the one of `web.url` stand for the main domain.
   *
   * @param hostname as a URL has it: lower case, ASCII, IPv6 in brackets.
   * @returns undefined for a name that is not ours.
   */
  domainOf(hostname: string): string | undefined {
    const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
    const exact = this.#domains.get(name);
    if (exact !== undefined) return exact;
    if (name === this.#own || isLocal(name)) return this.#main;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const above = this.#domains.get(name.slice(dot + 1));
      if (above !== undefined) return above;
    }
    return undefined;
  }
}

/** Nobody elsewhere can own such a name. */
function isLocal(name: string): boolean {
  return name.startsWith("[") || isIP(name) === 4 || !name.includes(".") || LOCAL.test(name);
}

/** RFC 6761 §6.3, RFC 6762 §3, RFC 8375. */
const LOCAL = /\.(?:localhost|local|home\.arpa|internal)$/u;
