import { StreamError, smFeature } from "@rookery/protocol";
import {
  SASL2_NS,
  SaslError,
  sasl2Authenticate,
  sasl2Challenge,
  sasl2Failure,
  sasl2Offer,
  sasl2Response,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { C2sStream } from "../c2s.ts";
import type { StreamFeature } from "../feature.ts";
import { offerBind2 } from "./bind2.ts";
import { offerFast, tokensFor } from "./fast.ts";
import {
  asSaslError,
  beginExchange,
  continueExchange,
  failExchange,
  type Outcome,
} from "./sasl-exchange.ts";
import { mayAuthenticate, offeredMechanisms, saslServer } from "./sasl-offer.ts";
import { beginUpgrade, offerUpgrades, upgrade } from "./sasl-upgrade.ts";
import { letIn } from "./sasl2-success.ts";

/** SASL2 (XEP-0388), and all that is negotiated together with it. */
export const sasl2: StreamFeature = {
  name: "sasl2",
  ns: SASL2_NS,

  offer(stream): Element | undefined {
    const mechanisms = offeredMechanisms(stream, "sasl2");
    if (mechanisms.length === 0) return undefined;
    const inline = [offerBind2(stream), smFeature.write({}), offerFast(stream)];
    return sasl2Offer.write({ mechanisms, inline, others: offerUpgrades(stream) });
  },

  async negotiate(stream, element) {
    if (stream.user !== undefined) {
      throw new StreamError("policy-violation", "the stream is authenticated already"); // §5.8
    }
    try {
      await handle(stream, element);
    } catch (error) {
      // who is let in already is not refused any more
      if (error instanceof StreamError || stream.user !== undefined) throw error;
      fail(stream, asSaslError(error));
    }
  },
};

/** @throws SaslError for what is not a message of an exchange. */
function handle(stream: C2sStream, element: Element): Maybe<void> {
  switch (element.name) {
    case "authenticate":
      return begin(stream, element);
    case "response":
      if (stream.sasl.upgrade !== undefined) break;
      return answer(stream, continueExchange(stream, sasl2Response.read(element)));
    case "next":
    case "task-data":
      return upgrade(stream, element, letIn);
    case "abort":
      throw new SaslError("aborted");
    default:
  }
  throw new SaslError("malformed-request", `<${element.name}/> is not expected now`);
}

function begin(stream: C2sStream, element: Element): Maybe<void> {
  const { sasl } = stream;
  if (sasl.mechanism !== undefined) {
    throw new StreamError("policy-violation", "an authentication is under way");
  }
  if (!mayAuthenticate(stream, "sasl2")) {
    throw new SaslError("encryption-required", "TLS comes before authentication"); // §4
  }
  const request = sasl2Authenticate.read(element);
  const server = saslServer(stream, "sasl2", tokensFor(stream, request));
  sasl.request = request;
  return answer(stream, beginExchange(stream, "sasl2", { ...request, server }));
}

async function answer(stream: C2sStream, coming: Maybe<Outcome>): Promise<void> {
  const outcome = await coming;
  if (stream.closed) return;
  switch (outcome.step) {
    case "challenge":
      stream.sendElement(sasl2Challenge.write(outcome.data));
      return;
    case "failure":
      return fail(stream, outcome.error);
    case "success": {
      const { account, authzid, data } = outcome;
      const { request, mechanism } = stream.sasl;
      if (request === undefined || mechanism === undefined) throw new Error("nothing is under way");
      // §5.4
      if (authzid !== undefined && stream.claimed?.equals(account) === false) {
        throw new SaslError("invalid-authzid", "the stream header names another account");
      }
      const more = await beginUpgrade(stream, {
        account,
        mechanism: mechanism.name,
        request,
        data,
      });
      if (!more) await letIn(stream, account, request, data);
    }
  }
}

function fail(stream: C2sStream, error: SaslError): void {
  if (stream.closed) return;
  failExchange(stream, error, () => stream.sendElement(sasl2Failure.write(error)));
}
