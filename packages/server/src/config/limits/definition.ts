/** What a limit counts. */
export type LimitUnit = "bytes" | "bytes per second" | "seconds" | "count";

/** How one limit is declared. */
export interface LimitDefinition {
  readonly default: number;
  readonly unit: LimitUnit;
  /** The least value that makes sense. */
  readonly min: number;
  /** True if 0 turns the limit off; false where something must always bound what comes from outside. */
  readonly off: boolean;
  readonly doc: string;
}
