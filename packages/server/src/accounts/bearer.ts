import { Jid } from "@rookery/protocol";
import { SaslError } from "@rookery/stream";
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import type { Clock } from "../clock.ts";
import type { BearerConfig } from "../config/auth.ts";
import type { Log } from "../log.ts";
import type { BearerDiscovery, BearerVerifier } from "./accounts.ts";
import { ask } from "./external/fetch.ts";

/** Signatures of a key pair: with a shared secret, whoever can check a token could make one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** Of metadata, and of a set of keys. */
const DOCUMENT_BYTES = 262_144;
/** Tokens with a key that nobody has seen make the server ask for the keys no oftener than this. */
const COOLDOWN_MS = 5000;
const METADATA = "/.well-known/openid-configuration";

type Keys = ReturnType<typeof createRemoteJWKSet>;

export interface BearerServices {
  readonly clock: Clock;
  readonly log: Log;
}

/** Tokens of an OpenID Connect issuer: JSON Web Tokens (RFC 7519, RFC 9068). */
export class JwtVerifier implements BearerVerifier {
  readonly discovery: BearerDiscovery;
  readonly #domain: Jid;
  readonly #config: BearerConfig;
  readonly #services: BearerServices;
  #keys: Promise<Keys> | undefined = undefined;

  constructor(domain: Jid, config: BearerConfig, services: BearerServices) {
    this.#domain = domain;
    this.#config = config;
    this.#services = services;
    this.discovery = { openidConfiguration: metadataUrl(config.issuer), scope: config.scope };
  }

  async verify(token: string): Promise<string | undefined> {
    const { issuer, audience, clockSkewSeconds } = this.#config;
    const keys = await this.#loadKeys().catch((error: unknown) => this.#unavailable(error));
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: clockSkewSeconds,
        currentDate: new Date(this.#services.clock.now()),
        requiredClaims: ["exp"],
      });
      return this.#username(payload);
    } catch (error) {
      if (isFaultOfToken(error)) {
        this.#services.log.info("a token is no good", { reason: error.message });
        return undefined;
      }
      return this.#unavailable(error);
    }
  }

  /** The user name that a token speaks of, if it is one of this domain. */
  #username(payload: JWTPayload): string | undefined {
    const { claim } = this.#config;
    const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
    if (typeof value !== "string") return this.#no(`it has no text in the claim "${claim}"`);
    // an address that anyone may enter at the issuer would be anyone's account
    if (claim === "email" && payload["email_verified"] !== true) {
      return this.#no("its e-mail address is not verified");
    }
    const text = value.includes("@") ? value : `${value}@${this.#domain}`;
    const account = Jid.tryParse(text);
    if (account?.domain === this.#domain.domain && account.isBare && account.local !== "") {
      return account.local;
    }
    return this.#no(`its claim "${claim}" names no account of ${this.#domain}`);
  }

  #no(reason: string): undefined {
    this.#services.log.info("a token is no good", { reason });
    return undefined;
  }

  #unavailable(error: unknown): never {
    this.#services.log.error("tokens can not be checked", { issuer: this.#config.issuer, error });
    throw new SaslError("temporary-auth-failure", "tokens can not be checked now; try later");
  }

  /** The keys of the issuer; where they are is found out once. */
  #loadKeys(): Promise<Keys> {
    if (this.#keys !== undefined) return this.#keys;
    const keys = this.#findKeys();
    this.#keys = keys;
    keys.catch(() => {
      this.#keys = undefined; // to be tried again
    });
    return keys;
  }

  async #findKeys(): Promise<Keys> {
    const { jwks, cacheSeconds, timeoutSeconds } = this.#config;
    return createRemoteJWKSet(new URL(jwks ?? (await this.#discover())), {
      cacheMaxAge: cacheSeconds * 1000,
      cooldownDuration: COOLDOWN_MS,
      timeoutDuration: timeoutSeconds * 1000,
      [customFetch]: (url) => this.#get(url),
    });
  }

  /** OpenID Connect Discovery §4: where the keys are. */
  async #discover(): Promise<string> {
    const { issuer } = this.#config;
    const response = await this.#get(metadataUrl(issuer));
    const metadata: unknown = await response.json();
    const said = metadata as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
    if (response.status !== 200 || said?.issuer !== issuer || typeof said.jwks_uri !== "string") {
      throw new Error(`${metadataUrl(issuer)} gives no metadata of ${issuer}`);
    }
    if (new URL(said.jwks_uri).protocol === "http:" && issuer.startsWith("https:")) {
      throw new Error(`the keys of ${issuer} are not to be had by https`);
    }
    return said.jwks_uri;
  }

  async #get(url: string): Promise<Response> {
    const { status, text } = await ask(new URL(url), {
      method: "GET",
      timeoutMs: this.#config.timeoutSeconds * 1000,
      maxBytes: DOCUMENT_BYTES,
      headers: { accept: "application/json" },
    });
    return new Response(text, { status });
  }
}

/** What is wrong with the token itself, rather than with the issuer or the way to it. */
function isFaultOfToken(error: unknown): error is Error {
  return (
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function metadataUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}${METADATA}`;
}
