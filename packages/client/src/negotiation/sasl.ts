/** SASL: RFC 6120 §6. */
import { NS } from "@rookery/protocol";
import {
  saslAbort,
  saslAuth,
  saslChallenge,
  saslFailure,
  saslMechanisms,
  saslResponse,
  saslSuccess,
} from "@rookery/stream";
import { ClientError } from "../errors.ts";
import { choose, offerOf } from "./choose.ts";
import { unexpected } from "./conversation.ts";
import { exchange, type Profile } from "./exchange.ts";
import type { Step } from "./step.ts";

const SASL: Profile = {
  ns: NS.sasl,
  readChallenge: (element) => saslChallenge.read(element),
  writeResponse: (data) => saslResponse.write(data),
  readFailure: (element) => saslFailure.read(element),
  abort: saslAbort,
};

/** Authenticates by the best mechanism that both sides know. */
export const authenticate: Step = async (login, features) => {
  if (login.authenticated) return "continue";
  const { channel } = login;
  const offered = saslMechanisms.in(features) ?? [];
  const mechanism = choose(login, offerOf(features, offered));
  if (mechanism === undefined) {
    throw new ClientError(
      "no-mechanism",
      `the server offers ${offered.join(", ") || "nothing"}, of which nothing can be used safely here`,
    );
  }
  channel.send(saslAuth.write({ mechanism: mechanism.name, initialResponse: mechanism.start() }));
  const answer = await exchange(channel, mechanism, SASL);
  if (!answer.is(NS.sasl, "success")) throw unexpected(answer, "a challenge");
  // only now is it known that this is the server that knows the account
  await mechanism.finish(saslSuccess.read(answer).data);
  login.authenticated = true;
  return "restart";
};
