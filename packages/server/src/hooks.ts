import type { Stanza } from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";

export type { Maybe };

/**
 * Hooks: typed values by which the parts of the server meet (see `docs/architecture.md`).
 *
 * A Chain asks its handlers in the order of its named phases until one answers; a Flow leads a
 * stanza through its phases; a Collect gathers from all handlers; a Signal tells all of them.
 * A handler that has no need to wait returns its answer and not a promise: the path of a stanza
 * stays synchronous where it can.
 */
export interface Chain<E, R, P extends string> {
  readonly kind: "chain";
  readonly name: string;
  readonly phases: readonly P[];
  readonly _?: (event: E) => R;
}

/** A stanza on its way; a handler may let it pass, replace it, stop it, or refuse it by throwing. */
export interface Flow<E extends { readonly stanza: Stanza }, P extends string> {
  readonly kind: "flow";
  readonly name: string;
  readonly phases: readonly P[];
  readonly _?: (event: E) => void;
}

export interface Collect<E, T> {
  readonly kind: "collect";
  readonly name: string;
  readonly _?: (event: E) => T;
}

export interface Signal<E> {
  readonly kind: "signal";
  readonly name: string;
  readonly _?: (event: E) => void;
}

/** Answers, or returns undefined to let the next handler speak. */
export type ChainHandler<E, R> = (event: E) => Maybe<R | undefined | void>;
/** Returns the stanza that replaces the event's, `"handled"` to end its way here, or nothing. */
export type FlowHandler<E> = (event: E) => Maybe<Stanza | "handled" | undefined | void>;
export type CollectHandler<E, T> = (event: E) => Iterable<T>;
export type SignalHandler<E> = (event: E) => Maybe<void>;

export function chain<E, R, const P extends string>(
  name: string,
  phases: readonly P[],
): Chain<E, R, P> {
  return { kind: "chain", name, phases };
}

export function flow<E extends { readonly stanza: Stanza }, const P extends string>(
  name: string,
  phases: readonly P[],
): Flow<E, P> {
  return { kind: "flow", name, phases };
}

export function collect<E, T>(name: string): Collect<E, T> {
  return { kind: "collect", name };
}

export function signal<E>(name: string): Signal<E> {
  return { kind: "signal", name };
}

export type AnyHook =
  | Chain<never, unknown, string>
  | Flow<never, string>
  | Collect<never, unknown>
  | Signal<never>;

interface Entry {
  readonly phase: string;
  readonly owner: string;
  readonly handler: (event: never) => unknown;
}

interface Registered {
  readonly phases: readonly string[];
  /** In the order of phases, then of registration; replaced, never changed, so that a run in progress is undisturbed. */
  entries: readonly Entry[];
}

/** The handlers of one host. */
export class Hooks {
  readonly #registered: Map<string, Registered> = new Map();
  readonly #onError: (hook: string, owner: string, error: unknown) => void;

  /** @param onError told when the handler of a signal fails; the other handlers go on. */
  constructor(onError: (hook: string, owner: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /**
   * Adds a handler.
   * @param owner the module it belongs to, for the printed order.
   * @returns a function that removes it.
   */
  add(hook: AnyHook, phase: string, owner: string, handler: (event: never) => unknown): () => void {
    const phases = "phases" in hook ? hook.phases : [""];
    if (!phases.includes(phase)) {
      throw new Error(`hook ${hook.name} has no phase "${phase}"; it has ${phases.join(", ")}`);
    }
    let registered = this.#registered.get(hook.name);
    if (registered === undefined) {
      registered = { phases, entries: [] };
      this.#registered.set(hook.name, registered);
    }
    const entry: Entry = { phase, owner, handler };
    const target = registered;
    target.entries = inPhaseOrder(phases, [...target.entries, entry]);
    return () => {
      target.entries = target.entries.filter((other) => other !== entry);
    };
  }

  /** Asks the handlers of a chain in order until one answers; a promise only if one had to wait. */
  run<E, R, P extends string>(hook: Chain<E, R, P>, event: E): Maybe<R | undefined> {
    const entries = this.#registered.get(hook.name)?.entries;
    if (entries === undefined) return undefined;
    for (let i = 0; i < entries.length; i++) {
      const answer = call<R>(entries[i] as Entry, event);
      if (answer instanceof Promise) return this.#runRest(entries, i + 1, event, answer);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #runRest<R>(
    entries: readonly Entry[],
    from: number,
    event: unknown,
    first: Promise<R | undefined | void>,
  ): Promise<R | undefined> {
    let answer = await first;
    for (let i = from; answer === undefined && i < entries.length; i++) {
      answer = await call<R>(entries[i] as Entry, event);
    }
    return answer as R | undefined;
  }

  /**
   * Leads the stanza of an event through a flow.
   * @returns the event with the stanza as the handlers left it, or undefined if one handled it.
   */
  lead<E extends { readonly stanza: Stanza }, P extends string>(
    hook: Flow<E, P>,
    event: E,
  ): Maybe<E | undefined> {
    const entries = this.#registered.get(hook.name)?.entries;
    if (entries === undefined) return event;
    let current = event;
    for (let i = 0; i < entries.length; i++) {
      const answer = call<Stanza | "handled">(entries[i] as Entry, current);
      if (answer instanceof Promise) return this.#leadRest(entries, i + 1, current, answer);
      if (answer === "handled") return undefined;
      if (answer !== undefined) current = { ...current, stanza: answer };
    }
    return current;
  }

  async #leadRest<E extends { readonly stanza: Stanza }>(
    entries: readonly Entry[],
    from: number,
    event: E,
    first: Promise<Stanza | "handled" | undefined | void>,
  ): Promise<E | undefined> {
    let current = event;
    let answer = await first;
    for (let i = from; ; i++) {
      if (answer === "handled") return undefined;
      if (answer !== undefined) current = { ...current, stanza: answer };
      if (i >= entries.length) return current;
      answer = await call<Stanza | "handled">(entries[i] as Entry, current);
    }
  }

  /** Everything that the handlers of a Collect give. */
  gather<E, T>(hook: Collect<E, T>, event: E): T[] {
    const all: T[] = [];
    for (const entry of this.#registered.get(hook.name)?.entries ?? []) {
      for (const item of (entry.handler as (event: unknown) => Iterable<T>)(event)) all.push(item);
    }
    return all;
  }

  /** Tells all handlers of a signal; an error of one is reported and does not reach the others. */
  emit<E>(hook: Signal<E>, event: E): void {
    for (const entry of this.#registered.get(hook.name)?.entries ?? []) {
      try {
        const done = call<void>(entry, event);
        if (done instanceof Promise) {
          done.catch((error: unknown) => this.#onError(hook.name, entry.owner, error));
        }
      } catch (error) {
        this.#onError(hook.name, entry.owner, error);
      }
    }
  }

  /** One line for each handler, in the order they are asked: `hook phase owner`. */
  order(): string[] {
    return [...this.#registered]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, { entries }]) =>
        entries.map(({ phase, owner }) => [name, phase, owner].filter(Boolean).join(" ")),
      );
  }
}

function call<R>(entry: Entry, event: unknown): Maybe<R | undefined | void> {
  return (entry.handler as (event: unknown) => Maybe<R | undefined | void>)(event);
}

function inPhaseOrder(phases: readonly string[], entries: readonly Entry[]): readonly Entry[] {
  return phases.flatMap((phase) => entries.filter((entry) => entry.phase === phase));
}
