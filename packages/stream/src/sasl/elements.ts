/** The elements of SASL negotiation (RFC 6120 §6.4). */
import { type Codec, codec, NS } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { SaslError } from "./error.ts";

/** What a client begins with (RFC 6120 §6.4.2). */
export interface SaslAuth {
  readonly mechanism: string;
  /** Undefined if there is none, which is not the same as an empty one. */
  readonly initialResponse: Uint8Array | undefined;
}

/** `<auth/>`. Reading throws SaslError: `invalid-mechanism`, `malformed-request`, `incorrect-encoding`. */
export const saslAuth: Codec<SaslAuth> = codec<SaslAuth>({
  ns: NS.sasl,
  name: "auth",
  read(element) {
    const mechanism = element.attr("mechanism");
    if (!mechanism) throw new SaslError("invalid-mechanism", "<auth/> does not name a mechanism");
    return { mechanism, initialResponse: readData(element) };
  },
  write: ({ mechanism, initialResponse }) =>
    el(NS.sasl, "auth", { mechanism }, writeData(initialResponse)),
});

/** `<challenge/>` (RFC 6120 §6.4.3). Reading throws SaslError `malformed-request`, `incorrect-encoding`. */
export const saslChallenge: Codec<Uint8Array> = message("challenge");

/** `<response/>` (RFC 6120 §6.4.3). Reading throws SaslError `malformed-request`, `incorrect-encoding`. */
export const saslResponse: Codec<Uint8Array> = message("response");

/** `<success/>` with its additional data, if there is any (RFC 6120 §6.4.6). Reading throws as above. */
export const saslSuccess: Codec<SaslSuccessData> = codec<SaslSuccessData>({
  ns: NS.sasl,
  name: "success",
  read: (element) => ({ data: readData(element) }),
  write: ({ data }) => el(NS.sasl, "success", {}, writeData(data)),
});

export interface SaslSuccessData {
  readonly data?: Uint8Array | undefined;
}

/** `<failure/>` (RFC 6120 §6.4.5). */
export const saslFailure: Codec<SaslError> = codec<SaslError>({
  ns: NS.sasl,
  name: "failure",
  read: (element) => SaslError.read(element),
  write: (error) => error.toElement(),
});

/** The names of the offered mechanisms, best first (RFC 6120 §6.4.1). */
export const saslMechanisms: Codec<readonly string[]> = codec<readonly string[]>({
  ns: NS.sasl,
  name: "mechanisms",
  read: (element) => element.elements(NS.sasl, "mechanism").map((child) => child.text),
  write: (names) =>
    el(NS.sasl, "mechanisms", {}, ...names.map((name) => el(NS.sasl, "mechanism", {}, name))),
});

/** What may be in place of the next message of the client (RFC 6120 §6.4.4). */
export function saslAbort(): Element {
  return el(NS.sasl, "abort");
}

function message(name: "challenge" | "response"): Codec<Uint8Array> {
  return codec<Uint8Array>({
    ns: NS.sasl,
    name,
    read: (element) => readData(element) ?? new Uint8Array(),
    write: (data) => el(NS.sasl, name, {}, encodeBase64(data)),
  });
}

/** A single equals sign is data of no length (RFC 6120 §6.4.2), an empty element none. */
function readData(element: Element): Uint8Array | undefined {
  if (element.elements().length > 0) {
    throw new SaslError("malformed-request", `<${element.name}/> has no child elements`);
  }
  const { text } = element;
  if (text === "") return undefined;
  const data = text === "=" ? new Uint8Array() : decodeBase64(text);
  if (data === undefined) {
    // RFC 6120 §13.9.1: what is not in the alphabet is refused, not passed over
    throw new SaslError("incorrect-encoding", `<${element.name}/> is not base64 (RFC 4648 §4)`);
  }
  return data;
}

function writeData(data: Uint8Array | undefined): string | undefined {
  return data?.length === 0 ? "=" : data && encodeBase64(data);
}
