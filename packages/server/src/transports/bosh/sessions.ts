import type { ParserLimits } from "@rookery/xml";
import type { Clock, Random } from "../../clock.ts";
import type { Limits } from "../../config/limits.ts";
import type { Origins } from "../../http/origins.ts";
import { HttpError, type HttpReply } from "../../http/reply.ts";
import type { HttpRequest } from "../../http/request.ts";
import type { HttpHandler, HttpRouter } from "../../http/router.ts";
import type { Log } from "../../log.ts";
import type { Connection } from "../connection.ts";
import { ConnectionCount } from "../connection-count.ts";
import type { Flusher } from "../flusher.ts";
import { secureElsewhere } from "../tls-facts.ts";
import { Beginning } from "./beginning.ts";
import { BindingError } from "./binding-error.ts";
import { type BoshBody, mostBodyBytes, readBody } from "./body-reader.ts";
import { isLegacyPolling, refuseLegacyPolling } from "./legacy-polling.ts";
import { bodyReply, endReply, TEXT_XML } from "./replies.ts";
import { BoshSession } from "./session.ts";
import { agree } from "./settings.ts";

/** A session ID has so many bytes that nobody can guess (XEP-0124 §18.3). */
const SID_BYTES = 20;

/** Where clients connect; XEP-0156 tells them. */
const BOSH_PATH = "/http-bind";

/** What BOSH needs to know of a request of HTTP. */
export type BoshRequest = Pick<HttpRequest, "address" | "secure" | "signal" | "stream">;

export interface BoshOptions {
  readonly limits: Limits;
  /** Bounds on stanzas until a client has logged in. */
  readonly preAuthLimits: ParserLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly flusher: Flusher;
  accept(connection: Connection): void;
}

/** The sessions over BOSH (XEP-0124, XEP-0206), each of them a connection for a stream. */
export class BoshSessions {
  /** Answers at {@link BOSH_PATH}, to pages of the same origins as over WebSocket. */
  static offer(http: HttpRouter, origins: Origins, options: BoshOptions): BoshSessions {
    const all = new BoshSessions(options);
    const handler: HttpHandler = (request) => {
      const { origin } = request.headers;
      if (origins.permits(origin, request.url)) return all.handle(request);
      throw new HttpError(
        403,
        `pages of ${origin} may not connect here; web.origins in the configuration lists who may`,
      );
    };
    http.add(undefined, "POST", BOSH_PATH, handler, { cors: "configured" });
    return all;
  }

  readonly #options: BoshOptions;
  readonly #count: ConnectionCount;
  readonly #sessions: Map<string, BoshSession> = new Map();
  #stopping = false;

  constructor(options: BoshOptions) {
    const { boshSessions, boshSessionsPerAddress } = options.limits;
    this.#options = options;
    this.#count = new ConnectionCount(boshSessions, boshSessionsPerAddress);
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Answers a request.
   * @throws HttpError as reading the request does
   */
  async handle(request: BoshRequest): Promise<HttpReply> {
    const beginning = new Beginning();
    let versioned = false;
    try {
      const body = await this.#read(request, beginning);
      versioned = body.header.attr("ver") !== undefined;
      const sid = body.header.attr("sid");
      if (sid === undefined) return await this.#create(body, request);
      versioned = true; // an unknown session may be anybody's
      const session = this.#sessions.get(sid);
      if (session === undefined) throw new BindingError("item-not-found", "no such session");
      if (session.secure && !request.secure) return notSecure();
      return await session.receive(body, request.signal);
    } catch (error) {
      if (!(error instanceof BindingError)) throw error;
      if (isLegacyPolling(beginning.text)) return refuseLegacyPolling();
      const { log } = this.#options;
      log.debug("a request of BOSH was refused", { address: request.address, error });
      return endReply({ condition: error.condition, versioned, contentType: TEXT_XML });
    }
  }

  /** Begins no more sessions; those that there are end with their streams. */
  stop(): void {
    this.#stopping = true;
  }

  /** Ends what is left, when the streams had their time. */
  close(): void {
    this.#stopping = true;
    for (const session of this.#sessions.values()) session.end("system-shutdown");
  }

  #read(request: BoshRequest, beginning: Beginning): Promise<BoshBody> {
    const { limits, preAuthLimits } = this.#options;
    const most = mostBodyBytes({ ...preAuthLimits, bytes: limits.stanzaBytes });
    return readBody(beginning.watch(request.stream(most)), preAuthLimits, (header) => {
      const session = this.#sessions.get(header.attr("sid") ?? "");
      return session?.connection.limits ?? preAuthLimits;
    });
  }

  #create(body: BoshBody, request: BoshRequest): Promise<HttpReply> {
    const { limits, preAuthLimits, clock, random, flusher } = this.#options;
    const { address, secure } = request;
    if (this.#stopping) throw new BindingError("system-shutdown", "the server stops");
    if (body.error !== undefined) throw new BindingError("bad-request", body.error.message);
    const settings = agree(body.header, limits);
    const release = this.#count.take(address);
    if (release === undefined) {
      throw new BindingError("policy-violation", "there are too many sessions");
    }
    const sid = Buffer.from(random.bytes(SID_BYTES)).toString("base64url");
    const forget = (): void => {
      release();
      this.#sessions.delete(sid);
    };
    let session: BoshSession;
    try {
      session = new BoshSession(body, {
        sid,
        address,
        secure,
        settings,
        clock,
        flusher,
        forget,
        // requests come on any number of connections, so that there is none to bind to
        tls: secure ? secureElsewhere : undefined,
        limits: preAuthLimits,
      });
    } catch (error) {
      release();
      throw error;
    }
    this.#sessions.set(sid, session);
    this.#options.accept(session.connection);
    return session.receive(body, request.signal);
  }
}

/** What belongs to a session with TLS and comes without is not the client's; the session stays. */
function notSecure(): HttpReply {
  return { ...bodyReply("", "text/plain; charset=utf-8", 403), body: NOT_SECURE };
}

const NOT_SECURE = "the session began over HTTPS, and so has to go on (XEP-0124 §18.1)\n";
