import type { ValueCodec } from "./api.ts";

/** Keeps values that JSON can say as they are. */
export function jsonCodec<T>(): ValueCodec<T> {
  return {
    encode: (value) => JSON.stringify(value),
    decode: (text) => JSON.parse(text) as T,
  };
}
