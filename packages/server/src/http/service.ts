import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { Networks } from "../config/networks.ts";
import type { Log } from "../log.ts";
import { bodyStream, wholeBody } from "./body.ts";
import { clientFacts, type Peer } from "./client-facts.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { Origins } from "./origins.ts";
import { HttpError, type HttpReply, type TextReply, text } from "./reply.ts";
import type { HttpRequest } from "./request.ts";
import type { Cors, HttpRouter } from "./router.ts";
import { sendReply } from "./send-reply.ts";
import { Sites } from "./sites.ts";

/** A request to go on with another protocol (RFC 9110 §7.8). */
export interface UpgradeRequest extends Omit<HttpRequest, "body" | "stream" | "signal" | "rest"> {
  /** A proxy stands between. */
  readonly proxied: boolean;
  /** As Node has it, for who does the handshake. */
  readonly message: IncomingMessage;
}

/**
 * Takes the connection over, or refuses.
 * @throws HttpError to refuse.
 */
export type UpgradeHandler = (request: UpgradeRequest, socket: Duplex, head: Buffer) => void;

export interface HttpServiceOptions {
  readonly config: Pick<Config, "domains" | "web" | "proxies" | "limits">;
  readonly router: HttpRouter;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers the requests of all HTTP listeners: each gets one answer, whatever goes wrong. */
export class HttpService {
  readonly origins: Origins;
  readonly #options: HttpServiceOptions;
  readonly #sites: Sites;
  readonly #proxies: Networks;
  readonly #upgrades: Map<string, UpgradeHandler> = new Map();
  /** Answers are the last ones of their connections from now on. */
  stopping = false;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
    this.#sites = new Sites(options.config);
    this.origins = new Origins(options.config);
    this.#proxies = new Networks(options.config.proxies.trusted);
  }

  /** Takes over connections that ask for WebSocket at a path. */
  onWebSocket(path: string, handler: UpgradeHandler): void {
    this.#upgrades.set(path, handler);
  }

  /** True if a request for an upgrade is one that will be handled as such. */
  upgrades({ headers, url = "", method }: IncomingMessage): boolean {
    const path = url.split("?", 1)[0] ?? "";
    const isWebSocket = headers.upgrade?.toLowerCase() === "websocket" && method === "GET";
    return isWebSocket && this.#upgrades.has(path);
  }

  /** Answers one request. */
  handle(message: IncomingMessage, response: ServerResponse, peer: Peer): void {
    const send = (reply: HttpReply, cors: Cors = "own"): void =>
      sendReply(message, response, reply, {
        more: corsHeaders(cors, message.headers.origin, this.origins),
        last: this.stopping,
        sendSeconds: this.#options.config.limits.httpSendSeconds,
      });
    let cors: Cors = "own";
    const fail = (error: unknown): void => send(this.#failure(error, message), cors);
    try {
      const facts = this.#facts(message, peer);
      const { router } = this.#options;
      const method = message.method ?? "";
      const path = facts.url.pathname;
      const open = router.options(facts.domain, path);
      cors = open.cors;
      if (method === "OPTIONS") {
        send(preflight(open, message.headers.origin, this.origins), cors);
        return;
      }
      const route = router.find(facts.domain, method, path);
      cors = route.cors;
      const answer = route.handler(this.#request(message, response, facts, route.rest));
      if (answer instanceof Promise) answer.then((reply) => send(reply, cors)).catch(fail);
      else send(answer, cors);
    } catch (error) {
      fail(error);
    }
  }

  /** Answers a request for an upgrade. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, peer: Peer): void {
    try {
      if (this.stopping) throw new HttpError(503, "the server is stopping");
      const facts = this.#facts(message, peer);
      const handler = this.#upgrades.get(facts.url.pathname);
      if (handler === undefined) throw new HttpError(404, "there is nothing at this address");
      handler({ ...facts, message }, socket, head);
    } catch (error) {
      const { status, body, headers = {} } = this.#failure(error, message);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const length = Buffer.byteLength(body);
      socket.end(
        `HTTP/1.1 ${status} Refused\r\n${lines.join("")}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
        () => socket.destroy(),
      );
    }
  }

  #facts(message: IncomingMessage, peer: Peer): Omit<UpgradeRequest, "message"> {
    const { headers, method = "", url: target = "" } = message;
    const { address, secure, tls, host, scheme } = clientFacts(peer, headers, this.#proxies);
    const url = urlOf(scheme, host, target);
    if (url === undefined) throw new HttpError(400, "the address of the request cannot be read");
    const domain = this.#sites.domainOf(url.hostname);
    if (domain === undefined) {
      throw new HttpError(
        421,
        `"${url.hostname}" is not served here; if it is to be, name it in web.url of the configuration`,
      );
    }
    const proxied = address !== peer.address;
    return { method, url, headers, address, secure, tls, domain, proxied };
  }

  #request(
    message: IncomingMessage,
    response: ServerResponse,
    facts: Omit<UpgradeRequest, "message">,
    rest: string,
  ): HttpRequest {
    const pace = { clock: this.#options.clock, limits: this.#options.config.limits };
    let gone: AbortController | undefined;
    return {
      ...facts,
      rest,
      get signal(): AbortSignal {
        if (gone === undefined) {
          const controller = new AbortController();
          response.once("close", () => {
            if (!response.writableFinished) controller.abort();
          });
          gone = controller;
        }
        return gone.signal;
      },
      body: (maxBytes) => wholeBody(message, maxBytes, pace),
      stream: (maxBytes) => bodyStream(message, maxBytes, pace),
    };
  }

  /** Faults of ours are told to the log and not to the client. */
  #failure(error: unknown, { method, url }: IncomingMessage): TextReply {
    if (error instanceof HttpError) return text(error.message, error.status, error.headers);
    this.#options.log.error("a request failed", { error, method, path: url?.split("?", 1)[0] });
    return text("something went wrong here; the log of the server says more", 500);
  }
}

/** A name or address with an optional port, and nothing that would end up elsewhere in a URL. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@\\:[\]]+)(?::\d{1,5})?$/u;

/**
 * The address of a request from its target, which is a path, or a whole address whose host then goes
 * before the header (RFC 9112 §3.2). Undefined for what is neither.
 */
function urlOf(scheme: string, host: string, target: string): URL | undefined {
  const [, named = host, path = target] = /^https?:\/\/([^/?#]+)([/?].*)?$/i.exec(target) ?? [];
  if (!HOST.test(named) || !path.startsWith("/")) return undefined;
  return URL.parse(`${scheme}://${named}${path}`) ?? undefined;
}
