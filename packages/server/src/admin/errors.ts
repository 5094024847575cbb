/** What kept a command from being done, for programs to tell apart. */
export type AdminErrorCode =
  /** The request is no JSON, lacks something, or has an address that is none. */
  | "bad-request"
  | "unknown-command"
  | "already-exists"
  | "not-found"
  /** It cannot be done with this value or this configuration; the text says why. */
  | "refused"
  /** The server failed; its log says more. */
  | "internal"
  /** The connection to the server ended before it answered: whether it was done is not known. */
  | "disconnected";

const CODES: ReadonlySet<string> = new Set<AdminErrorCode>([
  "bad-request",
  "unknown-command",
  "already-exists",
  "not-found",
  "refused",
  "internal",
  "disconnected",
]);

/** A command of an administrator was not done; the text says why and what to do. */
export class AdminError extends Error {
  override readonly name: string = "AdminError";
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
  }
}

export function isAdminErrorCode(code: string): code is AdminErrorCode {
  return CODES.has(code);
}
