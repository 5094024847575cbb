import type { Jid } from "@rookery/protocol";
import type { AccountsConfig, AccountsInput, DomainAccounts } from "./auth.ts";
import type { LimitName, Limits } from "./limits.ts";

/** The configuration of a server, complete and checked; see {@link ConfigInput} for how it is written. */
export interface Config {
  /** At least one; the first is the main one. */
  readonly domains: readonly DomainConfig[];
  /** Absolute path of the data directory. */
  readonly data: string;
  readonly storage: StorageKind;
  readonly listen: ListenConfig;
  readonly web: WebConfig;
  readonly proxies: ProxiesConfig;
  readonly tls: TlsConfig;
  readonly auth: AuthConfig;
  readonly registration: RegistrationMode;
  /** External components (XEP-0114) by the domain they speak for. */
  readonly components: ReadonlyMap<string, ComponentConfig>;
  readonly limits: Limits;
  /** By name, or by absolute path for those of the operator; only what the configuration names. */
  readonly modules: ReadonlyMap<string, ModuleOptions | false>;
  /** Bare JIDs of accounts on the served domains. */
  readonly admins: readonly Jid[];
  readonly log: LogConfig;
}

export interface DomainConfig {
  /** Prepared as the domainpart of a JID (RFC 7622 §3.2). */
  readonly name: string;
  /** Absent: the server makes a certificate itself. */
  readonly tls?: TlsFiles | undefined;
  /** Its accounts, where they are not as `auth` says. */
  readonly auth?: DomainAccounts | undefined;
}

/** A domain as it is written. */
export interface DomainInput extends Omit<DomainConfig, "auth"> {
  readonly auth?: AccountsInput | undefined;
}

/** Absolute paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by those between it and the root. */
  readonly cert: string;
  /** The private key, not encrypted. */
  readonly key: string;
}

export type StorageKind = "memory" | "sqlite";

/** Where connections are accepted; an empty list means nowhere. */
export interface ListenConfig {
  /** Clients, with STARTTLS (RFC 6120 §5). */
  readonly c2s: readonly ListenAddress[];
  /** Clients, with TLS from the first byte (XEP-0368). */
  readonly c2sTls: readonly ListenAddress[];
  /** External components, in the clear (XEP-0114). */
  readonly component: readonly ListenAddress[];
  /** HTTP in the clear: for this machine, and for proxies that end TLS. */
  readonly http: readonly ListenAddress[];
  readonly https: readonly ListenAddress[];
}

export interface WebConfig {
  /** Where clients reach the web from outside, without a slash at its end. */
  readonly url?: string | undefined;
  /** Origins of which pages may connect, beside our own; `*` stands for all. */
  readonly origins: readonly string[];
}

/** Reverse proxies in front of the server. */
export interface ProxiesConfig {
  /** Addresses and networks (CIDR) that are believed about who their clients are. */
  readonly trusted: readonly string[];
  /** Listeners on which trusted addresses speak the PROXY protocol. */
  readonly protocol: readonly (keyof ListenConfig)[];
}

export interface ComponentConfig {
  /** What the component proves that it knows. */
  readonly secret: string;
}

export interface ListenAddress {
  /** An IP address or host name; absent: all addresses of the machine. */
  readonly host?: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

export interface AuthConfig extends AccountsConfig {
  /** Localparts that only administrators may make accounts of, prepared. */
  readonly reserved: readonly string[];
  readonly plainWithoutTls: boolean;
  readonly requireTls: boolean;
  readonly channelBinding: ChannelBindingOffer;
  readonly resourceConflict: ResourceConflict;
}

/** Whether mechanisms that bind the channel are offered: to all, to none, or where no known client fails. */
export type ChannelBindingOffer = "auto" | boolean;

/** What TLS connections of clients may be. */
export interface TlsConfig {
  readonly maxVersion: TlsVersion;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** Who may make an account: anyone, those who were invited, or administrators alone. */
export type RegistrationMode = "open" | "invite" | "closed";

/** RFC 6120 §7.7.2.2: what happens when a client asks for a resource that is connected. */
export type ResourceConflict = "replace" | "rename" | "refuse";

/** As written by the operator; the module reads it with its own schema. */
export interface ModuleOptions {
  readonly [option: string]: unknown;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogConfig {
  readonly level: LogLevel;
}

/** The configuration as `rookery.yaml` or a program writes it: what is left out has its default. */
export interface ConfigInput {
  readonly domains?: readonly DomainInput[] | undefined;
  readonly data?: string | undefined;
  readonly storage?: StorageKind | undefined;
  readonly listen?:
    | {
        readonly c2s?: ListenInput | undefined;
        readonly c2sTls?: ListenInput | undefined;
        readonly component?: ListenInput | undefined;
        readonly http?: ListenInput | undefined;
        readonly https?: ListenInput | undefined;
      }
    | undefined;
  readonly web?:
    | { readonly url?: string | undefined; readonly origins?: readonly string[] | undefined }
    | undefined;
  readonly proxies?:
    | {
        readonly trusted?: readonly string[] | undefined;
        readonly protocol?: readonly (keyof ListenConfig)[] | undefined;
      }
    | undefined;
  readonly tls?: { readonly maxVersion?: TlsVersion | undefined } | undefined;
  readonly auth?:
    | (AccountsInput & {
        readonly reserved?: readonly string[] | undefined;
        readonly plainWithoutTls?: boolean | undefined;
        readonly requireTls?: boolean | undefined;
        readonly channelBinding?: ChannelBindingOffer | undefined;
        readonly resourceConflict?: ResourceConflict | undefined;
      })
    | undefined;
  readonly registration?: RegistrationMode | undefined;
  readonly components?: { readonly [domain: string]: ComponentConfig } | undefined;
  readonly limits?: { readonly [name in LimitName]?: number | undefined } | undefined;
  /** Module name, or path of an own module, to its options; true: as it is by default; false: left out. */
  readonly modules?: { readonly [module: string]: ModuleOptions | boolean } | undefined;
  readonly admins?: readonly string[] | undefined;
  readonly log?: { readonly level?: LogLevel | undefined } | undefined;
}

/** A port, "host:port", a list of them, or false for nowhere. */
export type ListenInput = number | string | readonly (number | string)[] | false;
