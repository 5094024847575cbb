/** Where the accounts of a domain come from, and what they log in with, complete and checked. */
export interface AccountsConfig {
  readonly accounts: AccountsKind;
  readonly ldap?: LdapConfig | undefined;
  readonly http?: HttpAuthConfig | undefined;
  readonly bearer?: BearerConfig | undefined;
  readonly certificates?: CertificatesConfig | undefined;
  readonly guests?: GuestsConfig | undefined;
}

/** Passwords are kept here, or looked after by a directory, or by a program behind a URL. */
export type AccountsKind = "internal" | "ldap" | "http";

/** What an external back end may cost, whatever it is. */
export interface BackendConfig {
  /** How long it may take to answer. */
  readonly timeoutSeconds: number;
  /** Requests to it at once. */
  readonly connections: number;
  /** How long it is believed that there is, or is not, an account; 0: asked each time. */
  readonly cacheSeconds: number;
  /** It may be reached without TLS. */
  readonly unencrypted: boolean;
}

export interface LdapConfig extends BackendConfig {
  /** ldap://host:389 or ldaps://host:636 */
  readonly url: string;
  readonly startTls: boolean;
  /** Absolute path of a PEM file; absent: the authorities of the system. */
  readonly ca?: string | undefined;
  /** The name of an account's entry, with {user} and {domain}; absent: it is searched for. */
  readonly userDn?: string | undefined;
  /** Who searches; absent: nobody in particular. */
  readonly bindDn?: string | undefined;
  readonly bindPassword?: string | undefined;
  readonly base?: string | undefined;
  readonly attribute: string;
  /** Absent: that `attribute` is the user name. */
  readonly filter?: string | undefined;
}

export interface HttpAuthConfig extends BackendConfig {
  /** Asked whether a password is right. */
  readonly url: string;
  /** Asked whether there is an account; absent: there is from its first login on. */
  readonly existsUrl?: string | undefined;
  readonly method: "POST" | "GET";
  /** Sent as a bearer token, so that the other end knows who asks. */
  readonly secret?: string | undefined;
}

export interface BearerConfig {
  /** As it stands in tokens; a URL. */
  readonly issuer: string;
  readonly audience: string;
  /** URL of the issuer's keys; absent: its metadata tells. */
  readonly jwks?: string | undefined;
  /** The claim that has the user name. */
  readonly claim: string;
  /** What clients are told to ask the issuer for. */
  readonly scope?: string | undefined;
  /** Makes an account of who has none yet. */
  readonly createAccounts: boolean;
  readonly clockSkewSeconds: number;
  /** How long keys of the issuer are believed. */
  readonly cacheSeconds: number;
  readonly timeoutSeconds: number;
}

export interface CertificatesConfig {
  /** Absolute path of a PEM file: who may say who a client is. */
  readonly ca: string;
  /** Take an e-mail address for an account if there is no XMPP address. */
  readonly email: boolean;
}

export interface GuestsConfig {
  readonly enabled: boolean;
  /** Domains that guests reach beside their own and those below it. */
  readonly reach: readonly string[];
}

/** What one domain says of its accounts. */
export type DomainAccounts = {
  readonly [K in keyof AccountsConfig]?: AccountsConfig[K] | undefined;
};

type Input<T, Optional extends keyof T> = Omit<T, Optional> & {
  readonly [key in Optional]?: T[key] | undefined;
};

/** What has a default in every back end. */
type BackendDefaults = keyof BackendConfig;

/** {@link AccountsConfig} as it is written: what is left out has its default. */
export interface AccountsInput {
  readonly accounts?: AccountsKind | undefined;
  readonly ldap?: Input<LdapConfig, BackendDefaults | "startTls" | "attribute"> | undefined;
  readonly http?: Input<HttpAuthConfig, BackendDefaults | "method"> | undefined;
  readonly bearer?:
    | Input<
        BearerConfig,
        "claim" | "createAccounts" | "clockSkewSeconds" | "cacheSeconds" | "timeoutSeconds"
      >
    | undefined;
  readonly certificates?: Input<CertificatesConfig, "email"> | undefined;
  readonly guests?: Input<GuestsConfig, "reach"> | undefined;
}

/** The accounts of one domain: what it says itself goes before what the server says of all. */
export function accountsOf(server: AccountsConfig, own: DomainAccounts = {}): AccountsConfig {
  return {
    accounts: own.accounts ?? server.accounts,
    ldap: own.ldap ?? server.ldap,
    http: own.http ?? server.http,
    bearer: own.bearer ?? server.bearer,
    certificates: own.certificates ?? server.certificates,
    guests: own.guests ?? server.guests,
  };
}
