import { NS } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";

/** Why authentication fails: all conditions of RFC 6120 §6.5. */
export const SASL_CONDITIONS = [
  "aborted",
  "account-disabled",
  "credentials-expired",
  "encryption-required",
  "incorrect-encoding",
  "invalid-authzid",
  "invalid-mechanism",
  "malformed-request",
  "mechanism-too-weak",
  "not-authorized",
  "temporary-auth-failure",
] as const;

export type SaslCondition = (typeof SASL_CONDITIONS)[number];

/**
 * An authentication that failed: what a server answers with, and what a client throws when it gets
 * that answer or when the server does not prove who it is.
 *
 * The text of `not-authorized` is the same for an unknown user and a wrong password.
 */
export class SaslError extends Error {
  override readonly name: string = "SaslError";
  readonly condition: SaslCondition;

  /** @param cause what else went wrong (a storage that is not there), for the log. */
  constructor(condition: SaslCondition, text = "", cause?: unknown) {
    super(text, cause === undefined ? {} : { cause });
    this.condition = condition;
  }

  /** The `<failure/>` element (RFC 6120 §6.4.5), or that of another profile of SASL. */
  toElement(ns: string = NS.sasl): Element {
    return el(
      ns,
      "failure",
      {},
      el(NS.sasl, this.condition),
      this.message ? el(ns, "text", { "xml:lang": "en" }, this.message) : undefined,
    );
  }

  /** Reads a `<failure/>`; an unknown condition is read as `not-authorized` (RFC 6120 §6.5). */
  static read(failure: Element): SaslError {
    const condition = SASL_CONDITIONS.find((name) => failure.child(NS.sasl, name) !== undefined);
    const text = (failure.child(failure.ns, "text") ?? failure.child(NS.sasl, "text"))?.text ?? "";
    return new SaslError(condition ?? "not-authorized", text);
  }
}
