/**
 * What can go wrong between this program and its server:
 *
 * - `closed`: this side has closed, or was not open;
 * - `lost`: the connection broke, or the server closed it without a word;
 * - `timeout`: something took too long;
 * - `tls-required`: the server does not offer TLS, which was asked for;
 * - `no-mechanism`: there is no way to authenticate that both sides know and that is safe;
 * - `protocol`: the other end said what it may not say here;
 * - `queue-full`: too much waits to be sent, or too many requests wait for an answer.
 */
export type ClientErrorCode =
  | "closed"
  | "lost"
  | "timeout"
  | "tls-required"
  | "no-mechanism"
  | "protocol"
  | "queue-full";

/**
 * An error of the connection or of its use. Other errors have types of their own: `StanzaError` is
 * what another entity answered, `StreamError` why the server ended the stream, `SaslError` why it did
 * not let us in.
 */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, text: string, cause?: unknown) {
    super(text, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
