/** Why a session ends, or none begins (XEP-0124 §17.2). */
export type BindingCondition =
  | "bad-request"
  | "host-unknown"
  | "improper-addressing"
  | "internal-server-error"
  | "item-not-found"
  | "other-request"
  | "policy-violation"
  | "remote-connection-failed"
  | "remote-stream-error"
  | "system-shutdown";

/** A request that ends its session, or begins none. */
export class BindingError extends Error {
  override readonly name: string = "BindingError";
  readonly condition: BindingCondition;

  /** @param text for the log: constrained clients see the condition alone. */
  constructor(condition: BindingCondition, text: string) {
    super(text);
    this.condition = condition;
  }
}
