/** Last Activity: XEP-0012 (2.0). */
import {
  type Jid,
  lastActivity,
  lastActivityRequest,
  type Stanza,
  StanzaError,
  status,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import { defineModule, type Host, type Module, type NoOptions } from "../../host.ts";
import { type IqEvent, iqFlow, presenceFlow, sessionEnded } from "../../im/contract.ts";
import type { MapSpec, MapStore } from "../../storage/api.ts";

/** When an account was last seen, and what it said then. */
interface Seen {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: string;
}

const seen: MapSpec<Seen> = {
  shape: "map",
  name: "last-activity/seen",
  version: 1,
  codec: {
    encode: ({ at, status }) => JSON.stringify([at, status]),
    decode(text) {
      const [at, status] = JSON.parse(text) as [number, string];
      return { at, status };
    },
  },
};

const KEY = "last";
/** UTF-16 code units; a status is a line for people, and nobody's is kept that fills the disk. */
const STATUS_LENGTH = 1024;

export const lastActivityModule: Module<NoOptions, void> = defineModule({
  name: "last-activity",
  implements: [{ xep: 12, version: "2.0", status: "complete" }],

  async setup(host) {
    const store = await host.mapStore(seen);
    host.feature("host", lastActivityRequest.ns);
    host.feature("account", lastActivityRequest.ns);
    host.on(iqFlow, "reject", (event) => refuseStranger(host, event));
    host.on(presenceFlow, "record", ({ direction, stanza, session }) => {
      const leaves = direction === "sent" && stanza.type === "unavailable" && !stanza.to;
      if (leaves && session?.available) remember(host, store, session.jid, statusOf(stanza));
    });
    host.on(sessionEnded, ({ jid, available }) => {
      if (available) remember(host, store, jid, ""); // gone without a word
    });
    host.iq("account", "get", lastActivityRequest, ({ account }) => answer(host, store, account));
    host.iq("host", "get", lastActivityRequest, () =>
      lastActivity.write({ seconds: secondsSince(host, host.since) }),
    );
  },
});

/**
 * Who may not see the presence of an account hears neither of it nor of its resources (§3, §4, §8),
 * and cannot tell it from an account that there is not.
 */
function refuseStranger(host: Host, { stanza, account, direction }: IqEvent): Maybe<void> {
  if (direction !== "received" || stanza.type !== "get") return;
  if (!stanza.has(lastActivityRequest.ns, lastActivityRequest.name)) return;
  return after(host.maySeePresence(account, stanza.from), (may) => {
    if (!may) throw new StanzaError("forbidden");
  });
}

function remember(host: Host, store: MapStore<Seen>, jid: Jid, text: string): void {
  const value: Seen = { at: host.clock.now(), status: text };
  store.put(jid.bare.toString(), KEY, value).catch((error: unknown) => {
    host.log.error("the time of the last activity could not be kept", { error });
  });
}

/**
 * Zero while a resource is available (§3). One that is connected and says nothing, or says that it
 * is unavailable, is not told of: nobody else sees it.
 */
async function answer(host: Host, store: MapStore<Seen>, account: Jid): Promise<Element> {
  const online = host.sessions.of(account).some(({ available }) => available);
  if (online) return lastActivity.write({ seconds: 0 });
  const last = await store.get(account.toString(), KEY);
  if (last === undefined) throw new StanzaError("item-not-found", "it has never been online");
  const { at, status } = last.value;
  return lastActivity.write({ seconds: secondsSince(host, at), status });
}

/** Whole seconds; the clock may have been set back. */
function secondsSince(host: Host, at: number): number {
  return Math.max(0, Math.floor((host.clock.now() - at) / 1000));
}

function statusOf(presence: Stanza): string {
  const text = status.in(presence)?.text ?? "";
  return text.slice(0, STATUS_LENGTH).replace(/[\ud800-\udbff]$/, ""); // no half of a character
}
