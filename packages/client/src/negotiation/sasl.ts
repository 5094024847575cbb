/** SASL: RFC 6120 §6. */
import { NS } from "@rookery/protocol";
import {
  type ClientMechanism,
  chooseMechanism,
  SaslError,
  saslAbort,
  saslAuth,
  saslChallenge,
  saslFailure,
  saslMechanisms,
  saslResponse,
  saslSuccess,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Channel } from "../channel.ts";
import { ClientError } from "../errors.ts";
import { nextElement, unexpected } from "./conversation.ts";
import type { Login, Step } from "./step.ts";

/** Challenges that a server may send; no mechanism here needs more than two. */
const MAX_CHALLENGES = 10;

/** Authenticates by the best mechanism that both sides know. */
export const authenticate: Step = async (login, features) => {
  if (login.authenticated) return "continue";
  const { channel } = login;
  const mechanism = choose(login, saslMechanisms.in(features) ?? []);
  channel.send(saslAuth.write({ mechanism: mechanism.name, initialResponse: mechanism.start() }));
  await exchange(channel, mechanism);
  login.authenticated = true;
  return "restart";
};

function choose(login: Login, offered: readonly string[]): ClientMechanism {
  const { channel, jid, password, crypto, plainWithoutTls } = login;
  const mechanism = chooseMechanism(offered, {
    crypto,
    username: jid.local,
    password,
    bindings: channel.security?.bindings,
    allowPlain: channel.security !== undefined || plainWithoutTls,
  });
  if (mechanism !== undefined) return mechanism;
  throw new ClientError(
    "no-mechanism",
    `the server offers ${offered.join(", ") || "nothing"}, of which nothing can be used safely here`,
  );
}

async function exchange(channel: Channel, mechanism: ClientMechanism): Promise<void> {
  for (let n = 0; n <= MAX_CHALLENGES; n++) {
    const answer = await nextElement(channel);
    if (answer.is(NS.sasl, "failure")) throw saslFailure.read(answer);
    if (answer.is(NS.sasl, "success")) {
      // only now is it known that this is the server that knows the account
      await mechanism.finish(saslSuccess.read(answer).data);
      return;
    }
    if (!answer.is(NS.sasl, "challenge")) throw unexpected(answer, "a challenge");
    channel.send(saslResponse.write(await respond(channel, mechanism, answer)));
  }
  throw new ClientError("protocol", `the server sent more than ${MAX_CHALLENGES} challenges`);
}

async function respond(
  channel: Channel,
  mechanism: ClientMechanism,
  challenge: Element,
): Promise<Uint8Array> {
  try {
    return await mechanism.respond(saslChallenge.read(challenge));
  } catch (error) {
    // RFC 6120 §6.4.4
    if (error instanceof SaslError) channel.send(saslAbort());
    throw error;
  }
}
