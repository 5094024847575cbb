/** Software Version: XEP-0092 (1.1). */
import { el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { requiredText } from "../reading.ts";

const VERSION_NS = "jabber:iq:version";

/** What software an entity is. */
export interface SoftwareVersion {
  readonly name: string;
  readonly version: string;
  /** The operating system; its owner must be able to keep it secret (XEP-0092 §5). */
  readonly os?: string | undefined;
}

/** The `<query/>` of a request. */
export const versionRequest: Codec<Marker> = marker(VERSION_NS, "query");

/** The `<query/>` of an answer. @throws StanzaError `bad-request` without a name and a version. */
export const softwareVersion: Codec<SoftwareVersion> = codec<SoftwareVersion>({
  ns: VERSION_NS,
  name: "query",
  read: (query) => ({
    name: requiredText(query, "name"),
    version: requiredText(query, "version"),
    os: query.child(VERSION_NS, "os")?.text,
  }),
  write: ({ name, version, os }) =>
    el(
      VERSION_NS,
      "query",
      {},
      el(VERSION_NS, "name", {}, name),
      el(VERSION_NS, "version", {}, version),
      os === undefined ? undefined : el(VERSION_NS, "os", {}, os),
    ),
});
