/** The GS2 header before a client's first message (RFC 5801 §4, RFC 5802 §7). */
export interface Gs2Header {
  /**
   * `none`: the client cannot bind channels; `unoffered`: it could, but believes that the server
   * cannot; otherwise the type of channel binding that is used.
   */
  readonly binding: Gs2Binding;
  /** Who the client wants to act as. */
  readonly authzid: string | undefined;
}

export type Gs2Binding =
  | { readonly flag: "n" }
  | { readonly flag: "y" }
  | { readonly flag: "p"; readonly type: string };

/** The header at the beginning of a message, with its length, or undefined if there is none. */
export function readGs2Header(
  message: string,
): { readonly header: Gs2Header; readonly length: number } | undefined {
  const match = HEADER.exec(message);
  if (match === null) return undefined;
  const [text, flag, type, authzid] = match;
  return {
    header: {
      binding: type !== undefined ? { flag: "p", type } : { flag: flag === "n" ? "n" : "y" },
      authzid: authzid && readSaslName(authzid),
    },
    length: text.length,
  };
}

export function writeGs2Header({ binding, authzid }: Gs2Header): string {
  const flag = binding.flag === "p" ? `p=${binding.type}` : binding.flag;
  return `${flag},${authzid === undefined ? "" : `a=${writeSaslName(authzid)}`},`;
}

/** The text of a `saslname` that has the syntax of {@link SASL_NAME}. */
export function readSaslName(name: string): string {
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

export function writeSaslName(text: string): string {
  return text.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** RFC 5802 §7, `saslname`: neither NUL nor a comma, and `=` only as an escape. */
export const SASL_NAME: RegExp = /^(?:[^\0,=]|=2C|=3D)+$/u;

/** The names of channel bindings (`cb-name`) are registered ones; none is as long as 64 characters. */
const HEADER = /^(n|y|p=([A-Za-z0-9.-]{1,64})),(?:a=((?:[^\0,=]|=2C|=3D)+))?,/u;
