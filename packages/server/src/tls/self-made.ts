import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { domainToASCII } from "node:url";
import type { Clock, Random } from "../clock.ts";
import type { Log } from "../log.ts";
import { type CheckedPair, checkPair, coversDomain } from "./certificate.ts";
import { type PemPair, selfSigned } from "./self-signed.ts";

/** What making certificates needs from its surroundings. */
export interface SelfMadeOptions {
  /** The data directory; undefined: nothing is kept, as with storage in memory. */
  readonly data: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const DAY = 86_400_000;
/** How long before its end a certificate is made anew. */
const RENEW_BEFORE = 30 * DAY;

/**
 * The self-made certificate of a domain: the one kept in the data directory, or a new one if there
 * is none that is of use. Kept in `tls/<domain>/`, readable by the user of the server only.
 *
 * @param domain prepared.
 */
export async function selfMade(domain: string, options: SelfMadeOptions): Promise<CheckedPair> {
  const { data, clock, random, log } = options;
  const now = clock.now();
  if (data === undefined) return checkPair(selfSigned(domain, now, random), domain, IN_MEMORY, now);
  const files = selfMadeFiles(data, domain);
  const kept = await readKept(files, domain, now, log);
  if (kept !== undefined) return kept;
  const made = selfSigned(domain, now, random);
  await mkdir(join(data, "tls"), { recursive: true, mode: 0o700 });
  await mkdir(join(files.key, ".."), { recursive: true, mode: 0o700 });
  await writePrivate(files.key, made.key);
  await writePrivate(files.cert, made.cert);
  log.info(`made a certificate for ${domain}`, { cert: files.cert });
  return checkPair(made, domain, files, now);
}

/** Where the self-made certificate and key of a domain are kept. */
export function selfMadeFiles(data: string, domain: string): PemPair {
  // an IPv6 address is the only domain with characters that some file systems refuse
  const folder = join(
    data,
    "tls",
    (domainToASCII(domain) || domain).replaceAll(/[^a-z0-9.-]/g, "_"),
  );
  return { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
}

const IN_MEMORY: PemPair = { cert: "memory", key: "memory" };

/** What is kept, if it still is of use; otherwise undefined, and the reason in the log. */
async function readKept(
  files: PemPair,
  domain: string,
  now: number,
  log: Log,
): Promise<CheckedPair | undefined> {
  try {
    const cert = await readFile(files.cert, "utf8");
    const key = await readFile(files.key, "utf8");
    await chmod(files.key, 0o600); // a copied data directory may have lost it
    const pair = checkPair({ cert, key }, domain, files, now);
    const { leaf } = pair;
    const fresh = leaf.validToDate.getTime() - now > RENEW_BEFORE;
    if (fresh && leaf.validFromDate.getTime() <= now && coversDomain(leaf, domain)) return pair;
    log.warn(
      `the self-made certificate of ${domain} is made anew; clients have to trust it again`,
      {
        validTo: leaf.validTo,
      },
    );
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    log.warn(`the self-made certificate of ${domain} is of no use and is made anew`, { error });
  }
  return undefined;
}

/** Replaces a file in one step, so that a crash leaves the old one or the new one. */
async function writePrivate(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  await writeFile(fresh, text, { mode: 0o600, flush: true });
  await chmod(fresh, 0o600); // the mode above does not count for a file left by a crash
  await rename(fresh, file);
}
