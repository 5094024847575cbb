import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../peers/support/child.ts";
import { within } from "../../peers/support/wait.ts";

/** The password of every account that tests make. */
export const PASSWORD = "pencil, and more";

const MAIN = fileURLToPath(import.meta.resolve("../../../packages/cli/src/main.ts"));
const START_MS = 20_000;

/** A server as its users start it, which serves `localhost` on a free port of the web. */
export class Served {
  /** As in `http://localhost:34567`. */
  readonly origin: string;
  /** The page of the first invitation, as it was printed. */
  readonly firstInvitation: string | undefined;
  /** The port of STARTTLS. */
  readonly c2s: number;
  /** The file with the certificate that clients have to trust. */
  readonly certificate: string;
  readonly #run: (args: readonly string[], onLine?: (line: string) => void) => Child;

  private constructor(
    folder: string,
    printed: readonly string[],
    run: (args: readonly string[], onLine?: (line: string) => void) => Child,
  ) {
    const told = (what: RegExp): string | undefined =>
      printed.map((line) => what.exec(line)?.[1]).find((found) => found !== undefined);
    this.origin = new URL(told(/^ {2}Web +(\S+)/) ?? "").origin;
    this.c2s = Number(told(/^ {2}Clients \(STARTTLS\) .*:(\d+)$/));
    this.firstInvitation = told(/^ {2}(\S+) {2}\(in a browser\)/);
    this.certificate = join(folder, "data/tls/localhost/cert.pem");
    this.#run = run;
  }

  /** @param config further keys of the configuration. */
  static async start(
    t: TestContext,
    config: { readonly [key: string]: unknown } = {},
  ): Promise<Served> {
    const folder = await mkdtemp(join(tmpdir(), "rookery-browser-"));
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const listen = { c2s: "127.0.0.1:0", c2sTls: false, https: false, http: "127.0.0.1:0" };
    const written = JSON.stringify({ data: "./data", listen, ...config }); // JSON is YAML
    await writeFile(join(folder, "rookery.yaml"), written);
    const { ROOKERY_DATA: _, ...env } = process.env;
    const run = (args: readonly string[], onLine?: (line: string) => void): Child =>
      new Child(t, [process.execPath, MAIN, ...args], {
        cwd: folder,
        env,
        ...(onLine && { onLine }),
      });
    const printed: string[] = [];
    const welcomed = Promise.withResolvers<void>();
    const server = run(["start"], (line) => {
      printed.push(line);
      if (line.includes("rookery user add")) welcomed.resolve();
    });
    void server.exited.then(() => welcomed.reject(server.error("ended instead of listening")));
    await within(START_MS, welcomed.promise, () => server.error("does not listen"));
    return new Served(folder, printed, run);
  }

  /** `rookery user add`, each with the same password. */
  async addUsers(...names: readonly string[]): Promise<void> {
    const command = this.#run(["user", "add", "--file", "-"]);
    command.end(names.map((name) => `${name}@localhost,"${PASSWORD}"\n`).join(""));
    await command.succeeded();
  }

  /** `rookery invite`; gives the page of the invitation. */
  async invite(...options: readonly string[]): Promise<string> {
    const printed: string[] = [];
    const command = this.#run(["invite", ...options], (line) => printed.push(line));
    command.end();
    await command.succeeded();
    const [url] = printed;
    if (url === undefined) throw command.error("prints no link");
    return url;
  }
}
