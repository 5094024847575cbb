import { X509Certificate } from "node:crypto";
import { Jid } from "@rookery/protocol";
import type { Clock } from "../clock.ts";
import type { CertificateSource } from "./accounts.ts";
import { personalNames } from "./certificate-names.ts";

/** RFC 5280 §4.2.1.12: for clients of TLS. */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const BETWEEN_PEM = /(?<=-----END CERTIFICATE-----)/;

export interface CertificateOptions {
  readonly domain: Jid;
  readonly clock: Clock;
  /** PEM: who may say who a client is. */
  readonly ca: string;
  /** Where there is no XMPP address, an e-mail address is the account's. */
  readonly email: boolean;
}

/**
 * Client certificates of the authorities that a domain trusts (XEP-0178 §2). What TLS has verified may
 * have been for another domain with other authorities; so it is verified here, too, against those that
 * sign certificates of clients themselves: Node tells a server of no others that a client sent along.
 */
export class ClientCertificates implements CertificateSource {
  readonly #options: CertificateOptions;
  readonly #authorities: readonly X509Certificate[];

  /** @throws Error if `ca` has no certificate that can be read. */
  constructor(options: CertificateOptions) {
    this.#options = options;
    this.#authorities = options.ca
      .split(BETWEEN_PEM)
      .filter((text) => text.includes("-----BEGIN CERTIFICATE-----"))
      .map((text) => new X509Certificate(text));
    if (this.#authorities.length === 0) throw new Error("there is no certificate in it");
  }

  identities(certificate: X509Certificate): readonly string[] {
    if (!this.#trusts(certificate)) return [];
    const { xmpp, email } = personalNames(certificate.raw);
    const { domain } = this.#options;
    const names = xmpp.length > 0 || !this.#options.email ? xmpp : email;
    const accounts = names.flatMap((name) => {
      const jid = Jid.tryParse(name);
      const isAccount = jid?.isBare && jid.local !== "" && jid.domain === domain.domain;
      return isAccount ? [jid.toString()] : [];
    });
    return [...new Set(accounts)];
  }

  /** Signed by one of the authorities, valid now, and for clients. */
  #trusts(certificate: X509Certificate): boolean {
    const usage = certificate.keyUsage as readonly string[] | undefined; // the extended one
    if (usage !== undefined && !usage.includes(CLIENT_AUTH)) return false;
    const authority = this.#authorities.find((other) => isIssuedBy(certificate, other));
    return [certificate, authority].every((one) => one !== undefined && this.#isValidNow(one));
  }

  #isValidNow({ validFrom, validTo }: X509Certificate): boolean {
    const now = this.#options.clock.now();
    return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
