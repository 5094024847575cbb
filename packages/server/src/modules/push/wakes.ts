import { body, type Jid, messageParts, type PushSummary, type Stanza } from "@rookery/protocol";
import type { Host } from "../../host.ts";
import type { PushOptions } from "./options.ts";
import type { Place } from "./place.ts";
import type { Places } from "./places.ts";
import { type Outcome, Publisher } from "./publisher.ts";
import { isCall } from "./worth.ts";

/** Milliseconds between two publications to one place, whatever happens. */
const LEAST_MS = 1000;
/** The longest that a place has to wait whose app server fails. */
const LONGEST_MS = 3_600_000;
/** So many failures in a row end a registration (XEP-0357 §7.1): with the pauses, about a day. */
const FAILURES = 30;
/** Of what the last message says, so many characters are told. */
const BODY_CHARACTERS = 200;

/** Wakes clients: the first time at once, and again only if they do not come. */
export class Wakes {
  readonly #host: Host;
  readonly #places: Places;
  readonly #options: PushOptions;
  readonly #publisher: Publisher;

  constructor(host: Host, places: Places, options: PushOptions) {
    this.#host = host;
    this.#places = places;
    this.#options = options;
    this.#publisher = new Publisher(host);
  }

  /** There are messages for a client that is not there; the last one is given. */
  message(place: Place, message: Stanza, count = 1): void {
    place.messages += count;
    place.sender = this.#options.sender ? message.from : undefined;
    place.body = this.#options.body ? textOf(message) : undefined;
    this.#tell(place, isCall(message));
  }

  /** Someone asks to see the presence of an account whose client is not there. */
  request(place: Place, contact: Jid): void {
    place.requests++;
    if (this.#options.sender) place.sender = contact;
    this.#tell(place, false);
  }

  #tell(place: Place, isUrgent: boolean): void {
    place.news = true;
    if (place.isGone || place.asking || this.#host.signal.aborted) return;
    const now = this.#host.clock.now();
    const at = place.toldAt + this.#pauseOf(place, isUrgent);
    if (at <= now) return this.#publish(place);
    if (place.due !== undefined && place.due.at <= at) return;
    place.rest();
    const timer = this.#host.clock.after(at - now, () => {
      place.due = undefined;
      if (place.news && !place.asking && !place.isGone) this.#publish(place);
    });
    place.due = { at, timer };
  }

  #pauseOf({ failures, fresh }: Place, isUrgent: boolean): number {
    const interval = this.#host.limits.pushIntervalSeconds * 1000;
    if (failures > 0) return Math.min(interval * 2 ** failures, LONGEST_MS);
    return fresh || isUrgent ? Math.min(LEAST_MS, interval) : interval;
  }

  #publish(place: Place): void {
    place.rest();
    place.toldAt = this.#host.clock.now();
    place.fresh = false;
    place.news = false;
    place.asking = true;
    this.#publisher.publish(place, summaryOf(place), (outcome) => this.#done(place, outcome));
  }

  #done(place: Place, outcome: Outcome): void {
    place.asking = false;
    if (place.isGone) return;
    if (outcome === "taken") place.failures = 0;
    else {
      place.failures++;
      // what was not told is told later, unless the client has come meanwhile
      place.news ||= place.messages + place.requests > 0;
    }
    if (outcome === "refused" || place.failures >= FAILURES) this.#giveUp(place);
    else if (place.news) this.#tell(place, false);
  }

  #giveUp(place: Place): void {
    const { log } = this.#host;
    const { jid } = place.registration;
    log.info("an app server takes no more for an account", {
      account: place.account.toString(),
      appServer: jid.toString(),
    });
    this.#places
      .remove(place)
      .catch((error: unknown) => log.error("a push registration was not removed", { error }));
  }
}

function summaryOf({ messages, requests, sender, body: text }: Place): PushSummary {
  return {
    ...(messages > 0 && { messageCount: messages }),
    ...(requests > 0 && { pendingSubscriptionCount: requests }),
    ...(sender && { lastMessageSender: sender }),
    ...(text !== undefined && { lastMessageBody: text }),
  };
}

/** What a message says; what is encrypted has a body that only says so. */
function textOf(message: Stanza): string | undefined {
  if (messageParts(message).has("encrypted")) return undefined;
  const text = body.in(message)?.text;
  return (
    text &&
    Array.from(text.slice(0, 2 * BODY_CHARACTERS))
      .slice(0, BODY_CHARACTERS)
      .join("")
  );
}
