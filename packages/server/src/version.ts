import manifest from "../package.json" with { type: "json" };

/** The version of this server, from its manifest. */
export const VERSION: string = manifest.version;
