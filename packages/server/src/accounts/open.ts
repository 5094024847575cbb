import { readFile } from "node:fs/promises";
import type { Jid } from "@rookery/protocol";
import type { Clock, Random } from "../clock.ts";
import type { AccountsConfig } from "../config/auth.ts";
import type { Limits } from "../config/limits.ts";
import type { Log } from "../log.ts";
import type { Storage } from "../storage/api.ts";
import { JwtVerifier } from "./bearer.ts";
import { ClientCertificates } from "./certificate.ts";
import { ExternalAccounts } from "./external/accounts.ts";
import { HttpBackend } from "./external/http.ts";
import { LdapBackend } from "./external/ldap.ts";
import { Guests } from "./guests.ts";
import { HostAccounts } from "./host-accounts.ts";
import { InternalAccounts } from "./internal.ts";
import { isReserved } from "./reserved.ts";
import { AccountStatuses } from "./status.ts";

/** A guest who binds no resource is gone after so long where `loginSeconds` says nothing. */
const GUEST_BIND_MS = 60_000;

export interface OpenAccountsServices {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Localparts that only administrators may make accounts of; those of the default if left out. */
  readonly reserved?: readonly string[];
  readonly limits: Pick<Limits, "guests" | "guestsPerAddress" | "loginSeconds">;
}

/**
 * The accounts of a domain as its configuration describes them. Nothing is asked of a back end before
 * somebody logs in.
 *
 * @throws Error for a file of the configuration that can not be read.
 */
export async function openAccounts(
  domain: Jid,
  config: AccountsConfig,
  services: OpenAccountsServices,
): Promise<HostAccounts> {
  const { storage, clock, limits } = services;
  const log = services.log.part("accounts").part(domain.toString());
  const internal = await InternalAccounts.open(domain, storage, services);
  const external = await openExternal(domain, config, { storage, clock, log });
  const { bearer, certificates, guests } = config;
  return new HostAccounts(domain, {
    storage,
    internal,
    external,
    statuses: await AccountStatuses.open(storage),
    bearer: bearer && new JwtVerifier(domain, bearer, { clock, log }),
    // names that speak for the domain are the administrators' to give, also where others give names
    bearerMakes: (username) =>
      bearer?.createAccounts === true && !isReserved(username, services.reserved),
    certificate: certificates && (await openCertificates(domain, certificates, clock)),
    guests: guests?.enabled
      ? await Guests.open(domain, {
          ...services,
          log,
          reach: guests.reach,
          most: limits.guests,
          mostPerAddress: limits.guestsPerAddress,
          bindMs: limits.loginSeconds * 1000 || GUEST_BIND_MS,
          isAccount: async (account) => (external ?? internal).exists(account),
        })
      : undefined,
  });
}

async function openExternal(
  domain: Jid,
  { accounts, ldap, http }: AccountsConfig,
  services: Pick<OpenAccountsServices, "storage" | "clock" | "log">,
): Promise<ExternalAccounts | undefined> {
  const name = domain.toString();
  if (accounts === "ldap" && ldap !== undefined) {
    const ca = ldap.ca === undefined ? undefined : await readPem(ldap.ca, "ldap.ca");
    return ExternalAccounts.open(new LdapBackend(name, ldap, ca), ldap, services);
  }
  if (accounts === "http" && http !== undefined) {
    return ExternalAccounts.open(new HttpBackend(name, http), http, services);
  }
  return undefined;
}

async function openCertificates(
  domain: Jid,
  { ca: file, email }: NonNullable<AccountsConfig["certificates"]>,
  clock: Clock,
): Promise<ClientCertificates> {
  const ca = await readPem(file, "certificates.ca");
  try {
    return new ClientCertificates({ domain, clock, ca, email });
  } catch (error) {
    throw new Error(`"${file}", auth.certificates.ca, can not be used: ${why(error)}`, {
      cause: error,
    });
  }
}

async function readPem(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`can not read "${file}", auth.${option}: ${why(error)}`, { cause: error });
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : "unknown reason";
}
