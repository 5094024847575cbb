import { pathToFileURL } from "node:url";
import { Jid, StreamError } from "@rookery/protocol";
import type { ParserLimits } from "@rookery/xml";
import { InternalAccounts } from "./accounts/internal.ts";
import { type Clock, type Random, systemClock, systemRandom } from "./clock.ts";
import type { Config, ConfigInput, ListenAddress } from "./config/config.ts";
import type { Limits } from "./config/limits.ts";
import { resolveConfig } from "./config/resolve.ts";
import type { AnyModule } from "./host.ts";
import { type Log, silentLog } from "./log.ts";
import { builtInModules, moduleSchemas } from "./modules/index.ts";
import { Router } from "./router.ts";
import { SessionTable } from "./sessions/table.ts";
import type { Storage } from "./storage/api.ts";
import { type DataDirectory, openDataDirectory } from "./storage/data-directory.ts";
import { openStorage } from "./storage/open.ts";
import { C2sStream } from "./streams/c2s.ts";
import type { C2sServices } from "./streams/c2s-services.ts";
import { featuresOf } from "./streams/features/index.ts";
import { KeepAlive } from "./streams/keep-alive.ts";
import { Certificates } from "./tls/context.ts";
import type { Connection } from "./transports/connection.ts";
import { ConnectionCount } from "./transports/connection-count.ts";
import { Flusher } from "./transports/flusher.ts";
import { TcpListener } from "./transports/tcp.ts";
import { VirtualHost } from "./virtual-host.ts";

/** A client that does not close its side is cut off so many milliseconds after a stop began. */
const STOP_WAIT_MS = 5000;

/** What a server takes from the world, so that tests can own it. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

/** The ports that are listened on, in the order of the configuration. */
export type Ports = {
  readonly c2s: readonly number[];
  readonly c2sTls: readonly number[];
};

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
  { clock = systemClock, random = systemRandom, log = silentLog }: ServerParts = {},
): Promise<Server> {
  const config = resolveConfig(input, { modules: moduleSchemas });
  const directory = config.storage === "memory" ? undefined : openDataDirectory(config.data);
  let storage: Storage | undefined;
  try {
    storage = await openStorage({ driver: config.storage, ...(directory && { directory }) });
    return await assemble({ config, clock, random, log, directory, storage });
  } catch (error) {
    await storage?.close();
    directory?.close();
    throw error;
  }
}

/** What there is before the hosts. */
interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly directory: DataDirectory | undefined;
  readonly storage: Storage;
}

async function assemble(ground: Ground): Promise<Server> {
  const { config, log, storage } = ground;
  const certificates = await Certificates.load({ ...ground, log: log.part("tls") });
  const domains = new Set(config.domains.map(({ name }) => name));
  const services = {
    ...ground,
    limits: config.limits,
    router: new Router(log.part("router")),
    sessions: new SessionTable(),
    isLocal: (domain: string) => domains.has(domain),
  };
  const modules = await chosenModules(config);
  const hosts = new Map<string, VirtualHost>();
  for (const name of domains) {
    const domain = Jid.parse(name);
    const accounts = await InternalAccounts.open(domain, storage, services);
    const host = await VirtualHost.open(domain, accounts, services);
    services.router.claim(name, host);
    hosts.set(name, host);
    for (const { module, options } of modules) await host.modules.load(module, options);
  }
  return new Server({ ...services, certificates, hosts });
}

interface Everything extends Ground {
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly certificates: Certificates;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
}

/** A running server; see {@link createServer}. */
export class Server {
  readonly config: Config;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly sessions: SessionTable;
  readonly certificates: Certificates;
  readonly #parts: Everything;
  readonly #c2s: C2sServices;
  readonly #flusher: Flusher = new Flusher();
  readonly #listeners: { readonly c2s: TcpListener[]; readonly c2sTls: TcpListener[] } = {
    c2s: [],
    c2sTls: [],
  };
  #stopping: Promise<void> | undefined = undefined;

  constructor(parts: Everything) {
    this.#parts = parts;
    this.config = parts.config;
    this.hosts = parts.hosts;
    this.sessions = parts.sessions;
    this.certificates = parts.certificates;
    this.#c2s = c2sServices(parts);
  }

  get ports(): Ports {
    return {
      c2s: this.#listeners.c2s.map(({ port }) => port),
      c2sTls: this.#listeners.c2sTls.map(({ port }) => port),
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
    const { c2s, c2sTls } = this.config.listen;
    const count = new ConnectionCount(
      this.config.limits.connections,
      this.config.limits.connectionsPerAddress,
    );
    for (const address of c2s) this.#listeners.c2s.push(await this.#listen(address, false, count));
    for (const address of c2sTls) {
      this.#listeners.c2sTls.push(await this.#listen(address, true, count));
    }
  }

  /** Takes over the stream of a client on a connection that came by other ways than `listen`. */
  accept(connection: Connection): void {
    if (this.#stopping) connection.destroy();
    else this.#c2s.streams.add(new C2sStream(connection, this.#c2s));
  }

  /**
   * Stops: closes every stream with `system-shutdown` (RFC 6120 §4.9.3.20), commits what is
   * pending and lets go of the data.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    for (const listener of [...this.#listeners.c2s, ...this.#listeners.c2sTls]) listener.close();
    const gone = [...this.#c2s.streams].map((stream) => {
      stream.close(new StreamError("system-shutdown"));
      return stream.gone;
    });
    const timeout = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(STOP_WAIT_MS, timeout.resolve);
    await Promise.race([Promise.all(gone), timeout.promise]);
    timer.cancel();
    for (const host of this.hosts.values()) host.modules.unloadAll();
    await this.#parts.storage.close();
    this.#parts.directory?.close();
  }

  #listen(
    address: ListenAddress,
    directTls: boolean,
    count: ConnectionCount,
  ): Promise<TcpListener> {
    const { clock, log, certificates, config } = this.#parts;
    return TcpListener.listen({
      address,
      directTls,
      count,
      clock,
      flusher: this.#flusher,
      log: log.part("tcp"),
      limits: this.preAuthLimits,
      handshakeSeconds: config.limits.streamOpenSeconds,
      tls: () => certificates.tlsOptions(directTls ? { alpn: "xmpp-client" } : {}),
      accept: (connection) => this.accept(connection),
    });
  }
}

function c2sServices({ config, clock, random, log, sessions, hosts }: Everything): C2sServices {
  const { limits, auth } = config;
  return {
    mainDomain: Jid.parse(config.domains[0]?.name ?? ""),
    clock,
    random,
    log: log.part("c2s"),
    limits,
    stanzaLimits: parserLimits(limits, limits.stanzaBytes),
    auth,
    sessions,
    streams: new Set(),
    keepAlive: new KeepAlive(clock, {
      idleSeconds: limits.idleSeconds,
      answerSeconds: limits.idleAnswerSeconds,
    }),
    host: (name) => hosts.get(prepared(name) ?? ""),
    features: featuresOf,
  };
}

/** The canonical form of a domain as a client writes it. */
function prepared(domain: string): string | undefined {
  try {
    const jid = Jid.parse(domain);
    return jid.local === "" && jid.isBare ? jid.domain : undefined;
  } catch {
    return undefined;
  }
}

function parserLimits(limits: Limits, bytes: number): ParserLimits {
  return {
    bytes,
    depth: limits.stanzaDepth,
    elements: limits.stanzaElements,
    attributes: limits.attributes,
    namespaces: limits.namespaces,
  };
}

/** The modules that a configuration asks for: the built-in ones it does not leave out, then its own. */
async function chosenModules(
  config: Config,
): Promise<readonly { readonly module: AnyModule; readonly options: unknown }[]> {
  const chosen: { module: AnyModule; options: unknown }[] = [];
  for (const module of builtInModules) {
    const options = config.modules.get(module.name);
    if (options !== false) chosen.push({ module, options: options ?? {} });
  }
  for (const [name, options] of config.modules) {
    if (!name.includes("/") || options === false) continue;
    chosen.push({ module: await importModule(name), options });
  }
  return chosen;
}

/** A module of the operator's own: the default export of a file. */
async function importModule(path: string): Promise<AnyModule> {
  const { default: module } = (await import(pathToFileURL(path).href)) as {
    readonly default?: Partial<AnyModule>;
  };
  if (typeof module?.name === "string" && typeof module.setup === "function") {
    return module as AnyModule;
  }
  throw new Error(`"${path}" has no module as its default export; make one with defineModule`);
}
