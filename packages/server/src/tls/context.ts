import type { X509Certificate } from "node:crypto";
import { constants } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext, type SecureVersion } from "node:tls";
import { domainToASCII } from "node:url";
import type { Clock, Random } from "../clock.ts";
import type { Config, DomainConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { CertificateError, type CheckedPair, checkPair } from "./certificate.ts";
import { selfMade } from "./self-made.ts";

/** What the certificates of a server are made from. */
export interface CertificatesOptions {
  readonly config: Pick<Config, "domains" | "data" | "storage"> &
    Partial<Pick<Config, "auth" | "tls">>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How a TLS connection is asked for. */
export interface TlsUse {
  /** The domain the client named before TLS (the `to` of its stream); SNI goes before it. */
  readonly domain?: string | undefined;
  /** The protocol of a port with TLS from the first byte; absent for STARTTLS, where ALPN plays no part. */
  readonly alpn?: "xmpp-client" | "xmpp-server" | "http/1.1";
  /** Clients of XMPP may log in by a certificate, and are asked for one where that is of use. */
  readonly clients?: boolean;
}

/** Goes into `new TLSSocket(socket, { isServer: true, ...options })` and `tls.createServer(options)`. */
export interface TlsServerOptions {
  readonly secureContext: SecureContext;
  readonly SNICallback: (
    name: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void;
  readonly requestCert: boolean;
  /** Who has none, or one that nobody vouches for, logs in by other means: accounts look at it. */
  readonly rejectUnauthorized: false;
  readonly ALPNProtocols?: Uint8Array;
}

/** Kept for a day: so long may a client come back with a session ticket instead of a handshake. */
const TICKET_SECONDS = 86_400;

/** RFC 9325 §4.2: forward secrecy and authenticated encryption only; AES-128 first, as it costs least. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Characters of a DNS name (RFC 1035 §2.3.4). */
const MAX_NAME = 253;

interface Loaded {
  readonly domain: string;
  readonly pair: CheckedPair;
  /** Who may say who a client is (XEP-0178), PEM. */
  readonly clientCa: string | undefined;
}

interface Contexts {
  /** By the name that SNI carries: lower case, ASCII. */
  readonly byName: ReadonlyMap<string, SecureContext>;
  /** That of the main domain. */
  readonly main: SecureContext;
  /** Milliseconds since 1970; the keys of the tickets are as old. */
  readonly madeAt: number;
}

/** The certificates of the served domains, and the TLS contexts made from them. */
export class Certificates {
  readonly #options: CertificatesOptions;
  #loaded: readonly Loaded[];
  #contexts: Contexts;

  private constructor(options: CertificatesOptions, loaded: readonly Loaded[]) {
    this.#options = options;
    this.#loaded = loaded;
    this.#contexts = contextsOf(loaded, options);
  }

  /**
   * Reads the files that the configuration names and makes the certificates it does not name.
   * What is odd about them goes to the log.
   *
   * @throws CertificateError for files that can not be used.
   */
  static async load(options: CertificatesOptions): Promise<Certificates> {
    return new Certificates(options, await loadAll(options));
  }

  /**
   * Reads the files again, for connections from now on.
   *
   * @throws CertificateError; the certificates stay as they were.
   */
  async reload(): Promise<void> {
    const loaded = await loadAll(this.#options);
    this.#contexts = contextsOf(loaded, this.#options);
    this.#loaded = loaded;
  }

  /** How to accept one TLS connection: to be asked for each, as certificates and keys change. */
  tlsOptions({ domain, alpn, clients = false }: TlsUse = {}): TlsServerOptions {
    const contexts = this.#current();
    return {
      secureContext: (domain === undefined ? undefined : find(contexts, domain)) ?? contexts.main,
      SNICallback: (name, done) => {
        const asked = find(this.#current(), name);
        if (asked === undefined) done(null);
        else done(null, asked);
      },
      requestCert: clients && this.#loaded.some(({ clientCa }) => clientCa !== undefined),
      rejectUnauthorized: false,
      ...(alpn !== undefined && { ALPNProtocols: alpnList(alpn) }),
    };
  }

  /** The certificate that clients of a domain see; undefined if the domain is not served here. */
  certificate(domain: string): X509Certificate | undefined {
    return this.#loaded.find((one) => one.domain === domain)?.pair.leaf;
  }

  /** Made anew each day, because stolen ticket keys would open what was recorded (RFC 5077 §5.5). */
  #current(): Contexts {
    const age = this.#options.clock.now() - this.#contexts.madeAt;
    if (age > TICKET_SECONDS * 1000) this.#contexts = contextsOf(this.#loaded, this.#options);
    return this.#contexts;
  }
}

async function loadAll(options: CertificatesOptions): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  for (const domain of options.config.domains) {
    const pair = await loadOne(domain, options);
    for (const warning of pair.warnings) options.log.warn(warning, { domain: domain.name });
    const clientCa = await readClientCa(domain, options);
    loaded.push({ domain: domain.name, pair, clientCa });
  }
  return loaded;
}

async function loadOne(
  { name, tls }: DomainConfig,
  options: CertificatesOptions,
): Promise<CheckedPair> {
  const { config, clock } = options;
  if (tls === undefined) {
    return selfMade(name, {
      ...options,
      data: config.storage === "memory" ? undefined : config.data,
    });
  }
  const pair = {
    cert: await readPem(tls.cert, "tls.cert", name),
    key: await readPem(tls.key, "tls.key", name),
  };
  return checkPair(pair, name, tls, clock.now());
}

async function readClientCa(
  { name, auth }: DomainConfig,
  { config }: CertificatesOptions,
): Promise<string | undefined> {
  const file = (auth?.certificates ?? config.auth?.certificates)?.ca;
  return file === undefined ? undefined : readPem(file, "auth.certificates.ca", name);
}

async function readPem(file: string, option: string, domain: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = whyUnreadable(error);
    throw new CertificateError(`can not read "${file}", ${option} of ${domain}: ${why}`);
  }
}

function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  switch ("code" in error ? error.code : undefined) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "the user of the server has no permission";
    default:
      return error.message;
  }
}

function contextsOf(
  loaded: readonly Loaded[],
  { config, clock, random }: CertificatesOptions,
): Contexts {
  // one set of ticket keys: a ticket is opened with those of the context the connection began with
  const ticketKeys = Buffer.from(random.bytes(48));
  const byName = new Map<string, SecureContext>();
  const maxVersion = config.tls?.maxVersion ?? "TLSv1.3";
  for (const one of loaded) {
    byName.set(sniName(one.domain), context(one, { ticketKeys, maxVersion }));
  }
  const [main] = byName.values();
  if (main === undefined) throw new CertificateError("there is no domain to make TLS contexts for");
  return { byName, main, madeAt: clock.now() };
}

function context(
  { pair: { cert, key }, clientCa }: Loaded,
  options: { readonly ticketKeys: Buffer; readonly maxVersion: SecureVersion },
): SecureContext {
  try {
    return createSecureContext({
      cert,
      key,
      ...(clientCa !== undefined && { ca: clientCa }),
      ciphers: CIPHERS,
      honorCipherOrder: true,
      minVersion: "TLSv1.2",
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      sessionIdContext: "rookery",
      sessionTimeout: TICKET_SECONDS,
      ...options,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown reason";
    throw new CertificateError(`TLS refuses the certificate: ${why}`);
  }
}

/** The context of the name, or of the domain above it for services such as conference.example.org. */
function find({ byName }: Contexts, name: string): SecureContext | undefined {
  if (name.length > MAX_NAME) return undefined; // the work below grows with its square
  let rest = sniName(name);
  for (;;) {
    const found = byName.get(rest);
    const dot = rest.indexOf(".");
    if (found !== undefined || dot < 0) return found;
    rest = rest.slice(dot + 1);
  }
}

function sniName(domain: string): string {
  return domainToASCII(domain) || domain.toLowerCase();
}

/** RFC 7301 §3.1: each name after a byte with its length. */
function alpnList(protocol: string): Uint8Array {
  const name = Buffer.from(protocol, "latin1");
  return Buffer.concat([Uint8Array.of(name.length), name]);
}
