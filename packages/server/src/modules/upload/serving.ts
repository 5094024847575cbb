import { Readable } from "node:stream";
import type { Host } from "../../host.ts";
import { HttpError, type HttpReply, type ReplyHeaders } from "../../http/reply.ts";
import type { HttpRequest } from "../../http/request.ts";
import { contentDisposition, readPathPart } from "./file-names.ts";
import { type Folder, isId } from "./folder.ts";
import { isShown, toldType } from "./media-types.ts";
import { mayResume, precondition } from "./preconditions.ts";
import { rangeOf } from "./ranges.ts";
import type { FileRecord, Place, Records } from "./records.ts";

/** Browsers ask again after a day at the latest, as files go. */
const MAX_AGE_SECONDS = 86_400;

/** Nothing of a file runs, nor is anything loaded for it (XEP-0363 §9.1). */
const POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";
/** A browser that shows nothing but the film or the song loads it into a page of its own making. */
const SHOWN_POLICY =
  "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; sandbox";

/** Gives uploaded files to whoever knows their addresses (XEP-0363 §2). */
export class Serving {
  readonly #host: Host;
  readonly #records: Records;
  readonly #folder: Folder;

  constructor(host: Host, records: Records, folder: Folder) {
    this.#host = host;
    this.#records = records;
    this.#folder = folder;
  }

  /**
   * Answers GET and HEAD.
   * @throws HttpError 404 for what is not there, not whole yet, or not there any more.
   */
  async get(request: HttpRequest): Promise<HttpReply> {
    const found = await this.#find(request.rest);
    const handle = found && (await this.#folder.read(found));
    if (found === undefined || handle === undefined) {
      throw new HttpError(404, "there is no such file, or it is not kept any more");
    }
    const { size } = found.file;
    const { status, headers, range } = this.#answer(request, found);
    const sent = range ?? { first: 0, last: size - 1 };
    if (status === 200 || status === 206) {
      const length = { "content-length": sent.last - sent.first + 1 };
      if (request.method !== "HEAD") {
        const body = handle.createReadStream({ start: sent.first, end: sent.last });
        return { status, headers: { ...headers, ...length }, body };
      }
      await handle.close();
      return { status, headers: { ...headers, ...length }, body: Readable.from([]) };
    }
    await handle.close();
    return { status, headers };
  }

  async #find(rest: string): Promise<(Place & { readonly file: FileRecord }) | undefined> {
    const [id = "", name = "", ...more] = rest.split("/");
    if (!isId(id) || more.length > 0) return undefined;
    const found = await this.#records.find(id);
    return found !== undefined && readPathPart(name) === found.file.name ? found : undefined;
  }

  #answer(
    { headers: asked, method }: HttpRequest,
    { id, file }: Place & { file: FileRecord },
  ): {
    readonly status: number;
    readonly headers: ReplyHeaders;
    readonly range?: { readonly first: number; readonly last: number };
  } {
    const validators = { etag: `"${id}"`, modified: file.at };
    const headers = this.#headers(file, validators.etag);
    const status = precondition(asked, validators);
    if (status !== undefined) return { status, headers };
    // RFC 9110 §14.2: a range counts for GET alone
    const range =
      method === "GET" && mayResume(asked, validators)
        ? rangeOf(asked.range, file.size)
        : undefined;
    if (range === undefined) return { status: 200, headers };
    if (range === "unsatisfiable") {
      return { status: 416, headers: { ...headers, "content-range": `bytes */${file.size}` } };
    }
    const part = `bytes ${range.first}-${range.last}/${file.size}`;
    return { status: 206, headers: { ...headers, "content-range": part }, range };
  }

  #headers({ type, name, at, expires }: FileRecord, etag: string): ReplyHeaders {
    const shown = isShown(type);
    const left = expires === undefined ? Infinity : (expires - this.#host.clock.now()) / 1000;
    const age = Math.max(0, Math.floor(Math.min(MAX_AGE_SECONDS, left)));
    return {
      "content-type": toldType(type),
      "content-disposition": contentDisposition(name, shown),
      "content-security-policy": shown ? SHOWN_POLICY : POLICY,
      "cache-control": `private, max-age=${age}, immutable`,
      "accept-ranges": "bytes",
      "access-control-expose-headers": "accept-ranges, content-disposition, content-range, etag",
      etag,
      "last-modified": new Date(at).toUTCString(),
    };
  }
}
