import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpError, type HttpReply, type HttpRequest } from "@rookery/server";
import { etagOf, isKnown } from "./etag.ts";

/** The part of the package `converse.js` that browsers load. */
const CONVERSE = new URL("./", import.meta.resolve("converse.js"));
const OWN = new URL("../../browser/", import.meta.url);
/** Everything but what is not for browsers, and what stands in the pages themselves. */
const OWN_FILES = /^(?!pages\.css$).*\.(?:css|js|svg|webmanifest)$/;

/** A file by the path it is asked for. */
interface Asset {
  readonly url: URL;
  readonly type: string;
  /** Filled when it is asked for the first time. */
  loaded: Promise<Loaded> | undefined;
}

interface Loaded {
  readonly etag: string;
  /** Only for what becomes smaller by it. */
  readonly gzipped: Uint8Array | undefined;
}

/**
 * The files of the chat. What is served is decided when the server starts: no path of a request ever
 * reaches the file system.
 */
export class Assets {
  /** Another one whenever any file may be another, so that browsers keep them for good. */
  readonly revision: string;
  readonly #files: ReadonlyMap<string, Asset>;

  private constructor(revision: string, files: ReadonlyMap<string, Asset>) {
    this.revision = revision;
    this.#files = files;
  }

  /** @throws Error if the files are not installed. */
  static find(): Assets {
    const files = new Map<string, Asset>();
    for (const path of pathsBelow(CONVERSE)) add(files, path, new URL(path, CONVERSE));
    const revision = createHash("sha256").update(
      readFileSync(new URL("../package.json", CONVERSE)),
    );
    for (const name of readdirSync(OWN)
      .filter((one) => OWN_FILES.test(one))
      .toSorted()) {
      const url = new URL(name, OWN);
      revision.update(readFileSync(url));
      add(files, name, url);
    }
    return new Assets(revision.digest("hex").slice(0, 16), files);
  }

  /** Answers a request for `<revision>/<path>`. @throws HttpError 404 for what is not there. */
  async reply({ rest, headers }: HttpRequest): Promise<HttpReply> {
    const slash = rest.indexOf("/");
    const asset = this.#files.get(rest.slice(slash + 1));
    if (slash < 0 || rest.slice(0, slash) !== this.revision || asset === undefined) {
      throw new HttpError(404, "there is nothing at this address; load the page again");
    }
    const { etag, gzipped } = await loaded(asset);
    const accepts = /\bgzip\b(?! *; *q=0(?:\.0*)?(?:,|$))/.test(headers["accept-encoding"] ?? "");
    const zipped = accepts ? gzipped : undefined;
    const own = zipped === undefined ? `"${etag}"` : `"${etag}-gzip"`;
    const described = {
      "cache-control": "public, max-age=31536000, immutable",
      etag: own,
      ...(gzipped && { vary: "accept-encoding" }),
    };
    if (isKnown(headers["if-none-match"], own)) return { status: 304, headers: described };
    return {
      status: 200,
      headers: {
        ...described,
        "content-type": asset.type,
        ...(zipped && { "content-encoding": "gzip" }),
      },
      body: zipped ?? (await readFile(asset.url)),
    };
  }
}

/** What a browser may ask for: neither sources and their maps, nor what is there twice. */
function pathsBelow(folder: URL): string[] {
  const root = fileURLToPath(folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !LEFT_OUT.test(entry.name))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll(sep, "/"));
}

const LEFT_OUT = /^(?:README|website\..*|converse\.(?:js|css)|manifest\.json|.*\.map)$/;

function add(files: Map<string, Asset>, path: string, url: URL): void {
  const type = TYPES.get(extname(path));
  if (type !== undefined) files.set(path, { url, type, loaded: undefined });
}

const TYPES: ReadonlyMap<string, string> = new Map([
  [".css", "text/css; charset=utf-8"],
  [".ico", "image/vnd.microsoft.icon"],
  [".js", "text/javascript; charset=utf-8"],
  [".json", "application/json"],
  [".mp3", "audio/mpeg"],
  [".ogg", "audio/ogg"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".ttf", "font/ttf"],
  [".wasm", "application/wasm"],
  [".webmanifest", "application/manifest+json"],
]);

function loaded(asset: Asset): Promise<Loaded> {
  asset.loaded ??= load(asset).catch((error: unknown) => {
    asset.loaded = undefined; // it may go better the next time
    throw error;
  });
  return asset.loaded;
}

/** The smaller form of a file is kept; the file itself is read when somebody wants it. */
async function load({ url, type }: Asset): Promise<Loaded> {
  const content = await readFile(url);
  const isPacked = /^(?:audio|image\/(?:png|vnd))/.test(type);
  const gzipped = isPacked ? undefined : await promisify(gzip)(content, { level: 9 });
  return { etag: etagOf(content), gzipped };
}
