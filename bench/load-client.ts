import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where a load goes. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly tls: "none" | "starttls" | "direct";
  readonly password: string;
}

/** Keys of SCRAM by salt and iterations: clients keep them, so that the load need not make them. */
export type KeyCache = Map<string, { readonly client: Buffer; readonly stored: Buffer }>;

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const STANZAS = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";

/**
 * A client that does as little as it can for a message, so that the server is what is measured: it
 * looks for the ends of elements and parses nothing.
 */
export class LoadClient {
  onText: (text: string) => void = () => {};
  #socket: Socket;
  #text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#attach();
  }

  /** Connects, logs in (PLAIN in the clear, else SCRAM-SHA-1), binds a resource, comes online. */
  static async login(target: Target, user: string, keys: KeyCache): Promise<LoadClient> {
    const { host, port, tls, domain } = target;
    const options = { host, port, servername: domain, rejectUnauthorized: false };
    const socket = tls === "direct" ? connectTls(options) : connect(options);
    await once(socket, tls === "direct" ? "secureConnect" : "connect");
    socket.setNoDelay(true);
    const client = new LoadClient(socket);
    await client.#open(domain);
    if (tls === "starttls") await client.#secure(domain);
    if (tls === "none") await client.#plain(user, target.password);
    else await client.#scram(user, target.password, keys);
    await client.#open(domain);
    const bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
    await client.#ask(`<iq type='set' id='bind'>${bind}</iq>`, "</iq>");
    client.write("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
    const ping = "<ping xmlns='urn:xmpp:ping'/>";
    await client.#ask(
      `<iq type='get' id='ping' to='${domain}'>${ping}</iq>`,
      /<iq[^>]*\bid=.ping./,
    );
    return client;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Closes the stream and waits for the end of the connection. */
  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.end("</stream:stream>");
    await closed;
  }

  async #open(domain: string): Promise<void> {
    const header = `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' ${STANZAS}>`;
    await this.#ask(header, "</stream:features>");
  }

  async #secure(domain: string): Promise<void> {
    await this.#ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed");
    this.#socket.removeAllListeners();
    const options = { socket: this.#socket, servername: domain, rejectUnauthorized: false };
    this.#socket = connectTls(options);
    await once(this.#socket, "secureConnect");
    this.#attach();
    await this.#open(domain);
  }

  async #plain(user: string, password: string): Promise<void> {
    const data = Buffer.from(`\0${user}\0${password}`).toString("base64");
    await this.#ask(`<auth ${SASL} mechanism='PLAIN'>${data}</auth>`, "<success");
  }

  /** RFC 5802 §3. */
  async #scram(user: string, password: string, cache: KeyCache): Promise<void> {
    const bare = `n=${user},r=${randomBytes(18).toString("base64")}`;
    const first = Buffer.from(`n,,${bare}`).toString("base64");
    const challenge = await this.#ask(
      `<auth ${SASL} mechanism='SCRAM-SHA-1'>${first}</auth>`,
      "</challenge>",
    );
    const data = />([^<>]*)<\/challenge>/.exec(challenge)?.[1] ?? "";
    const serverFirst = Buffer.from(data, "base64").toString();
    const [, nonce, salt = "", iterations] = /^r=([^,]*),s=([^,]*),i=(\d+)/.exec(serverFirst) ?? [];
    const keys = keysOf(password, salt, Number(iterations), cache);
    const final = `c=biws,r=${nonce}`;
    const signature = hmac(keys.stored, `${bare},${serverFirst},${final}`);
    const proof = keys.client.map((byte, i) => byte ^ (signature[i] ?? 0));
    const response = Buffer.from(`${final},p=${Buffer.from(proof).toString("base64")}`);
    await this.#ask(`<response ${SASL}>${response.toString("base64")}</response>`, "<success");
  }

  /** Sends something and waits for what is expected; gives what came until then. */
  #ask(text: string, expected: string | RegExp): Promise<string> {
    this.#text = "";
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const gone = (): void => reject(new Error(`closed instead of ${expected}: ${this.#text}`));
    this.#socket.once("close", gone);
    this.onText = (more) => {
      this.#text += more;
      if (this.#text.search(expected) >= 0) resolve(this.#text);
      else if (this.#text.includes("<failure")) reject(new Error(this.#text));
    };
    this.write(text);
    return promise.finally(() => this.#socket.off("close", gone));
  }

  #attach(): void {
    this.#socket.on("data", (bytes: Buffer) => this.onText(bytes.toString("latin1")));
    this.#socket.on("error", (error) => {
      console.error(error.message);
    });
  }
}

function keysOf(
  password: string,
  salt: string,
  iterations: number,
  cache: KeyCache,
): { readonly client: Buffer; readonly stored: Buffer } {
  const name = `${iterations} ${salt}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, 20, "sha1");
  const client = hmac(salted, "Client Key");
  const keys = { client, stored: createHash("sha1").update(client).digest() };
  cache.set(name, keys);
  return keys;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha1", key).update(text).digest();
}
