import type { Jid } from "@rookery/protocol";
import type { Timer } from "../../clock.ts";
import { keyOf, type Registration } from "./registration.ts";

/** A registration, and what its client is to be told. */
export class Place {
  /** A bare JID. */
  readonly account: Jid;
  readonly key: string;
  registration: Registration;
  /** Messages since its client was there. */
  messages = 0;
  /** Requests to see the account's presence since its client was there. */
  requests = 0;
  /** Of the last message, as far as it may be told. */
  sender: Jid | undefined = undefined;
  body: string | undefined = undefined;
  /** When it was told last, in milliseconds since 1970. */
  toldAt: number = Number.NEGATIVE_INFINITY;
  /** Its client has come back since. */
  fresh = true;
  /** The app server has not answered yet. */
  asking = false;
  /** Something is to be told that was not yet. */
  news = false;
  /** How often the app server has failed since it last did not. */
  failures = 0;
  /** When it is told next. */
  due: { readonly at: number; readonly timer: Timer } | undefined = undefined;
  /** Nothing is told there any more. */
  isGone = false;

  constructor(account: Jid, registration: Registration) {
    this.account = account;
    this.key = keyOf(registration.jid, registration.node);
    this.registration = registration;
  }

  /** Its client is there: it knows, or will hear, all there is. */
  seen(): void {
    this.messages = 0;
    this.requests = 0;
    this.sender = undefined;
    this.body = undefined;
    this.fresh = true;
    this.news = false;
    this.rest();
  }

  leave(): void {
    this.isGone = true;
    this.rest();
  }

  rest(): void {
    this.due?.timer.cancel();
    this.due = undefined;
  }
}
