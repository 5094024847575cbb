/** An authority that issues client certificates, for tests. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { der } from "../tls/der.ts";

const ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));
const XMPP_ADDR = "1.3.6.1.5.5.7.8.5";
const DAY = 86_400_000;

/** What stands in a certificate. */
export interface Contents {
  readonly xmpp?: readonly string[];
  readonly email?: readonly string[];
  readonly dns?: readonly string[];
  /** Object identifiers of the extended key usage; none: it has no such extension. */
  readonly usage?: readonly string[];
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
}

/** PEM texts. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  readonly cert: string;
  readonly #name: Uint8Array;
  readonly #key: KeyObject;
  readonly #now: number;
  #serial = 1;

  /** @param by who issued its own certificate; itself if left out. */
  constructor(title: string, now: number = Date.now(), by?: Authority) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#name = commonName(title);
    this.#key = privateKey;
    this.#now = now;
    const spki = publicKey.export({ type: "spki", format: "der" });
    const extensions = [extension("2.5.29.19", der.sequence(der.boolean(true)), true)];
    this.cert = (by ?? this).#sign(this.#name, spki, extensions, {});
  }

  issue(contents: Contents): Issued {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { xmpp = [], email = [], dns = [], usage } = contents;
    const names = [
      ...xmpp.map((address) =>
        der.context(
          0,
          Buffer.concat([der.oid(XMPP_ADDR), der.context(0, der.utf8String(address))]),
        ),
      ),
      ...email.map((address) => der.context(1, Buffer.from(address, "latin1"), true)),
      ...dns.map((name) => der.context(2, Buffer.from(name), true)),
    ];
    const extensions = [
      extension("2.5.29.19", der.sequence(), true),
      ...(names.length > 0 ? [extension("2.5.29.17", der.sequence(...names))] : []),
      ...(usage ? [extension("2.5.29.37", der.sequence(...usage.map((id) => der.oid(id))))] : []),
    ];
    const spki = publicKey.export({ type: "spki", format: "der" });
    const cert = this.#sign(commonName("a client"), spki, extensions, contents);
    return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
  }

  #sign(
    subject: Uint8Array,
    spki: Uint8Array,
    extensions: readonly Uint8Array[],
    { from = this.#now - DAY, to = this.#now + DAY }: Contents,
  ): string {
    const unsigned = der.sequence(
      der.context(0, der.integer(Uint8Array.of(2))),
      der.integer(Uint8Array.of(this.#serial++)),
      ECDSA_WITH_SHA256,
      this.#name,
      der.sequence(der.time(from), der.time(to)),
      subject,
      spki,
      der.context(3, der.sequence(...extensions, keyId(spki))),
    );
    const signature = sign("sha256", unsigned, this.#key);
    const cert = der.sequence(unsigned, ECDSA_WITH_SHA256, der.bitString(signature));
    const text =
      Buffer.from(cert)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${text.join("\n")}\n-----END CERTIFICATE-----\n`;
  }
}

function commonName(text: string): Uint8Array {
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8String(text))));
}

function keyId(spki: Uint8Array): Uint8Array {
  const id = createHash("sha256").update(spki).digest().subarray(0, 20);
  return extension("2.5.29.14", der.octetString(id));
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return der.sequence(
    der.oid(id),
    ...(critical ? [der.boolean(true)] : []),
    der.octetString(value),
  );
}
