import type { Codec, Jid, Stanza } from "@rookery/protocol";
import { z } from "zod";
import type { AccountAdministration } from "./account-administration.ts";
import type { AccountDirectory } from "./accounts/accounts.ts";
import type { Devices } from "./accounts/devices.ts";
import type { Clock, Random } from "./clock.ts";
import type { Limits } from "./config/limits.ts";
import type {
  Chain,
  ChainHandler,
  Collect,
  CollectHandler,
  Flow,
  FlowHandler,
  Maybe,
  Signal,
  SignalHandler,
} from "./hooks.ts";
import type { HttpHandler, HttpMethod, RouteOptions } from "./http/router.ts";
import type { Roster } from "./im/roster.ts";
import type { IqHandler, IqTarget } from "./iq.ts";
import type { Log } from "./log.ts";
import type { RegistrationPolicy } from "./registration/policy.ts";
import type { Service } from "./service-domain.ts";
import type { Session } from "./sessions/session.ts";
import type { LogSpec, LogStore, MapSpec, MapStore, Write } from "./storage/api.ts";

export type { Roster };

/** The sessions of accounts, as modules see them. */
export interface Sessions {
  of(account: Jid): readonly Session[];
  get(full: Jid): Session | undefined;
}

/**
 * What a module gets to work with: one served domain. All that is registered here is undone when
 * the module is unloaded.
 */
export interface Host {
  readonly domain: Jid;
  /** When the host was started, in milliseconds since 1970. */
  readonly since: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly sessions: Sessions;
  readonly accounts: AccountDirectory;
  /** For what acts in the name of an administrator; who that is, `isAdmin` tells. */
  readonly administration: AccountAdministration;
  /** The clients that log in without the password. */
  readonly devices: Devices;
  /** Aborted when the module is unloaded. */
  readonly signal: AbortSignal;

  /**
   * True if the account of a JID administers the server: by `admins` in the configuration, or because
   * it was made with an invitation for administrators.
   */
  isAdmin(jid: Jid): boolean;
  /** True for an address of `admins` in the configuration, whether there is such an account or not. */
  isConfiguredAdmin(jid: Jid): boolean;
  /** Who may make accounts, which, and how many. */
  readonly registration: RegistrationPolicy;

  /** Takes part in a hook; a phase is named where the hook has phases. */
  on<E, R, P extends string>(
    hook: Chain<E, R, P>,
    phase: NoInfer<P>,
    handler: ChainHandler<E, R>,
  ): void;
  on<E extends { readonly stanza: Stanza }, P extends string>(
    hook: Flow<E, P>,
    phase: NoInfer<P>,
    handler: FlowHandler<E>,
  ): void;
  on<E, T>(hook: Collect<E, T>, handler: CollectHandler<E, T>): void;
  on<E>(hook: Signal<E>, handler: SignalHandler<E>): void;

  /** Asks a hook of this module's own, or of a module it requires. */
  run<E, R, P extends string>(hook: Chain<E, R, P>, event: E): Maybe<R | undefined>;
  gather<E, T>(hook: Collect<E, T>, event: E): T[];
  emit<E>(hook: Signal<E>, event: E): void;

  /** Answers requests with this payload. */
  iq<T>(target: IqTarget, type: "get" | "set", codec: Codec<T>, handler: IqHandler<T>): void;
  /**
   * Answers requests of HTTP to this domain.
   * @param path exact, or with a `/` at its end for all below it too; `/` alone is the front page.
   * @throws Error if the path has a handler of this method already.
   * @example
   * host.http("GET", "/hello", () => text("hello"));
   */
  http(method: HttpMethod, path: string, handler: HttpHandler, options?: RouteOptions): void;
  /**
   * The address of a path for clients elsewhere: `web.url` of the configuration with the path, or
   * else what follows from the domain and the ports. To be asked when it is needed, as ports are
   * known once the server listens. Undefined where the configuration names no web at all.
   */
  webUrl(path: string): string | undefined;
  /**
   * Speaks for a domain of its own, below this one as a rule, until the module is unloaded.
   * @returns undefined if the server has given the domain to something else: a host or a component.
   */
  service(domain: Jid): Service | undefined;
  /** Announces features in the service discovery of the host or of its accounts (XEP-0030). */
  feature(target: "account" | "host", ...namespaces: readonly string[]): void;
  /** The external components below this domain that are connected. */
  components(): readonly Jid[];
  /** What is announced. */
  features(target: "account" | "host"): readonly string[];

  /** Opens a store; its name begins with the module's. */
  mapStore<T>(spec: MapSpec<T>): Promise<MapStore<T>>;
  logStore<T>(spec: LogSpec<T>): Promise<LogStore<T>>;
  /** Several writes in one commit. */
  batch(writes: readonly Write[]): Promise<void>;

  /**
   * The path of a folder for what is too large for a store: below the data directory, of this module
   * and this domain alone, for the user of the server only. Where storage is in memory, it is a
   * temporary one that goes when the module is unloaded.
   */
  folder(): string;

  /** Sends a stanza on its way. */
  send(stanza: Stanza): Maybe<void>;
  /** Answers a stanza with an error; one that is no `StanzaError` is told as an internal one. */
  refuse(stanza: Stanza, error: unknown): void;
  /**
   * True if the account shows its presence to the asker, or is the asker (RFC 6121 §3): what is
   * told of an account is mostly bound to this.
   */
  maySeePresence(account: Jid, asker: Jid): Maybe<boolean>;
  /** The roster of an account as it is now, to be used at once; it is in memory mostly. */
  roster(account: Jid): Maybe<Roster>;
  /**
   * Makes an account and others look offline to each other (XEP-0191 §3.3). An address stands for
   * all below it. To be called while they are not blocked yet.
   */
  hidePresence(account: Jid, from: readonly Jid[]): Maybe<void>;
  /** Makes them see each other again, as far as they are subscribed (XEP-0191 §3.4). */
  showPresence(account: Jid, to: readonly Jid[]): Maybe<void>;
  /**
   * Makes two accounts of this domain contacts who see each other's presence, as if each had asked
   * and the other had agreed (RFC 6121 §3). It settles after the commit.
   * @throws StanzaError `resource-constraint` if a roster is full.
   */
  befriend(one: Jid, other: Jid): Promise<void>;
  /** Calls `action` once after `ms` milliseconds, unless the module is unloaded before. */
  after(ms: number, action: () => void): void;
  /** What a required module offers. @throws Error if it is not listed in `requires`. */
  use<A>(module: ModuleRef<A>): A;
}

/** Names a module and carries the type of what it offers to others. */
export interface ModuleRef<A> {
  readonly name: string;
  readonly _?: A;
}

/** A specification that a module implements, for documentation and DOAP. */
export interface Implements {
  readonly xep: number;
  readonly version: string;
  readonly status: "complete" | "partial";
}

/** A feature of the server in a folder of its own. */
export interface Module<O, A> extends ModuleRef<A> {
  readonly implements: readonly Implements[];
  readonly requires: readonly ModuleRef<unknown>[];
  /** Its options in the configuration file, each with `.describe()`; strict. */
  readonly options: z.ZodType<O>;
  setup(host: Host, options: O): Maybe<A>;
}

/** A module of any options and offer, as the loader keeps it. */
export interface AnyModule extends ModuleRef<unknown> {
  readonly implements: readonly Implements[];
  readonly requires: readonly ModuleRef<unknown>[];
  readonly options: z.ZodType;
  setup(host: Host, options: never): Maybe<unknown>;
}

/** Makes a module; what is left out means none. */
export function defineModule<O = NoOptions, A = void>(
  spec: Pick<Module<O, A>, "name" | "implements" | "setup"> & Partial<Module<O, A>>,
): Module<O, A> {
  return { requires: [], options: noOptions as unknown as z.ZodType<O>, ...spec };
}

/** The options of a module that has none. */
export interface NoOptions {
  readonly [option: string]: never;
}

const noOptions = z.strictObject({});
