/** Jabber-RPC: XEP-0009 (2.2). */
import {
  type Jid,
  type RpcCall,
  RpcDouble,
  RpcFault,
  type RpcResponse,
  type RpcStruct,
  type RpcValue,
  rpcCall,
  rpcResponse,
  StanzaError,
} from "@rookery/protocol";
import type { Maybe } from "@rookery/stream";
import type { Entity } from "./entity.ts";

/** What the types of XML-RPC are here. */
export interface RpcTypes {
  readonly int: number;
  readonly boolean: boolean;
  readonly string: string;
  readonly double: number;
  readonly dateTime: Date;
  readonly base64: Uint8Array;
  readonly array: readonly RpcValue[];
  readonly struct: RpcStruct;
}

export type RpcTypeName = keyof RpcTypes;

/** Values of types, one for one. */
export type RpcValues<P extends readonly RpcTypeName[]> = {
  readonly [I in keyof P]: RpcTypes[P[I]];
};

/** Who calls. */
export interface RpcCaller {
  readonly from: Jid;
  readonly to: Jid | undefined;
}

/** A function that others may call; {@link rpcMethod} makes it. */
export interface RpcMethod {
  readonly params: readonly RpcTypeName[];
  /** Is called only with what `params` say. */
  call(caller: RpcCaller, params: readonly RpcValue[]): Maybe<RpcValue>;
}

/** Functions by their names. */
export interface RpcMethods {
  readonly [name: string]: RpcMethod;
}

/** Fault codes that implementations of XML-RPC have agreed on for what is not the application's. */
export const RPC_FAULTS: {
  readonly noSuchMethod: number;
  readonly invalidParams: number;
  readonly internal: number;
} = { noSuchMethod: -32601, invalidParams: -32602, internal: -32603 };

/**
 * A function that others may call, with the types of its parameters.
 *
 * @param handler throws {@link RpcFault} for an error that the caller is to see.
 * @example
 * rpcMethod(["int", "int"], (_caller, a, b) => a + b)
 */
export function rpcMethod<const P extends readonly RpcTypeName[]>(
  params: P,
  handler: (caller: RpcCaller, ...values: RpcValues<P>) => Maybe<RpcValue>,
): RpcMethod {
  return {
    params,
    // the values were compared with the types
    call: (caller, values) => handler(caller, ...(values as RpcValues<P>)),
  };
}

/** Calls functions of others, and lets others call one's own. */
export class Rpc {
  readonly #entity: Entity;
  readonly #onError: (error: unknown) => void;

  /** @param onError is told what functions throw that is no fault. */
  constructor(entity: Entity, onError: (error: unknown) => void) {
    this.#entity = entity;
    this.#onError = onError;
  }

  /**
   * Lets others call functions.
   *
   * @param allow says who may; the others get `forbidden` (XEP-0009 §5).
   * @returns a function that ends it. @throws Error if functions are served already.
   */
  serve(
    methods: RpcMethods,
    { allow }: { readonly allow: (caller: RpcCaller) => Maybe<boolean> },
  ): () => void {
    const known = new Map(Object.entries(methods));
    return this.#entity.iq("set", rpcCall, async ({ query, iq }) => {
      const caller: RpcCaller = { from: iq.from, to: iq.to };
      if (!(await allow(caller))) throw new StanzaError("forbidden", "you may not call functions");
      return rpcResponse.write(await this.#call(known.get(query.method), caller, query));
    });
  }

  /**
   * Calls a function and gives what it returned, which must be of a type if one is named.
   *
   * @throws RpcFault if the function fails; RpcFault `invalidParams` for a result of another type;
   * StanzaError, ClientError as `Entity.request` does; TypeError for what XML-RPC has no type for.
   */
  call(to: Jid, method: string, params: readonly RpcValue[]): Promise<RpcValue>;
  call<T extends RpcTypeName>(
    to: Jid,
    method: string,
    params: readonly RpcValue[],
    result: T,
  ): Promise<RpcTypes[T]>;
  async call(
    to: Jid,
    method: string,
    params: readonly RpcValue[],
    result?: RpcTypeName,
  ): Promise<RpcValue> {
    const payload = rpcCall.write({ method, params });
    const response = await this.#entity.request({ type: "set", to, payload }, rpcResponse);
    if (response.fault) throw response.fault;
    if (result !== undefined && !isOf(result, response.value)) {
      throw new RpcFault(
        RPC_FAULTS.invalidParams,
        `"${method}" did not return a value of type ${result}`,
      );
    }
    return response.value;
  }

  async #call(
    method: RpcMethod | undefined,
    caller: RpcCaller,
    { method: name, params }: RpcCall,
  ): Promise<RpcResponse> {
    try {
      if (method === undefined) {
        throw new RpcFault(RPC_FAULTS.noSuchMethod, `there is no method "${name}"`);
      }
      checkParams(method, params);
      return { value: await method.call(caller, params) };
    } catch (error) {
      if (error instanceof RpcFault) return { fault: error };
      if (error instanceof StanzaError) throw error;
      this.#onError(error);
      return { fault: new RpcFault(RPC_FAULTS.internal, "the method failed") };
    }
  }
}

function checkParams({ params: types }: RpcMethod, values: readonly RpcValue[]): void {
  const fits = types.length === values.length && types.every((type, i) => isOf(type, values[i]));
  if (fits) return;
  const expected = types.join(", ") || "none";
  throw new RpcFault(RPC_FAULTS.invalidParams, `the parameters of this method are: ${expected}`);
}

function isOf(type: RpcTypeName, value: RpcValue | undefined): boolean {
  switch (type) {
    case "int":
      return typeof value === "number" && Number.isInteger(value);
    case "double":
      return typeof value === "number";
    case "boolean":
    case "string":
      return typeof value === type;
    case "dateTime":
      return value instanceof Date;
    case "base64":
      return value instanceof Uint8Array;
    case "array":
      return Array.isArray(value);
    case "struct":
      return (
        typeof value === "object" &&
        !Array.isArray(value) &&
        !(value instanceof Date || value instanceof Uint8Array || value instanceof RpcDouble)
      );
  }
}
