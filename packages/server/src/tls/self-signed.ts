import { createHash, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Random } from "../clock.ts";
import { der } from "./der.ts";

/** PEM texts of a certificate (and those between it and the root) and of its private key. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
/** Long, because clients that were told to trust it have to be told again when it changes. */
export const SELF_SIGNED_DAYS = 3650;

/**
 * Makes a P-256 key and a certificate for a domain, signed by itself (RFC 5280), for servers and
 * clients that are told to trust it.
 *
 * @param domain prepared; `localhost` also covers 127.0.0.1 and ::1.
 * @param now milliseconds since 1970; the certificate is valid from a day before, for clocks that
 * are late, and for {@link SELF_SIGNED_DAYS}.
 */
export function selfSigned(domain: string, now: number, random: Random): PemPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  const serial = Buffer.from(random.bytes(16));
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f); // positive and of full length
  const name = commonName(domain);
  const unsigned = der.sequence(
    der.context(0, der.integer(Uint8Array.of(2))), // version 3
    der.integer(serial),
    ECDSA_WITH_SHA256,
    name, // issuer
    der.sequence(der.time(now - DAY), der.time(now + SELF_SIGNED_DAYS * DAY)),
    name, // subject
    publicKey,
    der.context(3, der.sequence(...extensions(domain, publicKey))),
  );
  const signature = sign("sha256", unsigned, createPrivateKey(privateKey));
  const cert = der.sequence(unsigned, ECDSA_WITH_SHA256, der.bitString(signature));
  return { cert: pem("CERTIFICATE", cert), key: privateKey };
}

const ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));

/** RFC 5280 allows 64 characters; the names that count are those of {@link alternativeNames}. */
function commonName(domain: string): Uint8Array {
  const text = Array.from(domain).slice(0, 64).join("");
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8String(text))));
}

function extensions(domain: string, publicKey: Uint8Array): Uint8Array[] {
  const keyId = createHash("sha256").update(publicKey).digest().subarray(0, 20);
  return [
    extension("2.5.29.19", der.sequence(), true), // basic constraints: not an authority
    extension("2.5.29.15", der.bitString(Uint8Array.of(0x80), 7), true), // digital signature
    extension(
      "2.5.29.37", // extended key usage: TLS server and client
      der.sequence(der.oid("1.3.6.1.5.5.7.3.1"), der.oid("1.3.6.1.5.5.7.3.2")),
    ),
    extension("2.5.29.17", der.sequence(...alternativeNames(domain))),
    extension("2.5.29.14", der.octetString(keyId)),
    extension("2.5.29.35", der.sequence(der.context(0, keyId, true))),
  ];
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.oid(id), ...flag, der.octetString(value));
}

function alternativeNames(domain: string): Uint8Array[] {
  const address = domain.replaceAll(/^\[|\]$/g, "");
  if (isIP(address) !== 0) return [ipName(address)];
  const name = der.context(2, new TextEncoder().encode(domainToASCII(domain)), true);
  return domain === "localhost" ? [name, ipName("127.0.0.1"), ipName("::1")] : [name];
}

function ipName(address: string): Uint8Array {
  return der.context(7, isIP(address) === 4 ? ipv4(address) : ipv6(address), true);
}

function ipv4(address: string): Uint8Array {
  return Uint8Array.from(address.split(".").map(Number));
}

function ipv6(address: string): Uint8Array {
  // the URL parser writes an embedded IPv4 address as two groups
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((g) => [g >> 8, g & 0xff]));
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
