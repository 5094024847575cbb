/** What the tests of the web have in common: a server in memory that browsers can reach. */
import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { Jid } from "@rookery/protocol";
import {
  type ConfigInput,
  createServer,
  invitations,
  type MadeInvitation,
  type NewInvitation,
  type Server,
  type VirtualHost,
} from "@rookery/server";
import { VirtualClock } from "@rookery/testkit";
import { webModules } from "./index.ts";

export const ROMEO: Jid = Jid.parse("romeo@example.org");
export const JULIET: Jid = Jid.parse("juliet@example.org");

/** A request; what is left out is as a browser on this machine has it. */
export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Serves example.org. */
export class Stage implements AsyncDisposable {
  readonly server: Server;
  readonly clock: VirtualClock;

  private constructor(server: Server, clock: VirtualClock) {
    this.server = server;
    this.clock = clock;
  }

  static async start(config: ConfigInput = {}): Promise<Stage> {
    const clock = new VirtualClock();
    const server = await createServer(
      {
        domains: [{ name: "example.org" }],
        storage: "memory",
        listen: { c2s: false, c2sTls: false, https: false, http: "127.0.0.1:0" },
        ...config,
      },
      { clock, modules: webModules },
    );
    await server.listen();
    return new Stage(server, clock);
  }

  get host(): VirtualHost {
    return this.server.host("example.org");
  }

  get port(): number {
    return this.server.ports.http[0] ?? assert.fail("no port");
  }

  /** Makes an invitation; of the operator to make an account, if nothing else is said. */
  invite(wanted: Partial<NewInvitation> = {}): Promise<MadeInvitation> {
    const offered = this.host.modules.offer(invitations) ?? assert.fail("it is not loaded");
    return offered.create({ kind: "account", ...wanted });
  }

  async exists(account: string): Promise<boolean> {
    return this.host.accounts.exists(Jid.parse(account));
  }

  get(path: string, headers: { readonly [name: string]: string } = {}): Promise<Answered> {
    return this.ask({ path, headers });
  }

  /** Sends a form as a browser does from our own page. */
  post(
    path: string,
    fields: { readonly [name: string]: string },
    headers: { readonly [name: string]: string } = {},
  ): Promise<Answered> {
    return this.ask({
      method: "POST",
      path,
      headers: {
        origin: `http://localhost:${this.port}`,
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** Asks by hand, as no client of HTTP lets us name the host or keeps a path as it is. */
  ask({ method = "GET", path, headers = {}, body = "" }: Asked): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port: this.port,
        method,
        path,
        agent: false,
        headers: {
          host: `localhost:${this.port}`,
          ...(body !== "" && { "content-length": `${Buffer.byteLength(body)}` }),
          ...headers,
        },
      });
      asked.once("error", reject);
      asked.once("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const whole = Buffer.concat(chunks);
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: whole,
            text: whole.toString(),
          });
        });
      });
      asked.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** The tags of a page, without what stands in them: what no text may change. */
export function skeleton(page: string): string[] {
  return page.match(/<\/?[a-z0-9]+/gi) ?? [];
}
