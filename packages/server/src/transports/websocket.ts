import type { Duplex } from "node:stream";
import { FrameReader } from "@rookery/stream";
import type { ParserLimits } from "@rookery/xml";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../clock.ts";
import type { Origins } from "../http/origins.ts";
import { HttpError } from "../http/reply.ts";
import type { HttpRouter } from "../http/router.ts";
import type { HttpService, UpgradeRequest } from "../http/service.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { Flusher } from "./flusher.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

/** Where clients connect; XEP-0156 tells them. */
const WEBSOCKET_PATH = "/xmpp-websocket";

const SUBPROTOCOL = "xmpp";
/** Pieces of one frame, and of one message: what each costs to keep would add up. */
const MAX_CHUNKS = 16_384;
const MAX_FRAGMENTS = 1000;

export interface WebSocketsOptions {
  /** Bounds until the client has logged in; of one message, too. */
  readonly limits: ParserLimits;
  readonly origins: Origins;
  readonly count: ConnectionCount;
  readonly clock: Clock;
  readonly flusher: Flusher;
  accept(connection: Connection): void;
}

/** Accepts connections of clients over WebSocket (RFC 7395 §3.1). */
export class WebSockets {
  /** Answers at {@link WEBSOCKET_PATH}. */
  static offer(
    http: HttpRouter,
    service: HttpService,
    options: Omit<WebSocketsOptions, "origins">,
  ): void {
    const all = new WebSockets({ ...options, origins: service.origins });
    service.onWebSocket(WEBSOCKET_PATH, (request, socket, head) =>
      all.upgrade(request, socket, head),
    );
    http.add(undefined, "GET", WEBSOCKET_PATH, () => {
      throw new HttpError(426, "WebSocket is spoken here", { upgrade: "websocket" });
    });
  }

  readonly #options: WebSocketsOptions;
  readonly #reader: FrameReader = new FrameReader();
  readonly #server: WebSocketServer;

  private constructor(options: WebSocketsOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      autoPong: false,
      clientTracking: false,
      maxPayload: options.limits.bytes,
      maxBufferedChunks: MAX_CHUNKS,
      maxFragments: MAX_FRAGMENTS,
      // what an attacker can make us send beside a secret tells its length when it is compressed
      perMessageDeflate: false,
      handleProtocols: () => SUBPROTOCOL,
    });
  }

  /** @throws HttpError 400 without the subprotocol, 403 for pages of other origins, 503 if it is one too many. */
  upgrade({ message, ...request }: UpgradeRequest, socket: Duplex, head: Buffer): void {
    const { headers, url, address, proxied, tls } = request;
    if (!this.#options.origins.permits(headers.origin, url)) {
      throw new HttpError(
        403,
        `pages of ${headers.origin} may not connect here; web.origins in the configuration lists who may`,
      );
    }
    const protocols = (headers["sec-websocket-protocol"] ?? "").split(",");
    if (!protocols.some((name) => name.trim() === SUBPROTOCOL)) {
      throw new HttpError(400, `the subprotocol "${SUBPROTOCOL}" is spoken here (RFC 7395 §3.1)`);
    }
    if (proxied) {
      const release = this.#options.count.takeAddress(address);
      if (release === undefined) throw new HttpError(503, "there are too many connections");
      socket.once("close", release);
    }
    this.#server.handleUpgrade(message, socket, head, (ws: WebSocket) => {
      const { limits, clock, flusher } = this.#options;
      const reader = this.#reader;
      const options = { address, tls, limits, clock, flusher, reader };
      this.#options.accept(new WebSocketConnection(ws, socket, options));
    });
  }
}
