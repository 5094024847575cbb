import type { TLSSocketOptions } from "node:tls";
import type { Clock } from "../clock.ts";
import type { Config, ListenAddress } from "../config/config.ts";
import { Networks } from "../config/networks.ts";
import type { Log } from "../log.ts";
import type { Certificates } from "../tls/context.ts";
import type { ConnectionCount } from "../transports/connection-count.ts";
import { offerHostMeta } from "./host-meta.ts";
import { HttpListener } from "./listener.ts";
import type { HttpRouter } from "./router.ts";
import { HttpService } from "./service.ts";
import type { WebUrls } from "./web-urls.ts";

export interface WebServerOptions {
  readonly config: Config;
  readonly http: HttpRouter;
  readonly webUrls: WebUrls;
  readonly certificates: Pick<Certificates, "tlsOptions">;
  readonly clock: Clock;
  readonly log: Log;
}

const USES = ["http", "https"] as const;
type Use = (typeof USES)[number];

/** All of HTTP: one service for the listeners of `listen.http` and `listen.https`. */
export class WebServer {
  readonly service: HttpService;
  readonly #options: WebServerOptions;
  readonly #listeners: { readonly [use in Use]: HttpListener[] } = { http: [], https: [] };

  constructor(options: WebServerOptions) {
    this.#options = options;
    const { config, http, clock, webUrls } = options;
    this.service = new HttpService({ config, router: http, clock, log: options.log.part("http") });
    offerHostMeta(http, webUrls);
  }

  get ports(): { readonly [use in Use]: readonly number[] } {
    const { http, https } = this.#listeners;
    return { http: http.map(({ port }) => port), https: https.map(({ port }) => port) };
  }

  /** @throws Error (with the system's `code`) for an address that is taken. */
  async listen(count: ConnectionCount): Promise<void> {
    for (const use of USES) {
      for (const address of this.#options.config.listen[use]) {
        this.#listeners[use].push(await this.#listen(address, use, count));
      }
    }
    this.#options.webUrls.ports = this.ports;
  }

  /** Accepts no more. Settles when what was asked is answered, and all connections are closed. */
  async close(): Promise<void> {
    this.service.stopping = true;
    await Promise.all(this.#all().map((listener) => listener.close()));
  }

  /** Cuts off what is left. */
  destroy(): void {
    for (const listener of this.#all()) listener.destroy();
  }

  #all(): HttpListener[] {
    return [...this.#listeners.http, ...this.#listeners.https];
  }

  #listen(address: ListenAddress, use: Use, count: ConnectionCount): Promise<HttpListener> {
    const { config, certificates, clock, log } = this.#options;
    const tls = (): TLSSocketOptions => certificates.tlsOptions({ alpn: "http/1.1" });
    return HttpListener.listen({
      address,
      count,
      clock,
      proxies: new Networks(config.proxies.trusted),
      proxyProtocol: config.proxies.protocol.includes(use),
      limits: config.limits,
      service: this.service,
      log: log.part("http"),
      tls: use === "https" ? tls : undefined,
    });
  }
}
