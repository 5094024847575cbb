import { NS, StreamError } from "@rookery/protocol";
import {
  SaslError,
  saslAuth,
  saslChallenge,
  saslMechanisms,
  saslResponse,
  saslSuccess,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";
import { beginExchange, continueExchange, failExchange, type Outcome } from "./sasl-exchange.ts";
import { mayAuthenticate, offeredMechanisms, saslServer } from "./sasl-offer.ts";

/** SASL (RFC 6120 §6). */
export const sasl: StreamFeature = {
  name: "sasl",
  ns: NS.sasl,

  offer(stream): Element | undefined {
    const names = offeredMechanisms(stream, "sasl");
    return names.length > 0 ? saslMechanisms.write(names) : undefined;
  },

  negotiate(stream, element) {
    if (stream.user !== undefined) {
      throw new StreamError("policy-violation", "the stream is authenticated already");
    }
    try {
      const outcome = handle(stream, element);
      if (!(outcome instanceof Promise)) return proceed(stream, outcome);
      return outcome.then((late) => proceed(stream, late));
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      return proceed(stream, { step: "failure", error });
    }
  },
};

/** @throws SaslError for what is not a message of an exchange. */
function handle(stream: C2sStream, element: Element): Maybe<Outcome> {
  switch (element.name) {
    case "auth":
      return begin(stream, element);
    case "response":
      return continueExchange(stream, saslResponse.read(element));
    case "abort":
      throw new SaslError("aborted");
    default:
      throw new SaslError("malformed-request", `<${element.name}/> is not part of SASL`);
  }
}

function begin(stream: C2sStream, element: Element): Maybe<Outcome> {
  if (stream.sasl.mechanism !== undefined) {
    throw new SaslError("malformed-request", "<auth/> came in the middle of an exchange");
  }
  const { mechanism, initialResponse } = saslAuth.read(element);
  if (!mayAuthenticate(stream, "sasl")) {
    throw new SaslError("encryption-required", "TLS comes before authentication");
  }
  const server = saslServer(stream, "sasl");
  return beginExchange(stream, "sasl", { mechanism, initialResponse, server });
}

function proceed(stream: C2sStream, outcome: Outcome): void {
  if (stream.closed) return;
  switch (outcome.step) {
    case "challenge":
      stream.sendElement(saslChallenge.write(outcome.data));
      return;
    case "success":
      stream.sasl.reset();
      stream.sendElement(saslSuccess.write({ data: outcome.data }));
      stream.authenticated(outcome.account);
      stream.restart();
      return;
    case "failure":
      failExchange(stream, outcome.error, () => stream.sendElement(outcome.error.toElement()));
  }
}
