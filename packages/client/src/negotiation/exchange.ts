import { type Maybe, SaslError } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Channel } from "../channel.ts";
import { ClientError } from "../errors.ts";
import { nextElement, unexpected } from "./conversation.ts";

/** A mechanism that has said its first message. */
export interface Speaking {
  respond(challenge: Uint8Array): Maybe<Uint8Array>;
  finish(data: Uint8Array | undefined): Maybe<void>;
}

/** How a profile of SASL says what a mechanism has to say. */
export interface Profile {
  readonly ns: string;
  readChallenge(element: Element): Uint8Array;
  writeResponse(data: Uint8Array): Element;
  readFailure(element: Element): SaslError;
  abort(): Element;
}

/** Challenges that a server may send; no mechanism here needs more than two. */
const MAX_CHALLENGES = 10;

/**
 * Answers challenges until the server has decided.
 *
 * @returns the element that is neither challenge nor failure.
 * @throws SaslError for a failure
 */
export async function exchange(
  channel: Channel,
  mechanism: Speaking,
  profile: Profile,
): Promise<Element> {
  for (let n = 0; n <= MAX_CHALLENGES; n++) {
    const answer = await nextElement(channel);
    if (answer.is(profile.ns, "failure")) throw profile.readFailure(answer);
    if (!answer.is(profile.ns, "challenge")) {
      if (answer.ns === profile.ns) return answer;
      throw unexpected(answer, "a challenge");
    }
    channel.send(profile.writeResponse(await respond(channel, mechanism, profile, answer)));
  }
  throw new ClientError("protocol", `the server sent more than ${MAX_CHALLENGES} challenges`);
}

async function respond(
  channel: Channel,
  mechanism: Speaking,
  profile: Profile,
  challenge: Element,
): Promise<Uint8Array> {
  try {
    return await mechanism.respond(profile.readChallenge(challenge));
  } catch (error) {
    // RFC 6120 §6.4.4
    if (error instanceof SaslError) channel.send(profile.abort());
    throw error;
  }
}
