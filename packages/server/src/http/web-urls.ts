import { domainToASCII } from "node:url";
import type { Config } from "../config/config.ts";
import type { HttpRequest } from "./request.ts";

/** The ports of the web, as the system has given them. */
interface WebPorts {
  readonly http: readonly number[];
  readonly https: readonly number[];
}

/** Tells clients where the web of a domain is. */
export class WebUrls {
  readonly #config: Pick<Config, "web" | "listen">;
  /** What is listened on; before it is, the configured ports are told. */
  ports: WebPorts | undefined = undefined;

  constructor(config: Pick<Config, "web" | "listen">) {
    this.#config = config;
  }

  /** False where the configuration names no web at all. */
  get served(): boolean {
    const { web, listen } = this.#config;
    return web.url !== undefined || listen.http.length > 0 || listen.https.length > 0;
  }

  /**
   * `web.url` of the configuration with the path; else the domain with the port of https, or of
   * http if that is all there is. `localhost` is on this machine, where browsers take http for safe
   * and warn of a certificate that is self-made: it has http first.
   * @param path with a `/` at its beginning, encoded.
   */
  url(domain: string, path: string): string {
    const { web } = this.#config;
    return `${web.url ?? this.#derived(domain)}${path}`;
  }

  /**
   * The same for who has reached us already: what was safe to ask is safe to go on with. Others are
   * told the address with TLS (XEP-0156 §2.2).
   */
  seenBy(
    { url, secure, domain }: Pick<HttpRequest, "url" | "secure" | "domain">,
    path: string,
  ): string {
    if (this.#config.web.url !== undefined || !secure) return this.url(domain, path);
    return `${url.origin}${path}`;
  }

  #derived(domain: string): string {
    const { listen } = this.#config;
    const host = domain.includes(":") ? domain : domainToASCII(domain) || domain;
    const https = this.ports?.https[0] ?? listen.https[0]?.port;
    const http = this.ports?.http[0] ?? listen.http[0]?.port;
    if (https !== undefined && !(domain === "localhost" && http !== undefined)) {
      return `https://${host}${https === 443 ? "" : `:${https}`}`;
    }
    return `http://${host}${http === undefined || http === 80 ? "" : `:${http}`}`;
  }
}
