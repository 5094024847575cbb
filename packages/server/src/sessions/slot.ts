/** Typed state that a module keeps on a session; keyed by name, so that it survives a reload. */
export interface Slot<T> {
  readonly name: string;
  readonly initial: T;
  /** Other nodes of a cluster can see it. */
  readonly shared: boolean;
  /** How it outlives a restart of the server with its session; without it, it does not. */
  readonly text: SlotText<T> | undefined;
}

export interface SlotText<T> {
  write(value: T): string;
  read(text: string): T;
}

export function slot<T>(
  name: string,
  initial: T,
  options: { readonly shared?: boolean; readonly text?: SlotText<T> } = {},
): Slot<T> {
  return { name, initial, shared: options.shared ?? false, text: options.text };
}

/** A slot that is true or false, and outlives a restart. */
export function flag(name: string): Slot<boolean> {
  return slot(name, false, { text: { write: String, read: (text) => text === "true" } });
}

interface Kept {
  value: unknown;
  readonly write: (() => string) | undefined;
}

/** The slots of one session. */
export class Slots {
  #values: Map<string, Kept> | undefined;
  /** What was stored of slots that nobody has asked for yet. */
  #stored: Map<string, string> | undefined;

  get<T>(slot: Slot<T>): T {
    const { name, text } = slot;
    const kept = this.#values?.get(name);
    if (kept !== undefined) return kept.value as T;
    const stored = this.#stored?.get(name);
    if (stored === undefined || text === undefined) return slot.initial;
    const value = text.read(stored);
    this.set(slot, value);
    return value;
  }

  set<T>(slot: Slot<T>, value: T): void {
    const { name, text } = slot;
    this.#stored?.delete(name);
    const write = text && ((): string => text.write(value));
    (this.#values ??= new Map()).set(name, { value, write });
  }

  /** What outlives a restart, as text. */
  store(): Record<string, string> {
    const stored: [string, string][] = [...(this.#stored ?? [])];
    for (const [name, { write }] of this.#values ?? []) if (write) stored.push([name, write()]);
    return Object.fromEntries(stored);
  }

  restore(stored: Readonly<Record<string, string>>): void {
    this.#stored = new Map(Object.entries(stored));
  }
}
