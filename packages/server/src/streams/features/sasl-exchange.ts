/** What both profiles of SASL have in common: one exchange of a client, from its begin to its outcome. */
import { Jid, StreamError } from "@rookery/protocol";
import {
  after,
  SaslError,
  type SaslServer,
  type SaslStep,
  type SaslSuccess,
  serverMechanism,
} from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { C2sStream } from "../c2s.ts";
import type { SaslProfile } from "../sasl-state.ts";

/** What comes of a client's message, once it may be told. */
export type Outcome =
  | Exclude<SaslStep, SaslSuccess>
  | (SaslSuccess & {
      /** Who the client is now: a bare JID. */
      readonly account: Jid;
    });

/** Begins an exchange. @throws SaslError `invalid-mechanism` */
export function beginExchange(
  stream: C2sStream,
  profile: SaslProfile,
  {
    mechanism,
    initialResponse,
    server,
  }: {
    readonly mechanism: string;
    readonly initialResponse?: Uint8Array | undefined;
    readonly server: SaslServer;
  },
): Maybe<Outcome> {
  stream.sasl.mechanism = serverMechanism(mechanism, server);
  stream.sasl.profile = profile;
  return respond(stream, initialResponse);
}

/** Hands a response to the exchange in progress. @throws SaslError if there is none. */
export function continueExchange(stream: C2sStream, response: Uint8Array): Maybe<Outcome> {
  return respond(stream, response);
}

/**
 * The exchange has failed: it is over, and counted.
 *
 * @param answer sends the failure; the client may try again, a few times (RFC 6120 §6.4.5).
 */
export function failExchange(stream: C2sStream, error: SaslError, answer: () => void): void {
  const { log, limits } = stream.services;
  if (error.cause !== undefined) log.error("an authentication broke off", { error: error.cause });
  stream.sasl.reset();
  stream.sasl.tries++;
  answer();
  log.info("an authentication failed", {
    address: stream.connection.address,
    condition: error.condition,
    tries: stream.sasl.tries,
  });
  if (stream.sasl.tries >= limits.authenticationTries) {
    stream.close(new StreamError("policy-violation", "too many failed attempts to authenticate"));
  }
}

function respond(stream: C2sStream, message: Uint8Array | undefined): Maybe<Outcome> {
  const { mechanism } = stream.sasl;
  if (mechanism === undefined) {
    throw new SaslError("malformed-request", "<response/> came before an exchange was begun");
  }
  const step = mechanism.respond(message);
  askForDelay(stream);
  return step instanceof Promise
    ? step.then((late) => conclude(stream, late))
    : conclude(stream, step);
}

/**
 * Waits until it is the turn of a try that the client has made: before it is verified, where that
 * costs the server or others something. For who is gone by then nothing is done.
 */
export function itsTurn(stream: C2sStream): Maybe<void> {
  askForDelay(stream);
  return after(untilTurn(stream), () => {
    if (stream.closed) throw new SaslError("aborted", "the client is gone");
  });
}

/** A try stands in line as soon as the client has said who it is, before anything is verified. */
function askForDelay(stream: C2sStream): void {
  const { sasl, services, connection } = stream;
  if (sasl.answerAt !== undefined || sasl.mechanism?.claimed === undefined) return;
  if (!isGuessable(sasl.mechanism.name)) return;
  const waitMs = services.throttle.wait(connection.address, guessedAccount(stream));
  sasl.answerAt = services.clock.now() + waitMs;
}

function conclude(stream: C2sStream, step: SaslStep): Maybe<Outcome> {
  switch (step.step) {
    case "challenge":
      return step;
    case "failure":
      return later(stream, counted(stream, step));
    case "success":
      return admit(stream, step);
  }
}

/** Proven who it is; whether it may log in is asked before it is told so. */
async function admit(stream: C2sStream, step: SaslSuccess): Promise<Outcome> {
  const { host } = stream;
  if (host === undefined) throw new Error("SASL before a stream header");
  const account =
    stream.sasl.mechanism?.name === "EXTERNAL"
      ? Jid.parse(step.username).bare
      : Jid.of(step.username, host.domain.domain);
  try {
    await host.accounts.admit(account.local);
  } catch (error) {
    return later(stream, counted(stream, { step: "failure" as const, error: asSaslError(error) }));
  }
  const guessed = guessedAccount(stream);
  const outcome = await later(stream, { ...step, account });
  // who does not wait for the answer is not to learn it from what the next try has to wait
  if (!stream.closed) stream.services.throttle.succeeded(stream.connection.address, guessed);
  return outcome;
}

/** Only what may have been a guess counts as one, at once: whoever does not wait is counted too. */
function counted<T extends { readonly error: SaslError }>(stream: C2sStream, failure: T): T {
  const { services, connection, sasl } = stream;
  if (failure.error.condition === "not-authorized" && isGuessable(sasl.mechanism?.name)) {
    services.throttle.failed(connection.address, guessedAccount(stream));
  }
  return failure;
}

/** The outcome, when it is time to tell it; the other streams go on meanwhile. */
function later(stream: C2sStream, outcome: Outcome): Maybe<Outcome> {
  return after(untilTurn(stream), () => outcome);
}

function untilTurn(stream: C2sStream): Maybe<void> {
  const { sasl, services } = stream;
  const waitMs = (sasl.answerAt ?? 0) - services.clock.now();
  if (waitMs <= 0 || stream.closed) return undefined;
  return sasl.wait((action) => services.clock.after(waitMs, action));
}

/** The account whose password may be guessed; tokens and certificates cannot be. */
function guessedAccount({ sasl, host }: C2sStream): string | undefined {
  const { mechanism } = sasl;
  if (mechanism?.claimed === undefined || host === undefined) return undefined;
  if (!isGuessable(mechanism.name)) return undefined;
  return Jid.of(mechanism.claimed, host.domain.domain).toString();
}

/** Whether what the client proves may be guessed: a password. */
function isGuessable(mechanism: string | undefined): boolean {
  return mechanism === "PLAIN" || mechanism?.startsWith("SCRAM-") === true;
}

/** What is no fault of the client is one of ours (a storage that is not there). */
export function asSaslError(error: unknown): SaslError {
  if (error instanceof SaslError) return error;
  return new SaslError("temporary-auth-failure", "authentication is not possible now", error);
}
