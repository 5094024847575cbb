import { Jid, StreamError } from "@rookery/protocol";
import type { ParserLimits } from "@rookery/xml";
import { openAccounts } from "./accounts/open.ts";
import { isReserved } from "./accounts/reserved.ts";
import { chosenModules } from "./chosen-modules.ts";
import { type Clock, type Random, systemClock, systemRandom } from "./clock.ts";
import type { ComponentDomain } from "./components/component-domain.ts";
import { accountsOf } from "./config/auth.ts";
import type { Config, ConfigInput, ListenAddress } from "./config/config.ts";
import { Networks } from "./config/networks.ts";
import { resolveConfig } from "./config/resolve.ts";
import type { AnyModule } from "./host.ts";
import { HttpRouter } from "./http/router.ts";
import { WebServer } from "./http/web-server.ts";
import { WebUrls } from "./http/web-urls.ts";
import { type AccountChange, accountChanged, accountRemoved } from "./im/contract.ts";
import { type Log, silentLog } from "./log.ts";
import { schemasOf } from "./modules/index.ts";
import { Administrators } from "./registration/administrators.ts";
import { RegistrationRate } from "./registration/rate.ts";
import { Router } from "./router.ts";
import { SessionTable } from "./sessions/table.ts";
import type { Storage } from "./storage/api.ts";
import { type DataDirectory, openDataDirectory } from "./storage/data-directory.ts";
import { openStorage } from "./storage/open.ts";
import { c2sServices, componentServices, openComponents, parserLimits } from "./stream-services.ts";
import { C2sStream } from "./streams/c2s.ts";
import type { C2sServices } from "./streams/c2s-services.ts";
import { type ComponentServices, ComponentStream } from "./streams/component.ts";
import { Resumption } from "./streams/stream-management/resumption.ts";
import { Certificates } from "./tls/context.ts";
import { BoshSessions } from "./transports/bosh/sessions.ts";
import type { Connection } from "./transports/connection.ts";
import { ConnectionCount } from "./transports/connection-count.ts";
import { Flusher } from "./transports/flusher.ts";
import { TcpListener } from "./transports/tcp.ts";
import { WebSockets } from "./transports/websocket.ts";
import { VirtualHost } from "./virtual-host.ts";

/** A client that does not close its side is cut off so many milliseconds after a stop began. */
const STOP_WAIT_MS = 5000;

const WHY_CHANGED: { readonly [why in AccountChange["why"]]: string } = {
  password: "the password was changed; log in with the new one",
  disabled: "an administrator has disabled the account",
  expired: "the account needs a new password",
};

/** What ports are for, in the order they are opened. */
const USES = ["c2s", "c2sTls", "component"] as const;
type Use = (typeof USES)[number];

/** What a server takes from the world, so that tests can own it. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /**
   * Modules beside the built-in ones, as the web chat. The configuration gives them options or leaves
   * them out, as it does with the others; with a module that they require, they are left out too.
   */
  readonly modules?: readonly AnyModule[];
}

/** The ports that are listened on, in the order of the configuration. */
export type Ports = { readonly [use in Use | "http" | "https"]: readonly number[] };

/**
 * Makes a server from its configuration: opens the data, the hosts and their modules. Nothing is
 * listened on before `listen()`.
 *
 * @example
 * const server = await createServer({ domains: [{ name: "example.org" }], storage: "memory" });
 * await server.listen();
 * await server.stop();
 *
 * @throws ConfigError, CertificateError, DataDirectoryError or Error with what is wrong.
 */
export async function createServer(
  input: ConfigInput | Config = {},
  parts: ServerParts = {},
): Promise<Server> {
  const { clock = systemClock, random = systemRandom, log = silentLog, modules = [] } = parts;
  const config = resolveConfig(input, { modules: schemasOf(modules) });
  const directory = config.storage === "memory" ? undefined : openDataDirectory(config.data);
  let storage: Storage | undefined;
  try {
    storage = await openStorage({ driver: config.storage, ...(directory && { directory }) });
    return await assemble({ config, clock, random, log, directory, storage, modules });
  } catch (error) {
    await storage?.close();
    directory?.close();
    throw error;
  }
}

function connectedBelow(
  domain: string,
  components: ReadonlyMap<string, ComponentDomain>,
): readonly Jid[] {
  return [...components.values()]
    .filter((component) => component.connections > 0 && component.domain.endsWith(`.${domain}`))
    .map((component) => Jid.of("", component.domain));
}

/** What there is before the hosts. */
interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly directory: DataDirectory | undefined;
  readonly storage: Storage;
  /** Beside the built-in ones. */
  readonly modules: readonly AnyModule[];
}

async function assemble(ground: Ground): Promise<Server> {
  const { config, log, storage } = ground;
  const certificates = await Certificates.load({ ...ground, log: log.part("tls") });
  const webUrls = new WebUrls(config);
  const domains = new Set(config.domains.map(({ name }) => name));
  const router = new Router(log.part("router"));
  const components = openComponents({ ...ground, router });
  const services = {
    ...ground,
    limits: config.limits,
    administrators: await Administrators.open(storage, config.admins),
    registration: {
      mode: config.registration,
      rate: new RegistrationRate(ground.clock, config.limits),
      isReserved: (local: string) => isReserved(local, config.auth.reserved),
    },
    router,
    sessions: new SessionTable(),
    http: new HttpRouter(),
    webUrls,
    isLocal: (domain: string) => domains.has(domain),
    connectedComponents: (domain: string) => connectedBelow(domain, components),
  };
  const resumption = await Resumption.open({ ...services, log: log.part("sessions") });
  const modules = await chosenModules(config, ground.modules);
  const hosts = new Map<string, VirtualHost>();
  for (const { name, auth } of config.domains) {
    const domain = Jid.parse(name);
    const accounts = await openAccounts(domain, accountsOf(config.auth, auth), {
      ...services,
      reserved: config.auth.reserved,
    });
    const host = await VirtualHost.open(domain, accounts, services);
    services.router.claim(name, host);
    hosts.set(name, host);
    for (const { module, options } of modules) await host.modules.load(module, options);
  }
  await resumption.restore(hosts);
  return new Server({ ...services, certificates, hosts, components, resumption });
}

interface Everything extends Ground {
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly certificates: Certificates;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly components: ReadonlyMap<string, ComponentDomain>;
  readonly resumption: Resumption;
  readonly http: HttpRouter;
  readonly webUrls: WebUrls;
}

/** A running server; see {@link createServer}. */
export class Server {
  readonly config: Config;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly sessions: SessionTable;
  readonly certificates: Certificates;
  /** Who answers requests of HTTP, of one domain or of all. */
  readonly http: HttpRouter;
  readonly #web: WebServer;
  readonly #bosh: BoshSessions;
  readonly #count: ConnectionCount;
  readonly #parts: Everything;
  readonly #c2s: C2sServices;
  readonly #component: ComponentServices;
  readonly #flusher: Flusher = new Flusher();
  readonly #listeners: { readonly [use in Use]: TcpListener[] } = {
    c2s: [],
    c2sTls: [],
    component: [],
  };
  #stopping: Promise<void> | undefined = undefined;

  constructor(parts: Everything) {
    this.#parts = parts;
    this.config = parts.config;
    this.hosts = parts.hosts;
    this.sessions = parts.sessions;
    this.certificates = parts.certificates;
    this.#c2s = c2sServices(parts);
    this.#component = componentServices(parts);
    this.http = parts.http;
    this.#web = new WebServer(parts);
    const { connections, connectionsPerAddress } = parts.config.limits;
    this.#count = new ConnectionCount(connections, connectionsPerAddress);
    WebSockets.offer(parts.http, this.#web.service, {
      limits: this.preAuthLimits,
      count: this.#count,
      clock: parts.clock,
      flusher: this.#flusher,
      accept: (connection) => this.accept(connection),
    });
    this.#bosh = BoshSessions.offer(parts.http, this.#web.service.origins, {
      limits: parts.config.limits,
      preAuthLimits: this.preAuthLimits,
      clock: parts.clock,
      random: parts.random,
      log: parts.log.part("bosh"),
      flusher: this.#flusher,
      accept: (connection) => this.accept(connection),
    });
    for (const host of this.hosts.values()) {
      host.hooks.add(accountRemoved, "", "server", (account: Jid) => this.#removed(account));
      host.hooks.add(accountChanged, "", "server", (change: AccountChange) =>
        this.#changed(change),
      );
    }
  }

  /**
   * The address of a path of the web of the main domain, for clients elsewhere; undefined if there is
   * no web.
   */
  webUrl(path: string): string | undefined {
    const { config, webUrls } = this.#parts;
    const [main] = config.domains;
    return webUrls.served && main ? webUrls.url(main.name, path) : undefined;
  }

  get ports(): Ports {
    const { c2s, c2sTls, component } = this.#listeners;
    return {
      c2s: c2s.map(portOf),
      c2sTls: c2sTls.map(portOf),
      component: component.map(portOf),
      ...this.#web.ports,
    };
  }

  /** Bounds on what a connection may send before its client has logged in. */
  get preAuthLimits(): ParserLimits {
    const { limits } = this.config;
    return parserLimits(limits, limits.preAuthStanzaBytes);
  }

  /** The host of a domain. @throws Error if it is not served here. */
  host(domain: string): VirtualHost {
    const host = this.hosts.get(domain);
    if (host === undefined) throw new Error(`"${domain}" is not served here`);
    return host;
  }

  /** Accepts connections. @throws Error (with the system's `code`) for an address that is taken. */
  async listen(): Promise<void> {
    for (const use of USES) {
      for (const address of this.config.listen[use]) {
        this.#listeners[use].push(await this.#listen(address, use));
      }
    }
    await this.#web.listen(this.#count);
  }

  /** Takes over the stream of a client on a connection that came by other ways than `listen`. */
  accept(connection: Connection): void {
    if (this.#stopping) connection.destroy();
    else this.#c2s.streams.add(new C2sStream(connection, this.#c2s));
  }

  /** As `accept`, for the stream of an external component (XEP-0114). */
  acceptComponent(connection: Connection): void {
    if (this.#stopping) connection.destroy();
    else this.#component.streams.add(new ComponentStream(connection, this.#component));
  }

  /**
   * Stops: closes every stream with `system-shutdown` (RFC 6120 §4.9.3.20), commits what is
   * pending and lets go of the data.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    for (const use of USES) for (const listener of this.#listeners[use]) listener.close();
    this.#bosh.stop();
    const answered = this.#web.close();
    const shutdown = new StreamError("system-shutdown");
    const streams = [...this.#component.streams, ...this.#c2s.streams];
    // components first: what waits for them goes back to senders who are still there
    for (const stream of this.#component.streams) stream.close(shutdown);
    for (const component of this.#parts.components.values()) component.close();
    for (const stream of this.#c2s.streams) stream.close(shutdown);
    const gone = streams.map((stream) => stream.gone);
    const timeout = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(STOP_WAIT_MS, timeout.resolve);
    await Promise.race([Promise.all([...gone, answered]), timeout.promise]);
    timer.cancel();
    this.#bosh.close();
    this.#web.destroy();
    await this.#parts.resumption.save();
    for (const host of this.hosts.values()) host.modules.unloadAll();
    await this.#parts.storage.close();
    this.#parts.directory?.close();
  }

  /** Streams that authenticated for an account, or are about to, are not the next owner's. */
  #removed(account: Jid): void {
    this.#c2s.throttle.forget(account.toString());
    for (const stream of this.#c2s.streams) {
      if (!isLoggingIn(stream, account) && !stream.user?.equals(account)) continue;
      stream.close(new StreamError("not-authorized", "the account was removed"));
    }
  }

  /** RFC 6120 §4.9.3.12: clients do not come back by themselves with what counts no more. */
  #changed({ account, why, by }: AccountChange): void {
    const error = new StreamError("not-authorized", WHY_CHANGED[why]);
    for (const session of this.sessions.of(account)) if (session !== by) session.close(error);
    for (const stream of this.#c2s.streams) {
      const isMeant = stream.user?.equals(account) || isLoggingIn(stream, account);
      if (isMeant && (by === undefined || stream.session !== by)) stream.close(error);
    }
  }

  #listen(address: ListenAddress, use: Use): Promise<TcpListener> {
    const { clock, log, certificates, config } = this.#parts;
    const directTls = use === "c2sTls";
    return TcpListener.listen({
      address,
      directTls,
      count: this.#count,
      proxies: new Networks(config.proxies.trusted),
      proxyProtocol: config.proxies.protocol.includes(use),
      clock,
      flusher: this.#flusher,
      log: log.part("tcp"),
      limits: this.preAuthLimits,
      handshakeSeconds: config.limits.streamOpenSeconds,
      tls: () =>
        certificates.tlsOptions({ clients: true, ...(directTls && { alpn: "xmpp-client" }) }),
      accept: (connection) =>
        use === "component" ? this.acceptComponent(connection) : this.accept(connection),
    });
  }
}

/** True for a stream that is about to authenticate for an account, by what may count no more. */
function isLoggingIn({ sasl, host }: C2sStream, account: Jid): boolean {
  const claimed = sasl.mechanism?.claimed;
  return claimed === account.local && host?.domain.domain === account.domain;
}

function portOf({ port }: TcpListener): number {
  return port;
}
