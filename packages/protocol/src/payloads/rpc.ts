/** Jabber-RPC, calls of XML-RPC: XEP-0009 (2.2). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError } from "../errors.ts";
import { quoted } from "../reading.ts";
import { RPC_NS, type RpcValue, readRpcValue, rpcBudget, writeRpcValue } from "./rpc-values.ts";

/** A call: the `<query/>` of an IQ of type `set` (XEP-0009 §2). */
export interface RpcCall {
  /** Letters, digits and `_ . : /`. */
  readonly method: string;
  readonly params: readonly RpcValue[];
}

/** What a call gave: the `<query/>` of a result. A fault is an error of the application (§2). */
export type RpcResponse =
  | { readonly value: RpcValue; readonly fault?: undefined }
  | { readonly fault: RpcFault };

/** What went wrong in the function that was called; throw it to answer with it. */
export class RpcFault extends Error {
  override readonly name: string = "RpcFault";
  /** What programs may look at; an integer of 32 bits. */
  readonly code: number;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/**
 * The `<query/>` of a call.
 * @throws StanzaError `bad-request` for what is not a call, nests deeper than 32 values or has more
 * than 10,000. Writing throws TypeError for a value that XML-RPC has no type for.
 */
export const rpcCall: Codec<RpcCall> = codec<RpcCall>({
  ns: RPC_NS,
  name: "query",
  read(query) {
    const call = query.child(RPC_NS, "methodCall");
    if (call === undefined) throw refused("a call has a <methodCall/>");
    const method = call.child(RPC_NS, "methodName")?.text.trim() ?? "";
    if (!METHOD.test(method)) throw refused(`${quoted(method)} is not the name of a method`);
    return { method, params: readParams(call) };
  },
  write({ method, params }) {
    if (!METHOD.test(method)) throw new TypeError(`"${method}" is not the name of a method`);
    const call = el(
      RPC_NS,
      "methodCall",
      {},
      el(RPC_NS, "methodName", {}, method),
      writeParams(params),
    );
    return el(RPC_NS, "query", {}, call);
  },
});

/** The `<query/>` of a response. @throws as {@link rpcCall} does */
export const rpcResponse: Codec<RpcResponse> = codec<RpcResponse>({
  ns: RPC_NS,
  name: "query",
  read(query) {
    const response = query.child(RPC_NS, "methodResponse");
    if (response === undefined) throw refused("a response has a <methodResponse/>");
    const fault = response.child(RPC_NS, "fault");
    if (fault !== undefined) return { fault: readFault(fault) };
    const [value, ...others] = readParams(response);
    if (value === undefined || others.length > 0) throw refused("a response has one value");
    return { value };
  },
  write: (response) =>
    el(
      RPC_NS,
      "query",
      {},
      el(
        RPC_NS,
        "methodResponse",
        {},
        response.fault ? writeFault(response.fault) : writeParams([response.value]),
      ),
    ),
});

/** XEP-0009 §8; there, a name may be empty. */
const METHOD = /^[A-Za-z0-9/.:_]{1,1024}$/;

function readParams(parent: Element): RpcValue[] {
  const budget = rpcBudget();
  const params = parent.child(RPC_NS, "params")?.elements(RPC_NS, "param") ?? [];
  return params.map((param) => readRpcValue(valueIn(param), budget));
}

function writeParams(params: readonly RpcValue[]): Element {
  const written = params.map((value) => el(RPC_NS, "param", {}, writeRpcValue(value)));
  return el(RPC_NS, "params", {}, ...written);
}

function readFault(fault: Element): RpcFault {
  const value = readRpcValue(valueIn(fault), rpcBudget());
  if (typeof value === "object" && "faultCode" in value && "faultString" in value) {
    const { faultCode, faultString } = value;
    if (typeof faultCode === "number" && typeof faultString === "string") {
      return new RpcFault(faultCode, faultString);
    }
  }
  throw refused("a <fault/> has a faultCode and a faultString");
}

function writeFault({ code, message }: RpcFault): Element {
  return el(RPC_NS, "fault", {}, writeRpcValue({ faultCode: code | 0, faultString: message }));
}

function valueIn(parent: Element): Element {
  const value = parent.child(RPC_NS, "value");
  if (value === undefined) throw refused(`<${parent.name}/> needs its <value/>`);
  return value;
}

function refused(text: string): StanzaError {
  return new StanzaError("bad-request", text);
}
