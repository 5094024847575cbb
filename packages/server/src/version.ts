import { readFileSync } from "node:fs";

/** The version of this server, from its manifest. */
export const VERSION: string = versionIn(new URL("../package.json", import.meta.url));

function versionIn(manifest: URL): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
}
