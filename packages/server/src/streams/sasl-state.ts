import { type Jid, StreamError } from "@rookery/protocol";
import {
  SASL2_NS,
  type Sasl2Authenticate,
  type ScramHash,
  type ServerMechanism,
  type UpgradeSalt,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Timer } from "../clock.ts";

/** The profiles of SASL: RFC 6120 §6, and XEP-0388. */
export type SaslProfile = "sasl" | "sasl2";

/** The tasks of an account that is to get more SCRAM keys (XEP-0480). */
export interface Upgrade {
  readonly account: Jid;
  readonly mechanism: string;
  readonly request: Sasl2Authenticate;
  /** The hashes that keys are still to be made of; the first is that of the task in hand. */
  readonly hashes: readonly ScramHash[];
  /** What the client is to make them with, once it has begun the task. */
  readonly salt: UpgradeSalt | undefined;
}

/** What a stream knows of its SASL negotiation. */
export class SaslState {
  /** Failed attempts. */
  tries = 0;
  /** The exchange in progress. */
  mechanism: ServerMechanism | undefined = undefined;
  /** By which profile it is. */
  profile: SaslProfile | undefined = undefined;
  /** What it was begun with, by SASL2. */
  request: Sasl2Authenticate | undefined = undefined;
  /** Before when no outcome is told, in milliseconds since 1970; known once the client has said who it is. */
  answerAt: number | undefined = undefined;
  /** What is done after the mechanism has succeeded, and before the client is let in (XEP-0480). */
  upgrade: Upgrade | undefined = undefined;
  #waiting: { readonly timer: Timer; readonly done: () => void } | undefined = undefined;

  /** The exchange is over, or has never been. */
  reset(): void {
    this.mechanism = undefined;
    this.profile = undefined;
    this.request = undefined;
    this.answerAt = undefined;
    this.upgrade = undefined;
  }

  /**
   * During an exchange by SASL2 nothing else comes (XEP-0388 §2.4), and nothing of SASL2 during one of
   * the older profile. @throws StreamError
   */
  expects({ name, ns }: Element): void {
    if (this.profile === undefined) return;
    const isSasl2 = ns === SASL2_NS;
    if (this.profile === "sasl" ? !isSasl2 : isSasl2 && name !== "authenticate") return;
    throw new StreamError("policy-violation", `<${name}/> came in the middle of an authentication`);
  }

  /** Waits, until the stream ends at the longest. */
  wait(start: (action: () => void) => Timer): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting = undefined;
        resolve();
      };
      this.#waiting = { timer: start(done), done };
    });
  }

  /** The stream has ended: nothing is waited for. */
  end(): void {
    this.#waiting?.timer.cancel();
    this.#waiting?.done();
  }
}
