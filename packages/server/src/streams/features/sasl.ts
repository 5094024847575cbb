import { Jid, NS, StreamError } from "@rookery/protocol";
import {
  ownAccount,
  type SaslAuth,
  SaslError,
  type SaslServer,
  type SaslStep,
  saslAuth,
  saslChallenge,
  saslMechanisms,
  saslResponse,
  saslSuccess,
  serverMechanism,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { nodeCrypto } from "../../accounts/node-crypto.ts";
import type { Maybe } from "../../hooks.ts";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";

const SCRAM = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];
const SCRAM_PLUS = SCRAM.map((name) => `${name}-PLUS`);

/** SASL (RFC 6120 §6). */
export const sasl: StreamFeature = {
  name: "sasl",
  ns: NS.sasl,

  offer(stream): Element | undefined {
    const names = offered(stream);
    return names.length > 0 ? saslMechanisms.write(names) : undefined;
  },

  negotiate(stream, element) {
    if (stream.user !== undefined) {
      throw new StreamError("policy-violation", "the stream is authenticated already");
    }
    try {
      const step = respond(stream, element);
      if (!(step instanceof Promise)) return proceed(stream, step);
      return step.then((late) => proceed(stream, late));
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      return proceed(stream, { step: "failure", error });
    }
  },
};

/** The mechanisms of a stream, best first. */
function offered(stream: C2sStream): readonly string[] {
  const { auth } = stream.services;
  const { tls } = stream.connection;
  if (stream.user !== undefined || (tls === undefined && auth.requireTls)) return [];
  const bound = auth.channelBinding && tls !== undefined && tls.bindings.types.length > 0;
  const plain = tls !== undefined || auth.plainWithoutTls;
  return [...(bound ? SCRAM_PLUS : []), ...SCRAM, ...(plain ? ["PLAIN"] : [])];
}

/** @throws SaslError for what is not a message of an exchange. */
function respond(stream: C2sStream, element: Element): Maybe<SaslStep> {
  const running = stream.sasl.mechanism;
  switch (element.name) {
    case "auth": {
      if (running !== undefined) {
        throw new SaslError("malformed-request", "<auth/> came in the middle of an exchange");
      }
      const { mechanism, initialResponse } = saslAuth.read(element);
      return begin(stream, { mechanism, initialResponse });
    }
    case "response": {
      if (running === undefined) {
        throw new SaslError("malformed-request", "<response/> came before <auth/>");
      }
      return running.respond(saslResponse.read(element));
    }
    case "abort":
      throw new SaslError("aborted");
    default:
      throw new SaslError("malformed-request", `<${element.name}/> is not part of SASL`);
  }
}

function begin(stream: C2sStream, { mechanism: name, initialResponse }: SaslAuth): Maybe<SaslStep> {
  if (stream.connection.tls === undefined && stream.services.auth.requireTls) {
    throw new SaslError("encryption-required", "TLS comes before authentication");
  }
  const mechanism = serverMechanism(name, saslServer(stream));
  stream.sasl.mechanism = mechanism;
  return mechanism.respond(initialResponse);
}

function saslServer(stream: C2sStream): SaslServer {
  const { host } = stream;
  if (host === undefined) throw new Error("SASL before a stream header");
  return {
    offered: offered(stream),
    crypto: nodeCrypto,
    scram: host.accounts.scram,
    plain: host.accounts.plain,
    bindings: stream.services.auth.channelBinding ? stream.connection.tls?.bindings : undefined,
    mayActAs: ownAccount(host.domain.domain),
  };
}

function proceed(stream: C2sStream, step: SaslStep): void {
  if (stream.closed) return;
  switch (step.step) {
    case "challenge":
      stream.sendElement(saslChallenge.write(step.data));
      return;
    case "success":
      stream.sasl.mechanism = undefined;
      stream.sendElement(saslSuccess.write({ data: step.data }));
      stream.authenticated(Jid.of(step.username, stream.host?.domain.domain ?? ""));
      stream.restart();
      return;
    case "failure":
      fail(stream, step.error);
  }
}

/** RFC 6120 §6.4.5: the client may try again, a few times. */
function fail(stream: C2sStream, error: SaslError): void {
  const { log, limits } = stream.services;
  if (error.cause !== undefined) log.error("an authentication broke off", { error: error.cause });
  stream.sasl.mechanism = undefined;
  stream.sasl.tries++;
  stream.sendElement(error.toElement());
  log.info("an authentication failed", {
    address: stream.connection.address,
    condition: error.condition,
    tries: stream.sasl.tries,
  });
  if (stream.sasl.tries >= limits.authenticationTries) {
    stream.close(new StreamError("policy-violation", "too many failed attempts to authenticate"));
  }
}
