/** The sessions in which commands are executed: XEP-0050 (1.3.1) §4.3. */

import { StanzaError } from "../errors.ts";
import type { FieldDefinitions, FormDefinition } from "../form-definition.ts";
import type { Jid } from "../jid.ts";
import { commandError } from "../payloads/command.ts";
import type { AdHocCommand, StageValues } from "./define-command.ts";

/** Bounds on sessions. */
export interface CommandSessionLimits {
  /** Of all requesters together; further ones are refused. */
  readonly sessions: number;
  /** Of one account; the one that waits longest ends for a further one. */
  readonly sessionsPerRequester: number;
  /** Milliseconds until a session ends in which nothing is done. */
  readonly idleMs: number;
}

/** People fill in forms slowly, and close their windows without a word. */
export const COMMAND_SESSION_LIMITS: CommandSessionLimits = {
  sessions: 1000,
  sessionsPerRequester: 5,
  idleMs: 10 * 60_000,
};

/** Ends of sessions that are remembered, to tell what has expired from what never was. */
const REMEMBERED_ENDS = 1000;

/** A command in the middle of its stages. */
export interface CommandSession<C> {
  readonly id: string;
  readonly command: AdHocCommand<C>;
  readonly requester: Jid;
  readonly lang: string | undefined;
  /** Index of the stage whose form is filled in. */
  stage: number;
  /** The form that was shown last. */
  form: FormDefinition<FieldDefinitions> | undefined;
  /** What was submitted so far. */
  values: StageValues;
  /** A request of this session is being worked on. */
  busy: boolean;
  /** Milliseconds, by the clock of the sessions. */
  until: number;
}

/** The open sessions of one responder; without timers, what is over is dropped when looked at. */
export class CommandSessions<C> {
  readonly #limits: CommandSessionLimits;
  readonly #now: () => number;
  readonly #newId: () => string;
  /** Those that wait longest come first. */
  readonly #open: Map<string, CommandSession<C>> = new Map();
  readonly #ended: Set<string> = new Set();

  /** @param newId gives identifiers that nobody can guess. */
  constructor(limits: CommandSessionLimits, now: () => number, newId: () => string) {
    this.#limits = limits;
    this.#now = now;
    this.#newId = newId;
  }

  /** How many sessions are open. */
  get size(): number {
    this.#dropIdle();
    return this.#open.size;
  }

  /** @throws StanzaError `resource-constraint` if there are too many sessions. */
  begin(command: AdHocCommand<C>, requester: Jid, lang: string | undefined): CommandSession<C> {
    this.#dropIdle();
    this.#makeRoom(requester);
    if (this.#open.size >= this.#limits.sessions) {
      throw new StanzaError(
        "resource-constraint",
        "too many commands are being executed; try later",
      );
    }
    const session: CommandSession<C> = {
      id: this.#newId(),
      command,
      requester,
      lang,
      stage: 0,
      form: undefined,
      values: {},
      busy: false,
      until: this.#now() + this.#limits.idleMs,
    };
    this.#open.set(session.id, session);
    return session;
  }

  /**
   * The session of a request; it lives on from now.
   * @throws StanzaError with `session-expired` or, for another's or an unknown one, `bad-sessionid`.
   */
  find(id: string, node: string, requester: Jid): CommandSession<C> {
    this.#dropIdle();
    const session = this.#open.get(id);
    if (session === undefined && this.#ended.has(id)) {
      throw commandError("session-expired", "this session has ended; execute the command again");
    }
    if (session?.command.node !== node || !session.requester.equals(requester)) {
      throw commandError("bad-sessionid", "you have no such session of this command");
    }
    session.until = this.#now() + this.#limits.idleMs;
    this.#open.delete(id);
    this.#open.set(id, session);
    return session;
  }

  end(session: CommandSession<C>): void {
    if (!this.#open.delete(session.id)) return;
    this.#ended.add(session.id);
    if (this.#ended.size <= REMEMBERED_ENDS) return;
    const [oldest] = this.#ended;
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Ends the sessions of a command that is no more. */
  endAll(command: AdHocCommand<C>): void {
    for (const session of this.#open.values()) if (session.command === command) this.end(session);
  }

  #dropIdle(): void {
    const now = this.#now();
    for (const session of this.#open.values()) {
      if (session.until > now) return;
      this.end(session);
    }
  }

  #makeRoom(requester: Jid): void {
    const own: CommandSession<C>[] = [];
    for (const session of this.#open.values()) {
      if (session.requester.bare.equals(requester.bare)) own.push(session);
    }
    const tooMany = own.length + 1 - this.#limits.sessionsPerRequester;
    for (const session of own.slice(0, Math.max(0, tooMany))) this.end(session);
  }
}
