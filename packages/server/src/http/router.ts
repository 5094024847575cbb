import { quoted } from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import { HttpError, type HttpReply } from "./reply.ts";
import type { HttpRequest } from "./request.ts";

/** Answers a request. @throws HttpError for what cannot be done; anything else is a fault of ours. */
export type HttpHandler = (request: HttpRequest) => Maybe<HttpReply>;

/** What is registered, in upper case. A handler for `GET` answers `HEAD` too; its body is not sent. */
export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How a handler is to be reached. */
export interface RouteOptions {
  /**
   * Scripts of which pages may ask and read the answer (CORS): those of our own origin alone
   * (`own`, the default), also those of `web.origins` (`configured`), or those of every page
   * (`any`). Never give `any` to what trusts a cookie or an address.
   */
  readonly cors?: Cors;
  /**
   * Requests to every domain of the server are answered, as `web.url` names one host for all of
   * them; the path has to tell which domain is meant. Default: to the module's own alone.
   */
  readonly everyDomain?: boolean;
}

export type Cors = "own" | "configured" | "any";

/** What answers a request. */
export interface Route {
  readonly handler: HttpHandler;
  readonly cors: Cors;
  /** What follows the path where that ends with `/`. */
  readonly rest: string;
}

/** The handlers of one path. */
interface Place {
  readonly byMethod: Map<string, { readonly handler: HttpHandler; readonly cors: Cors }>;
}

/** The handlers of one domain, or of all of them. */
interface Site {
  readonly exact: Map<string, Place>;
  /** Paths that end with `/`: these and all below. */
  readonly prefixes: Map<string, Place>;
}

/**
 * Finds who answers a request, by the domain that is asked, the path and the method. What one
 * domain has goes before what all have, an exact path before one that ends with `/`, and a longer
 * one of these before a shorter. `/` itself is exact.
 */
export class HttpRouter {
  readonly #sites: Map<string, Site> = new Map();

  /**
   * @param domain whose requests are meant; undefined for those of every domain.
   * @param path exact, or with a `/` at its end for all below it too; `/` alone is the front page.
   * @returns what takes the handler away again.
   * @throws Error if the path is none, or has a handler of this method.
   */
  add(
    domain: string | undefined,
    method: HttpMethod,
    path: string,
    handler: HttpHandler,
    { cors = "own" }: RouteOptions = {},
  ): () => void {
    if (!PATH.test(path))
      throw new Error(`${quoted(path)} is no path; it begins with "/" and has no query`);
    const site = this.#site(domain ?? "");
    const paths = isBranch(path) ? site.prefixes : site.exact;
    const place = paths.get(path) ?? { byMethod: new Map() };
    if (place.byMethod.has(method)) {
      throw new Error(`${method} ${path} has a handler already; take another path`);
    }
    const entry = { handler, cors };
    place.byMethod.set(method, entry);
    paths.set(path, place);
    return () => {
      if (place.byMethod.get(method) !== entry) return;
      place.byMethod.delete(method);
      if (place.byMethod.size === 0) paths.delete(path);
    };
  }

  /**
   * Who answers.
   * @throws HttpError 404 for a path that nothing has, 405 (with `allow`) for another method.
   */
  find(domain: string, method: string, path: string): Route {
    const { place, rest } = this.#place(domain, path);
    const asked = method === "HEAD" ? "GET" : method;
    const entry = place.byMethod.get(asked);
    if (entry !== undefined) return { ...entry, rest };
    const allow = allowed(place).join(", ");
    throw new HttpError(405, `${method} is not possible here; use ${allow}`, { allow });
  }

  /** Which methods a path has, and how open it is to scripts of other origins. @throws HttpError 404 */
  options(domain: string, path: string): { readonly methods: readonly string[]; cors: Cors } {
    const { place } = this.#place(domain, path);
    let cors: Cors = "own";
    for (const entry of place.byMethod.values()) {
      if (OPENNESS[entry.cors] > OPENNESS[cors]) cors = entry.cors;
    }
    return { methods: allowed(place), cors };
  }

  /** True if something answers at a path. */
  has(domain: string, path: string): boolean {
    return this.#find(domain, path) !== undefined;
  }

  #site(domain: string): Site {
    let site = this.#sites.get(domain);
    if (site === undefined) {
      site = { exact: new Map(), prefixes: new Map() };
      this.#sites.set(domain, site);
    }
    return site;
  }

  #place(domain: string, path: string): Found {
    const found = this.#find(domain, path);
    if (found !== undefined) return found;
    throw new HttpError(404, "there is nothing at this address");
  }

  #find(domain: string, path: string): Found | undefined {
    for (const name of [domain, ""]) {
      const place = this.#sites.get(name)?.exact.get(path);
      if (place !== undefined) return { place, rest: "" };
    }
    let found: Found | undefined;
    let length = 0;
    for (const name of [domain, ""]) {
      for (const [prefix, place] of this.#sites.get(name)?.prefixes ?? []) {
        if (prefix.length <= length || !path.startsWith(prefix)) continue;
        length = prefix.length;
        found = { place, rest: path.slice(length) };
      }
    }
    return found;
  }
}

interface Found {
  readonly place: Place;
  readonly rest: string;
}

/** The front page is a page, and not everything that there is. */
function isBranch(path: string): boolean {
  return path.endsWith("/") && path !== "/";
}

/** No query, no fragment, nothing that the parser of addresses would write otherwise. */
const PATH = /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/u;

const OPENNESS: { readonly [cors in Cors]: number } = { own: 0, configured: 1, any: 2 };

function allowed({ byMethod }: Place): string[] {
  return [...byMethod.keys(), ...(byMethod.has("GET") ? ["HEAD"] : []), "OPTIONS"];
}
