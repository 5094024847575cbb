import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { PemPair } from "./self-signed.ts";

/** A certificate can not be used; the text says which file, why, and what to do. */
export class CertificateError extends Error {
  override readonly name: string = "CertificateError";
}

/** What a pair of certificate and key was found to be. */
export interface CheckedPair extends PemPair {
  /** That of the domain, the first in the text. */
  readonly leaf: X509Certificate;
  /** Sentences about what works but will not please: expired, another name. */
  readonly warnings: readonly string[];
}

const DAY = 86_400_000;
/** When to speak of the end of a certificate: renewal of the usual ones is due long before. */
const SOON = 14 * DAY;

/**
 * Checks that a certificate and a key belong together and suit a domain.
 *
 * @param names what to call the two in the error, as the paths of their files.
 * @param now milliseconds since 1970.
 * @throws CertificateError
 */
export function checkPair(pair: PemPair, domain: string, names: PemPair, now: number): CheckedPair {
  const leaf = readCertificate(pair.cert, names.cert);
  const key = readKey(pair.key, names.key);
  if (!leaf.checkPrivateKey(key)) {
    throw new CertificateError(
      `the key in "${names.key}" does not belong to the first certificate in "${names.cert}" ` +
        `(of ${subject(leaf)}); put the certificate of ${domain} first, before those that signed it`,
    );
  }
  return { ...pair, leaf, warnings: warnings(leaf, domain, names.cert, now) };
}

/** True if the certificate names the domain (RFC 6125; the common name does not count). */
export function coversDomain(leaf: X509Certificate, domain: string): boolean {
  const address = domain.replaceAll(/^\[|\]$/g, "");
  if (isIP(address) !== 0) return leaf.checkIP(address) !== undefined;
  return leaf.checkHost(domainToASCII(domain), { subject: "never" }) !== undefined;
}

function readCertificate(text: string, name: string): X509Certificate {
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    const swapped = text.includes("PRIVATE KEY-----")
      ? "; it holds a key: are cert and key swapped?"
      : "";
    throw new CertificateError(`there is no PEM certificate in "${name}"${swapped}`);
  }
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new CertificateError(`the certificate in "${name}" can not be read: ${reason(error)}`);
  }
}

function readKey(text: string, name: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new CertificateError(
      `the key in "${name}" is encrypted; store it without a passphrase: openssl pkey -in … -out …`,
    );
  }
  if (!text.includes("PRIVATE KEY-----")) {
    const swapped = text.includes("CERTIFICATE-----") ? "; are cert and key swapped?" : "";
    throw new CertificateError(`there is no PEM private key in "${name}"${swapped}`);
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new CertificateError(`the key in "${name}" can not be read: ${reason(error)}`);
  }
}

function warnings(leaf: X509Certificate, domain: string, name: string, now: number): string[] {
  const found: string[] = [];
  const end = leaf.validToDate.getTime();
  if (end <= now) found.push(`the certificate in "${name}" expired on ${leaf.validTo}; renew it`);
  else if (end - now < SOON) {
    found.push(`the certificate in "${name}" expires on ${leaf.validTo}; renew it`);
  }
  if (leaf.validFromDate.getTime() > now) {
    found.push(
      `the certificate in "${name}" is not valid before ${leaf.validFrom}; check the clock`,
    );
  }
  if (!coversDomain(leaf, domain)) {
    found.push(
      `the certificate in "${name}" does not name ${domain} but ` +
        `${leaf.subjectAltName ?? "nothing"}; clients will refuse it`,
    );
  }
  return found;
}

function subject(leaf: X509Certificate): string {
  return leaf.subjectAltName ?? leaf.subject.replaceAll("\n", ", ");
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : "unknown reason";
}
