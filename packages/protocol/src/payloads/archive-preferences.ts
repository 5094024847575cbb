/** Message Archive Management Preferences: XEP-0441 (0.2.0). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec, type Marker, marker } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { Jid } from "../jid.ts";
import { quoted } from "../reading.ts";
import { MAM_NS } from "./message-archive.ts";

/** What happens to messages of those in neither list; `roster` archives those of contacts. */
export type ArchiveDefault = "always" | "never" | "roster";

/** What an account wants archived (XEP-0441 §2). */
export interface ArchivePreferences {
  readonly default: ArchiveDefault;
  /** Whose messages are archived in any case; a bare JID stands for all its resources. */
  readonly always: readonly Jid[];
  /** Whose messages never are. */
  readonly never: readonly Jid[];
}

/** The `<prefs/>` of a request for them. */
export const archivePreferencesRequest: Codec<Marker> = marker(MAM_NS, "prefs");

/**
 * The `<prefs/>` of a set or an answer; a list that is missing is empty.
 *
 * @throws StanzaError `bad-request` without one of the three defaults, `jid-malformed`.
 */
export const archivePreferences: Codec<ArchivePreferences> = codec<ArchivePreferences>({
  ns: MAM_NS,
  name: "prefs",
  read: (prefs) => ({
    default: readDefault(prefs.attr("default")),
    always: readList(prefs, "always"),
    never: readList(prefs, "never"),
  }),
  write: (preferences) =>
    el(
      MAM_NS,
      "prefs",
      { default: preferences.default },
      writeList("always", preferences.always),
      writeList("never", preferences.never),
    ),
});

function readDefault(text: string | undefined): ArchiveDefault {
  if (text === "always" || text === "never" || text === "roster") return text;
  throw new StanzaError(
    "bad-request",
    `the default of <prefs/> is always, never or roster, not ${quoted(text ?? "")}`,
  );
}

/** The addresses, each once. */
function readList(prefs: Element, name: string): readonly Jid[] {
  const jids = new Map<string, Jid>();
  for (const list of prefs.elements(MAM_NS, name)) {
    for (const { text } of list.elements(MAM_NS, "jid")) {
      const jid = Jid.parse(text.trim());
      jids.set(jid.toString(), jid);
    }
  }
  return [...jids.values()];
}

function writeList(name: string, jids: readonly Jid[]): Element {
  return el(MAM_NS, name, {}, ...jids.map((jid) => el(MAM_NS, "jid", {}, jid.toString())));
}
