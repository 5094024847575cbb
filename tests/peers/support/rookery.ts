import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Child, type Exit } from "./child.ts";
import { within } from "./wait.ts";

/** The password of every account that tests make. */
export const PASSWORD = "pencil, and more";

const MAIN = fileURLToPath(import.meta.resolve("../../../packages/cli/src/main.ts"));
const START_MS = 20_000;
const STOP_MS = 15_000;

/** The ports of a running server. */
export interface Ports {
  /** For STARTTLS. */
  readonly c2s: number;
  /** For direct TLS. */
  readonly c2sTls: number;
  /** For external components, where there are any. */
  readonly component?: number | undefined;
  /** For WebSocket and BOSH, where the configuration says so. */
  readonly http?: number | undefined;
}

/** What the configuration says of external components. */
export interface ExternalComponents {
  /** The secret of each by its domain. */
  readonly secrets: { readonly [domain: string]: string };
  readonly limits?: { readonly [name: string]: number };
}

/**
 * A Rookery as its users run it: the command line, a configuration file, data of its own. It serves
 * `localhost`.
 */
export class Rookery {
  readonly #t: TestContext;
  readonly #folder: string;
  #server: Child | undefined = undefined;
  #ports: Ports = { c2s: 0, c2sTls: 0 };

  private constructor(t: TestContext, folder: string) {
    this.#t = t;
    this.#folder = folder;
  }

  /**
   * Starts a server that ends with the test.
   *
   * @param users local parts of accounts to make.
   * @param ports the ports to listen on; without them free ones.
   * @param external components that may connect.
   * @param config further keys of the configuration.
   */
  static async start(
    t: TestContext,
    users: readonly string[],
    ports?: Ports,
    external?: ExternalComponents,
    config: { readonly [key: string]: unknown } = {},
  ): Promise<Rookery> {
    const folder = await mkdtemp(join(tmpdir(), "rookery-peers-"));
    const rookery = new Rookery(t, folder);
    t.after(async () => {
      // hooks run in the order they were given, those of its processes after this one
      await rookery.#server?.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    });
    await rookery.#configure(ports ?? { c2s: 0, c2sTls: 0 }, external, config);
    await rookery.start();
    await rookery.addUsers(...users);
    return rookery;
  }

  get ports(): Ports {
    return this.#ports;
  }

  /** The file with the certificate that clients have to trust. */
  get certificate(): string {
    return join(this.#folder, "data/tls/localhost/cert.pem");
  }

  /** `rookery start`: returns when it listens. */
  async start(): Promise<void> {
    const listening = Promise.withResolvers<Ports>();
    const server = this.#run(["start"], (line) => {
      const ports = portsOf(line);
      if (ports !== undefined) listening.resolve(ports);
    });
    this.#server = server;
    void server.exited.then(() => listening.reject(server.error("ended instead of listening")));
    this.#ports = await within(START_MS, listening.promise, () => server.error("does not listen"));
  }

  /** Ends the server by a signal. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Exit> {
    const server = this.#server;
    if (server === undefined) throw new Error("the server does not run");
    this.#server = undefined;
    return within(STOP_MS, server.kill(signal), () => server.error(`goes on after ${signal}`));
  }

  /** `rookery user add`, many at once. */
  async addUsers(...users: readonly string[]): Promise<void> {
    if (users.length === 0) return;
    const command = this.#run(["user", "add", "--file", "-"]);
    command.end(users.map((user) => `${user}@localhost,"${PASSWORD}"\n`).join(""));
    await command.succeeded();
  }

  /** Runs any other command to its end; gives the lines it has printed. */
  async command(args: readonly [string, ...string[]], input = ""): Promise<readonly string[]> {
    const printed: string[] = [];
    const command = this.#run(args, undefined, (line) => printed.push(line));
    command.end(input);
    await command.succeeded();
    return printed;
  }

  #run(
    args: readonly string[],
    onErrorLine?: (line: string) => void,
    onLine?: (line: string) => void,
  ): Child {
    const { ROOKERY_DATA: _, ...env } = process.env;
    return new Child(this.#t, [process.execPath, MAIN, ...args, "-c", "rookery.yaml"], {
      cwd: this.#folder,
      env,
      ...(onErrorLine && { onErrorLine }),
      ...(onLine && { onLine }),
    });
  }

  async #configure(
    { c2s, c2sTls, component = 0 }: Ports,
    external: ExternalComponents | undefined,
    further: { readonly [key: string]: unknown },
  ): Promise<void> {
    const listen = {
      c2s: `127.0.0.1:${c2s}`,
      c2sTls: `127.0.0.1:${c2sTls}`,
      http: false,
      https: false,
    };
    const secrets = Object.entries(external?.secrets ?? {});
    const config = {
      domains: [{ name: "localhost" }],
      data: "./data",
      listen: external ? { ...listen, component: `127.0.0.1:${component}` } : listen,
      components: Object.fromEntries(secrets.map(([domain, secret]) => [domain, { secret }])),
      limits: external?.limits ?? {},
      ...further,
    };
    // JSON is YAML
    await writeFile(join(this.#folder, "rookery.yaml"), `${JSON.stringify(config, null, 2)}\n`);
  }
}

/** What the log line of a server that listens says. */
function portsOf(line: string): Ports | undefined {
  if (!line.startsWith("{") || !line.includes('"started"')) return undefined;
  const { ports } = JSON.parse(line) as {
    readonly ports?: {
      readonly [use in "c2s" | "c2sTls" | "component" | "http"]?: readonly number[];
    };
  };
  const [c2s] = ports?.c2s ?? [];
  const [c2sTls] = ports?.c2sTls ?? [];
  const [component] = ports?.component ?? [];
  const [http] = ports?.http ?? [];
  return c2s === undefined || c2sTls === undefined ? undefined : { c2s, c2sTls, component, http };
}
