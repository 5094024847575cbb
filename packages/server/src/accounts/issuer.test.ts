/** A small OpenID Connect issuer over HTTP, for tests: metadata, keys that can be rotated, tokens. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export const AUDIENCE = "xmpp://example.org";

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What is said in a token, and by what key, beside the usual. */
export interface TokenOptions {
  readonly issuer?: string;
  readonly audience?: string | readonly string[];
  /** Seconds since 1970; null for none. */
  readonly expires?: number | null;
  readonly notBefore?: number;
  readonly key?: Key;
}

export class Issuer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  /** The keys that it shows. */
  keys: readonly Key[] = [];
  /** How often it was asked for its metadata, and for its keys. */
  readonly asked: { metadata: number; keys: number } = { metadata: 0, keys: 0 };
  /** What it says instead of the truth. */
  answer: { readonly status: number; readonly text: string } | undefined = undefined;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(algorithm = "RS256"): Promise<Issuer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const issuer = new Issuer(server, `http://127.0.0.1:${port}/realm`);
    server.on("request", (request, response) => {
      const { status, text } = issuer.answer ?? issuer.#answerTo(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json", connection: "close" });
      response.end(text);
    });
    await issuer.rotate(algorithm);
    return issuer;
  }

  /** Signs with a new key from now on, and shows no other. */
  async rotate(algorithm = "RS256"): Promise<void> {
    this.keys = [await newKey(`key ${Math.random()}`, algorithm)];
  }

  token(
    claims: Readonly<Record<string, unknown>>,
    { issuer = this.url, audience = AUDIENCE, expires, notBefore, key }: TokenOptions = {},
  ): Promise<string> {
    const chosen = key ?? this.keys[0];
    if (chosen === undefined) throw new Error("the issuer has no key");
    const { kid, algorithm, privateKey } = chosen;
    const jwt = new SignJWT({ ...claims })
      .setProtectedHeader({ alg: algorithm, kid })
      .setIssuer(issuer)
      .setAudience(typeof audience === "string" ? audience : [...audience]);
    if (expires !== null) jwt.setExpirationTime(expires ?? Math.floor(Date.now() / 1000) + 300);
    if (notBefore !== undefined) jwt.setNotBefore(notBefore);
    return jwt.sign(privateKey);
  }

  #answerTo(path: string): { readonly status: number; readonly text: string } {
    if (path === "/realm/.well-known/openid-configuration") {
      this.asked.metadata++;
      const metadata = { issuer: this.url, jwks_uri: `${this.url}/keys` };
      return { status: 200, text: JSON.stringify(metadata) };
    }
    if (path === "/realm/keys") {
      this.asked.keys++;
      return { status: 200, text: JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }) };
    }
    return { status: 404, text: "" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

export async function newKey(kid: string, algorithm: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" };
  return { kid, algorithm, privateKey, jwk };
}
