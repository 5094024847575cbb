/** Typed state that a module keeps on a session; keyed by name, so that it survives a reload. */
export interface Slot<T> {
  readonly name: string;
  readonly initial: T;
  /** Other nodes of a cluster can see it. */
  readonly shared: boolean;
}

export function slot<T>(name: string, initial: T, options: { shared?: boolean } = {}): Slot<T> {
  return { name, initial, shared: options.shared ?? false };
}

/** The slots of one session. */
export class Slots {
  #values: Map<string, unknown> | undefined;

  get<T>(slot: Slot<T>): T {
    const { name } = slot;
    return this.#values?.has(name) ? (this.#values.get(name) as T) : slot.initial;
  }

  set<T>(slot: Slot<T>, value: T): void {
    (this.#values ??= new Map()).set(slot.name, value);
  }
}
