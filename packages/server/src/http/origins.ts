import type { Config } from "../config/config.ts";

/** Of which origins pages may talk to this server (RFC 6454). */
export class Origins {
  readonly #listed: ReadonlySet<string>;

  constructor({ web }: Pick<Config, "web">) {
    this.#listed = new Set([
      ...web.origins,
      ...(web.url === undefined ? [] : [new URL(web.url).origin]),
    ]);
  }

  /**
   * True for what is listed, for the origin that the request itself names, and for those without:
   * they come from no page, as browsers always tell.
   */
  permits(origin: string | undefined, asked: URL): boolean {
    if (origin === undefined || this.isListed(origin)) return true;
    return URL.parse(origin)?.host === asked.host;
  }

  /** True for what `web.origins` or `web.url` names. */
  isListed(origin: string): boolean {
    return this.#listed.has(origin) || this.#listed.has("*");
  }
}
