import { isRestart, isTerminate } from "./attributes.ts";
import type { BoshBody } from "./body-reader.ts";
import type { Settings } from "./settings.ts";

/** Watches that a client does not ask for nothing all the time (XEP-0124 §11, §12). */
export class Activity {
  readonly #settings: Settings;
  /** When the last request came, and whether it brought nothing. */
  #last: { readonly at: number; readonly empty: boolean } | undefined = undefined;
  /** The last response had something for the client. */
  #fed = true;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A response was given. */
  responded(withContent: boolean): void {
    this.#fed = withContent;
  }

  /**
   * The next new request.
   * @param unanswered requests without a response, this one among them.
   * @returns false if it came too soon.
   */
  accept(body: BoshBody, at: number, unanswered: number): boolean {
    const { polls, polling, requests } = this.#settings;
    const last = this.#last;
    const empty = bringsNothing(body);
    // the one that begins the session has its reason
    this.#last = { at, empty: empty && last !== undefined };
    if (last === undefined || !empty || at - last.at >= polling * 1000) return true;
    return polls ? !last.empty || this.#fed : unanswered < requests;
  }
}

function bringsNothing({ header, payload, error }: BoshBody): boolean {
  if (payload.length > 0 || error !== undefined) return false;
  return header.attr("pause") === undefined && !isTerminate(header) && !isRestart(header);
}
