/** What tests of a storage that fails share. */
import { Jid, Stanza } from "@rookery/protocol";
import { stanzaXml } from "@rookery/testkit";
import type { HostAccounts } from "../accounts/host-accounts.ts";
import { openAccounts } from "../accounts/open.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { resolveConfig } from "../config/resolve.ts";
import { HttpRouter } from "../http/router.ts";
import { WebUrls } from "../http/web-urls.ts";
import { silentLog } from "../log.ts";
import { Router } from "../router.ts";
import { Session } from "../sessions/session.ts";
import { SessionTable } from "../sessions/table.ts";
import { FailingDriver } from "../storage/failing-driver.test.ts";
import { storageOver } from "../storage/stores.ts";
import { VirtualHost } from "../virtual-host.ts";

/** Someone with a session but no stream. */
export interface Actor {
  readonly session: Session;
  readonly received: Stanza[];
  /** Sends stanzas in order; settles when the last is handled. */
  does(xml: string): Promise<void>;
}

/** A host without modules, and what it stands on. */
export interface FailingStage {
  readonly host: VirtualHost;
  readonly driver: FailingDriver;
  readonly accounts: HostAccounts;
  readonly login: (full: string) => Promise<Actor>;
  readonly turns: () => Promise<void>;
}

/** A host on a storage that can fail, with sessions but no streams. */
export async function failingStage(): Promise<FailingStage> {
  const driver = new FailingDriver();
  const storage = storageOver(driver);
  const domain = Jid.parse("example.org");
  const services = {
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
    limits: resolveConfig({}).limits,
    router: new Router(silentLog),
    sessions: new SessionTable(),
    storage,
    http: new HttpRouter(),
    webUrls: new WebUrls(resolveConfig({})),
    connectedComponents: () => [],
    isLocal: (name: string) => name === "example.org",
  };
  const accounts = await openAccounts(domain, { accounts: "internal" }, services);
  const host = await VirtualHost.open(domain, accounts, services);
  services.router.claim("example.org", host);
  return {
    host,
    driver,
    accounts,
    turns: () => new Promise((resolve) => setImmediate(resolve)),
    login: async (full) => {
      const received: Stanza[] = [];
      const session = new Session(Jid.parse(full), 0, {
        send: (stanza) => received.push(stanza),
        close: () => {},
        flushed: () => Promise.resolve(),
        maxQueuedBytes: 1_000_000,
        leftovers: () => [],
      });
      services.sessions.add(session);
      const does = async (xml: string): Promise<void> => {
        for (const element of stanzaXml(`<all>${xml}</all>`).elements()) {
          await host.send(session, Stanza.read(element, session.jid));
        }
      };
      return { session, received, does };
    },
  };
}
