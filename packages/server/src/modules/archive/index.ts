/**
 * Message Archive Management: XEP-0313 (1.1.3), the archives of accounts; with preferences by
 * XEP-0441 (0.2.0), full-text search by XEP-0431 (0.2.0), stanza-ids by XEP-0359 (0.7.0), hints by
 * XEP-0334 (1.0.0), and tombstones by XEP-0424 (0.4.2).
 */
import {
  archiveFormQuery,
  archiveMetadataRequest,
  archivePreferences,
  archivePreferencesRequest,
  archiveQuery,
  MAM_NS,
  RETRACT_NS,
  STANZA_ID_NS,
} from "@rookery/protocol";
import { durationMs } from "../../duration.ts";
import { defineModule, type Module } from "../../host.ts";
import { accountRemoved, archivedMessages, messageFlow, messageSent } from "../../im/contract.ts";
import { bindInline } from "../../streams/feature.ts";
import { keptMessages } from "./kept.ts";
import { type ArchiveOptions, options } from "./options.ts";
import { setPreferences, tellPreferences } from "./preference-requests.ts";
import { Preferences } from "./preferences.ts";
import { Queries } from "./queries.ts";
import { Recorder } from "./recorder.ts";
import { Retention } from "./retention.ts";
import { Retractions } from "./retractions.ts";
import { archiveSpec } from "./store.ts";

const FULLTEXT_NS = "urn:xmpp:fulltext:0";

export const archiveModule: Module<ArchiveOptions, void> = defineModule({
  name: "archive",
  implements: [
    { xep: 313, version: "1.1.3", status: "complete" },
    { xep: 334, version: "1.0.0", status: "complete" },
    { xep: 359, version: "0.7.0", status: "complete" },
    { xep: 424, version: "0.4.2", status: "complete" },
    { xep: 431, version: "0.2.0", status: "complete" },
    { xep: 441, version: "0.2.0", status: "complete" },
  ],
  options,

  async setup(host, chosen) {
    const { search, messages } = chosen;
    const store = await host.logStore(archiveSpec(search));
    const preferences = await Preferences.open(host, { unset: chosen.default });
    const retention = new Retention(host, store, { keepMs: durationMs(chosen.keep), messages });
    const retractions = new Retractions(host, store);
    const recorder = new Recorder(host, {
      store,
      preferences,
      search,
      recorded(message) {
        for (const { owner } of message.owners) retention.added(owner);
        retractions.recorded(message);
      },
    });

    const queries = new Queries(host, store, search);
    host.feature("account", MAM_NS, `${MAM_NS}#extended`, `${MAM_NS}#groupchat-field`);
    if (search) host.feature("account", FULLTEXT_NS);
    host.iq("own", "set", archiveQuery, (request) => queries.query(request));
    host.iq("own", "get", archiveFormQuery, (request) => queries.form(request));
    host.iq("own", "get", archiveMetadataRequest, ({ account }) => queries.metadata(account));
    host.iq("own", "get", archivePreferencesRequest, (request) =>
      tellPreferences(preferences, request),
    );
    host.iq("own", "set", archivePreferences, (request) =>
      setPreferences(preferences, host.limits, request),
    );

    host.on(bindInline, () => [{ ns: MAM_NS, tell: (session) => queries.greet(session) }]);

    host.feature("account", STANZA_ID_NS, RETRACT_NS, `${RETRACT_NS}#tombstone`);
    host.on(messageFlow, "record", (event) =>
      event.direction === "sent" ? recorder.sent(event) : recorder.received(event),
    );
    host.on(messageSent, (event) => recorder.handedOn(event));
    host.on(archivedMessages, "answer", (query) => keptMessages(store, query));
    host.on(accountRemoved, (account) => {
      preferences.forget(account);
      retention.forget(account);
    });
  },
});
