import { type Jid, type Stanza, StanzaError } from "@rookery/protocol";
import { type AccountAdministration, HostAdministration } from "./account-administration.ts";
import { HostDevices } from "./accounts/devices.ts";
import { FastTokens } from "./accounts/fast-tokens.ts";
import type { HostAccounts } from "./accounts/host-accounts.ts";
import type { Clock, Random } from "./clock.ts";
import type { Limits } from "./config/limits.ts";
import { type AnyHook, Hooks, type Maybe } from "./hooks.ts";
import type { AnyModule, Host, ModuleRef } from "./host.ts";
import type { HttpRouter } from "./http/router.ts";
import type { WebUrls } from "./http/web-urls.ts";
import {
  type AccountChange,
  accountChanged,
  messageHanded,
  messagesLeft,
  messagesTaken,
  sessionHibernates,
  sessionResumed,
} from "./im/contract.ts";
import { ruleGuests } from "./im/guest-rules.ts";
import { InstantMessaging } from "./im/instant-messaging.ts";
import { IqHandlers, notOffered } from "./iq.ts";
import type { Log } from "./log.ts";
import { ModuleLoader, type ModuleScope } from "./module-loader.ts";
import { Administrators } from "./registration/administrators.ts";
import type { RegistrationPolicy } from "./registration/policy.ts";
import { RegistrationRate } from "./registration/rate.ts";
import type { Router } from "./router.ts";
import { ServiceDomain } from "./service-domain.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionTable } from "./sessions/table.ts";
import type { Storage } from "./storage/api.ts";
import type { DataDirectory } from "./storage/data-directory.ts";
import { type ModuleFolder, openModuleFolder } from "./storage/module-folder.ts";

/** What the hosts of a server share. */
export interface HostServices {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly storage: Storage;
  /** Where files are kept; undefined if nothing outlasts the server. */
  readonly directory?: DataDirectory | undefined;
  readonly http: HttpRouter;
  readonly webUrls: WebUrls;
  /** Who administers the server; who is stored as such if left out. */
  readonly administrators?: Administrators;
  /** Nobody registers if left out. */
  readonly registration?: RegistrationPolicy;
  /** True for a domain of this server. */
  readonly isLocal: (domain: string) => boolean;
  /** The external components below a domain that are connected. */
  readonly connectedComponents: (domain: string) => readonly Jid[];
}

interface HostParts {
  readonly accounts: HostAccounts;
  readonly hooks: Hooks;
  readonly iq: IqHandlers;
  readonly im: InstantMessaging;
  readonly administrators: Administrators;
  readonly tokens: FastTokens;
}

/** One served domain: its accounts, its hooks, its modules (RFC 6120 §10.5.1 to §10.5.4). */
export class VirtualHost {
  readonly domain: Jid;
  readonly accounts: HostAccounts;
  readonly administration: AccountAdministration;
  readonly hooks: Hooks;
  readonly modules: ModuleLoader;
  readonly im: InstantMessaging;
  /** What clients log in with that have logged in before (XEP-0484). */
  readonly tokens: FastTokens;
  readonly devices: HostDevices;
  readonly #services: HostServices;
  readonly #since: number;
  readonly #iq: IqHandlers;
  readonly #administrators: Administrators;
  readonly #features: FeatureCounts = { account: new Map(), host: new Map() };

  private constructor(domain: Jid, parts: HostParts, services: HostServices) {
    this.domain = domain;
    this.accounts = parts.accounts;
    this.hooks = parts.hooks;
    this.im = parts.im;
    this.tokens = parts.tokens;
    this.devices = new HostDevices(parts.tokens, services.sessions);
    this.#iq = parts.iq;
    this.#services = services;
    this.#administrators = parts.administrators;
    this.administration = new HostAdministration({
      domain,
      accounts: parts.accounts,
      sessions: services.sessions,
      administrators: parts.administrators,
      removeAccount: (account) => this.removeAccount(account),
      accountChanged: (change) => this.accountChanged(change),
    });
    const { guests } = parts.accounts;
    if (guests !== undefined) guests.remove = (guest) => this.removeAccount(guest);
    this.#since = services.clock.now();
    this.modules = new ModuleLoader((module, offerOf) => this.#scope(module, offerOf));
  }

  static async open(
    domain: Jid,
    accounts: HostAccounts,
    services: HostServices,
  ): Promise<VirtualHost> {
    const log = services.log.part(domain.toString());
    const hooks = new Hooks((hook, owner, error) =>
      log.error("a handler failed", { hook, owner, error }),
    );
    const iq = new IqHandlers(services.router);
    const im = await InstantMessaging.open({ ...services, log, hooks, iq, accounts });
    if (accounts.guests !== undefined) {
      const { guests } = accounts;
      const { sessions } = services;
      ruleGuests(hooks, { guests, sessions, domain: domain.domain, reach: guests.reach });
    }
    const administrators = services.administrators ?? (await Administrators.open(services.storage));
    const tokens = await FastTokens.open(domain, services);
    return new VirtualHost(domain, { accounts, hooks, iq, im, administrators, tokens }, services);
  }

  /** Takes what one of its sessions sends (RFC 6120 §8.1.1.1). */
  send(session: Session, stanza: Stanza): Maybe<void> {
    return this.#services.router.guard(stanza, (s) => this.im.send(session, s));
  }

  began(session: Session): void {
    this.im.began(session);
  }

  ended(session: Session): void {
    this.#services.sessions.remove(session);
    this.im.ended(session);
    const kept: string[] = [];
    for (const left of session.takeBack()) {
      if (left.kept !== undefined) kept.push(left.kept);
      else this.#giveBack(left.stanza());
    }
    if (kept.length > 0) this.hooks.emit(messagesLeft, { session, ids: kept });
  }

  /** What did not reach a session goes where it would have gone without it (XEP-0198 §4). */
  #giveBack(stanza: Stanza): void {
    const { router } = this.#services;
    const to = stanza.to as Jid;
    if (stanza.kind === "message") void router.guard(stanza, (s) => this.im.deliverAgain(s, to));
    else if (stanza.isRequest) router.refuse(stanza, notOffered(stanza));
  }

  /** A session that was restored has been handed these messages. */
  holds(session: Session, ids: readonly string[]): void {
    const account = session.jid.bare;
    const at = 0; // not known here; where they are kept it is
    for (const id of ids) {
      this.hooks.emit(messageHanded, { account, kept: { id, at }, sessions: [session] });
    }
  }

  /** The client of a session has these messages. */
  taken(session: Session, ids: readonly string[]): void {
    this.hooks.emit(messagesTaken, { session, ids });
  }

  hibernates(session: Session): void {
    this.hooks.emit(sessionHibernates, session);
  }

  resumed(session: Session): void {
    this.hooks.emit(sessionResumed, session);
  }

  /**
   * Removes an account with everything it owns, and everything between it and others.
   * @param account whose sessions have ended.
   * @throws AccountError if there is no such account.
   */
  async removeAccount(account: Jid): Promise<void> {
    await this.im.removeAccount(account, () => this.accounts.remove(account));
    this.#administrators.removed(account);
  }

  /** What its streams and tokens were opened by counts no more: ends them. */
  async accountChanged(change: AccountChange): Promise<void> {
    // streams first: one that has just logged in is given no token any more
    this.hooks.emit(accountChanged, change);
    await this.devices.revokeAll(change.account, change.by);
  }

  /** True if the account of a JID administers the server. */
  isAdmin(jid: Jid): boolean {
    return this.#administrators.has(jid);
  }

  /** Takes a stanza addressed to the domain or to an account of it. @throws StanzaError */
  deliver(stanza: Stanza): Maybe<void> {
    const to = stanza.to as Jid;
    if (to.local !== "") return this.im.deliver(stanza, to);
    if (stanza.isRequest) {
      const session = this.#services.sessions.get(stanza.from);
      return this.#iq.answer(stanza, ["host"], this.domain, session);
    }
    if (stanza.kind === "message" && stanza.type !== "error" && stanza.type !== "headline") {
      throw new StanzaError("service-unavailable", `${to} takes no messages`);
    }
  }

  /** Features announced by modules, each once. */
  features(target: "account" | "host"): string[] {
    return [...this.#features[target].keys()];
  }

  #scope(module: AnyModule, offerOf: (ref: ModuleRef<unknown>) => unknown): ModuleScope {
    const { clock, random, limits, router, sessions, storage, http } = this.#services;
    const { hooks, domain, accounts, administration } = this;
    const undo: Set<() => void> = new Set();
    const abort = new AbortController();
    let folder: ModuleFolder | undefined;
    const host: Host = {
      domain,
      since: this.#since,
      accounts,
      administration,
      devices: this.devices,
      isAdmin: (jid) => this.isAdmin(jid),
      isConfiguredAdmin: (jid) => this.#administrators.isConfigured(jid),
      registration: this.#services.registration ?? closed(clock, limits),
      befriend: (one, other) => this.im.befriend(one, other),
      clock,
      random,
      limits,
      sessions,
      log: this.#services.log.part(module.name),
      signal: abort.signal,
      on: (hook: AnyHook, ...rest: readonly unknown[]) => {
        const [phase, handler] = rest.length === 2 ? rest : ["", rest[0]];
        undo.add(
          hooks.add(hook, phase as string, module.name, handler as (event: never) => unknown),
        );
      },
      run: (hook, event) => hooks.run(hook, event),
      gather: (hook, event) => hooks.gather(hook, event),
      emit: (hook, event) => hooks.emit(hook, event),
      iq: (target, type, codec, handler) => {
        undo.add(this.#iq.add(target, type, codec, handler));
      },
      feature: (target, ...namespaces) => {
        for (const ns of namespaces) undo.add(count(this.#features[target], ns));
      },
      http: (method, path, handler, options) => {
        const asked = options?.everyDomain === true ? undefined : domain.domain;
        undo.add(http.add(asked, method, path, handler, options));
      },
      webUrl: (path) => {
        const { webUrls } = this.#services;
        return webUrls.served ? webUrls.url(domain.domain, path) : undefined;
      },
      service: (name) => {
        if (this.#services.isLocal(name.domain) || router.isClaimed(name.domain)) return undefined;
        const service = new ServiceDomain(name, router, sessions);
        undo.add(router.claim(name.domain, service));
        return service;
      },
      components: () => this.#services.connectedComponents(domain.domain),
      features: (target) => this.features(target),
      mapStore: (spec) => storage.map(checkName(spec, module)),
      logStore: (spec) => storage.log(checkName(spec, module)),
      batch: (writes) => storage.batch(writes),
      folder: () => {
        folder ??= openModuleFolder(this.#services.directory, module.name, domain.domain);
        return folder.path;
      },
      send: (stanza) => router.route(stanza),
      refuse: (stanza, error) => router.refuse(stanza, error),
      maySeePresence: (account, asker) => this.im.maySeePresence(account, asker),
      roster: (account) => this.im.rosters.get(account),
      hidePresence: (account, from) => this.im.visibility.hide(account, from),
      showPresence: (account, to) => this.im.visibility.show(account, to),
      after: (ms, action) => {
        const cancel = (): void => timer.cancel();
        const timer = clock.after(ms, () => {
          undo.delete(cancel);
          action();
        });
        undo.add(cancel);
      },
      use: <A>(ref: ModuleRef<A>) => offerOf(ref) as A,
    };
    return {
      host,
      undo: () => {
        abort.abort();
        for (const action of [...undo].toReversed()) action();
        folder?.close();
      },
    };
  }
}

/** Nobody makes accounts but administrators. */
function closed(clock: Clock, limits: Limits): RegistrationPolicy {
  return { mode: "closed", rate: new RegistrationRate(clock, limits), isReserved: () => true };
}

interface FeatureCounts {
  readonly account: Map<string, number>;
  readonly host: Map<string, number>;
}

/** Adds one to a count; the returned function takes it away again. */
function count(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return () => {
    const left = (counts.get(key) ?? 0) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
}

/** Stores of different modules never meet. */
function checkName<S extends { readonly name: string }>(spec: S, module: AnyModule): S {
  if (spec.name.startsWith(`${module.name}/`)) return spec;
  throw new Error(`the store "${spec.name}" must be named "${module.name}/…"`);
}
