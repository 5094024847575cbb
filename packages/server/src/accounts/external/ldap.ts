import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import { Jid } from "@rookery/protocol";
import {
  Client,
  ConstraintViolationError,
  type Entry,
  InappropriateAuthError,
  InvalidCredentialsError,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  UnwillingToPerformError,
} from "ldapts";
import type { LdapConfig } from "../../config/auth.ts";
import type { Backend } from "./backend.ts";
import { fillFilter, fillName, type TemplateValues } from "./ldap-names.ts";

/** How a directory says that a password is wrong, or that this one may not log in by a password. */
const REFUSALS = [
  InvalidCredentialsError,
  NoSuchObjectError,
  InvalidDNSyntaxError,
  InappropriateAuthError,
  ConstraintViolationError,
  UnwillingToPerformError,
] as const;

/** A directory (LDAP, RFC 4511) that knows users and their passwords. */
export class LdapBackend implements Backend {
  readonly title: string;
  readonly #domain: string;
  readonly #config: LdapConfig;
  readonly #ca: string | undefined;

  /** @param ca PEM; undefined for the authorities of the system. */
  constructor(domain: string, config: LdapConfig, ca: string | undefined) {
    this.title = `the directory ${config.url}`;
    this.#domain = domain;
    this.#config = config;
    this.#ca = ca;
  }

  /** Binds as the user (RFC 4513 §5.1.3). */
  async verify(username: string, password: string): Promise<boolean> {
    // RFC 4513 §5.1.2: with an empty password it would succeed, as nobody
    if (password === "") return false;
    return this.#connected(async (client) => {
      const found = await this.#find(client, username);
      // who is not there is tried all the same, so as to be answered no faster
      const right = await binds(client, found ?? this.#nobody(username), password);
      return right && found !== undefined;
    });
  }

  /** Absent where nobody may search: with a template of names, and no service account. */
  get exists(): ((username: string) => Promise<boolean>) | undefined {
    const { userDn, bindDn, base } = this.#config;
    if (userDn !== undefined && bindDn === undefined && base === undefined) return undefined;
    return (username) =>
      this.#connected(async (client) => {
        if (userDn === undefined) return (await this.#find(client, username)) !== undefined;
        await this.#bindAsService(client);
        return isEntry(client, fillName(userDn, this.#values(username)));
      });
  }

  /** The name of the entry of a user; undefined if there is none, or more than one. */
  async #find(client: Client, username: string): Promise<string | undefined> {
    const { userDn, base, attribute, filter = `(${attribute}={user})` } = this.#config;
    const values = this.#values(username);
    if (userDn !== undefined) return fillName(userDn, values);
    await this.#bindAsService(client);
    const { searchEntries } = await client.search(base ?? "", {
      scope: "sub",
      filter: fillFilter(filter, values),
      attributes: [attribute],
      sizeLimit: 2,
    });
    const [entry, ...others] = searchEntries;
    if (entry === undefined || others.length > 0) return undefined;
    // directories compare more loosely than XMPP: ß is ss to them, and would be another account here
    return namesOf(entry, attribute).includes(username) ? entry.dn : undefined;
  }

  async #bindAsService(client: Client): Promise<void> {
    const { bindDn, bindPassword } = this.#config;
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword);
  }

  /** An entry that is not there. */
  #nobody(username: string): string {
    const { attribute, base } = this.#config;
    return fillName(`${attribute}={user},${base ?? ""}`, this.#values(username));
  }

  #values(user: string): TemplateValues {
    return { user, domain: this.#domain };
  }

  async #connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { url, startTls, timeoutSeconds } = this.#config;
    const ms = timeoutSeconds * 1000;
    const host = new URL(url).hostname.replaceAll(/^\[|\]$/g, "");
    const tlsOptions = {
      host, // what its certificate has to be of
      ...(isIP(host) === 0 && { servername: host }),
      ...(this.#ca !== undefined && { ca: this.#ca }),
    };
    const client = new Client({
      url,
      timeout: ms,
      connectTimeout: ms,
      // a connection that is lost would be made anew by itself, without TLS
      createConnection: once(),
      ...(url.startsWith("ldaps:") && { tlsOptions }),
    });
    try {
      if (startTls) await client.startTLS(tlsOptions);
      return await work(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  }
}

async function binds(client: Client, name: string, password: string): Promise<boolean> {
  try {
    await client.bind(name, password);
    return true;
  } catch (error) {
    if (REFUSALS.some((refusal) => error instanceof refusal)) return false;
    throw error;
  }
}

async function isEntry(client: Client, name: string): Promise<boolean> {
  try {
    const { searchEntries } = await client.search(name, { scope: "base", attributes: ["1.1"] });
    return searchEntries.length > 0;
  } catch (error) {
    if (error instanceof NoSuchObjectError || error instanceof InvalidDNSyntaxError) return false;
    throw error;
  }
}

/** The user names of an entry, as localparts. */
function namesOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const values = key === undefined ? [] : [entry[key]].flat();
  return values.flatMap((value) => {
    if (typeof value !== "string") return [];
    const local = Jid.tryParse(`${value}@localhost`)?.local;
    return local === undefined || local === "" ? [] : [local];
  });
}

function once(): typeof connect {
  let made = false;
  return ((port: NetConnectOpts, ...rest: never[]): Socket => {
    if (made) throw new Error("the connection to the directory was lost");
    made = true;
    return connect(port, ...rest);
  }) as typeof connect;
}
