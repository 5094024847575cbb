import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Child } from "./child.ts";
import type { Tls } from "./peer.ts";
import { PASSWORD, type Rookery } from "./rookery.ts";
import { within } from "./wait.ts";

const LINE_MS = 15_000;

/** What go-sendxmpp needs to know of whom it acts for. */
export interface GoUser {
  readonly rookery: Rookery;
  /** Bare. */
  readonly jid: string;
  readonly tls: Tls;
}

/** Sends one message by go-sendxmpp. */
export async function goSend(
  t: TestContext,
  user: GoUser,
  to: string,
  body: string,
): Promise<void> {
  const child = await run(t, user, [to]);
  child.end(body);
  await child.succeeded();
}

/** A go-sendxmpp that prints the messages it gets. */
export class GoListener {
  readonly #child: Child;
  readonly #lines: string[];
  #waiter: () => void = () => {};

  private constructor(child: Child, lines: string[]) {
    this.#child = child;
    this.#lines = lines;
  }

  static async start(t: TestContext, user: GoUser): Promise<GoListener> {
    const lines: string[] = [];
    const child = await run(t, user, ["--listen"], (line) => {
      lines.push(line);
      listener.#waiter();
    });
    const listener = new GoListener(child, lines);
    return listener;
  }

  /** The next line it prints: time, sender and text, or a further line of the text. */
  async line(): Promise<string> {
    if (this.#lines.length === 0) {
      const more = new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
      await within(LINE_MS, more, () => this.#child.error("got no message"));
    }
    return this.#lines.shift() as string;
  }

  async stop(): Promise<void> {
    await this.#child.kill("SIGTERM");
  }
}

/** With a home of its own, so that nobody's configuration is read. */
async function run(
  t: TestContext,
  { rookery, jid, tls }: GoUser,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<Child> {
  const home = await mkdtemp(join(tmpdir(), "rookery-go-sendxmpp-"));
  const { ports, certificate } = rookery;
  const how = tls === "direct" ? ["--tls"] : [];
  const port = tls === "direct" ? ports.c2sTls : ports.c2s;
  const who = ["-u", jid, "-p", PASSWORD, "-j", `localhost:${port}`];
  const child = new Child(t, ["go-sendxmpp", ...how, ...who, ...args], {
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      // these are the only ones it trusts then
      SSL_CERT_FILE: certificate,
      SSL_CERT_DIR: home,
    },
    ...(onLine && { onLine }),
  });
  t.after(() => rm(home, { recursive: true, force: true }));
  return child;
}
