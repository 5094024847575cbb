import type { HttpAuthConfig } from "../../config/auth.ts";
import type { Backend } from "./backend.ts";
import { ask } from "./fetch.ts";

/** Far more than "true" needs. */
const ANSWER_BYTES = 65_536;
const NO = new Set([401, 403, 404]);

/**
 * A program behind a URL that knows passwords. It is asked with `user`, `domain` and `password`, and
 * says yes by 204, or by 200 with the body `true`, and no by 401, 403 or 404, or by 200 with the
 * body `false`. Whatever else comes, such as the page of a proxy, means that it can not be told now.
 */
export class HttpBackend implements Backend {
  readonly title: string;
  readonly #domain: string;
  readonly #config: HttpAuthConfig;

  constructor(domain: string, config: HttpAuthConfig) {
    this.title = `the program at ${new URL(config.url).origin}`;
    this.#domain = domain;
    this.#config = config;
  }

  verify(user: string, password: string): Promise<boolean> {
    return this.#ask(this.#config.url, { user, domain: this.#domain, password });
  }

  /** Absent where no URL is named for it. */
  get exists(): ((username: string) => Promise<boolean>) | undefined {
    const { existsUrl } = this.#config;
    if (existsUrl === undefined) return undefined;
    return (user) => this.#ask(existsUrl, { user, domain: this.#domain });
  }

  async #ask(address: string, values: Readonly<Record<string, string>>): Promise<boolean> {
    const { method, secret, timeoutSeconds } = this.#config;
    const url = new URL(address);
    const form = new URLSearchParams(values);
    if (method === "GET") for (const [name, value] of form) url.searchParams.set(name, value);
    const { status, text } = await ask(url, {
      method,
      timeoutMs: timeoutSeconds * 1000,
      maxBytes: ANSWER_BYTES,
      ...(method === "POST" && { body: form }),
      ...(secret !== undefined && { headers: { authorization: `Bearer ${secret}` } }),
    });
    if (status === 204) return true;
    if (status === 200 && /^\s*(true|false)\s*$/.test(text)) return text.includes("true");
    if (NO.has(status)) return false;
    throw new Error(`it answered with the status ${status} and neither true nor false`);
  }
}
