/** The values of XML-RPC as Jabber-RPC carries them: XEP-0009 (2.2) §8. */
import { type Element, el } from "@rookery/xml";
import { formatDateTime, parseDateTime, parseLegacyDateTime } from "../datetime.ts";
import { StanzaError } from "../errors.ts";
import { quoted } from "../reading.ts";

export const RPC_NS = "jabber:iq:rpc";

/**
 * A value: `<int/>` and `<double/>` are numbers, `<dateTime.iso8601/>` is a Date (UTC where it names
 * no zone), `<base64/>` is bytes, `<array/>` a list, `<struct/>` an object.
 *
 * Numbers are written as `<int/>` where they are one of 32 bits, else as `<double/>`; a
 * {@link RpcDouble} is always a `<double/>`. Objects that were read have no prototype.
 */
export type RpcValue =
  | number
  | boolean
  | string
  | Date
  | Uint8Array
  | RpcDouble
  | readonly RpcValue[]
  | RpcStruct;

export interface RpcStruct {
  readonly [name: string]: RpcValue;
}

/** A number to be written as `<double/>` though it is whole; it is read as a number. */
export class RpcDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Arrays and structs in each other; a value that is in none is at depth 1. */
const MAX_DEPTH = 32;
/** Values in one call or response. */
const MAX_VALUES = 10_000;
/** Characters of a number: the smallest double has 326 without an exponent. */
const MAX_NUMBER_LENGTH = 400;

/** What may still come, within one call or response. */
export interface RpcBudget {
  values: number;
}

/** The budget of a call or response. */
export function rpcBudget(): RpcBudget {
  return { values: MAX_VALUES };
}

/** Reads a `<value/>`. @throws StanzaError `bad-request` for what is none or is too much. */
export function readRpcValue(value: Element, budget: RpcBudget, depth = 1): RpcValue {
  if (depth > MAX_DEPTH) throw refused(`values are nested deeper than ${MAX_DEPTH}`);
  budget.values -= 1;
  if (budget.values < 0) throw refused(`there are more than ${MAX_VALUES} values`);
  const [typed, more] = value.elements(RPC_NS);
  // XML-RPC: a value without a type is a string
  if (typed === undefined) return value.text;
  if (more !== undefined) throw refused("a value has one type");
  const { text } = typed;
  switch (typed.name) {
    case "int":
    case "i4":
      return readInt(text);
    case "boolean":
      return readBit(text);
    case "string":
      return text;
    case "double":
      return readDouble(text);
    case "dateTime.iso8601":
      return readDate(text);
    case "base64":
    // XEP-0009 §2: what some send for the sake of an old error in the schema
    case "Base64":
      return readBytes(text);
    case "array":
      return readArray(typed, budget, depth);
    case "struct":
      return readStruct(typed, budget, depth);
    default:
      throw refused(`${quoted(typed.name)} is not a type of XML-RPC`);
  }
}

/**
 * Writes a `<value/>`.
 * @throws TypeError for what XML-RPC has no type for (also NaN and infinity), or nests too deep.
 */
export function writeRpcValue(value: RpcValue, depth = 1): Element {
  if (depth > MAX_DEPTH) throw new TypeError(`values are nested deeper than ${MAX_DEPTH}`);
  return el(RPC_NS, "value", {}, typed(value, depth));
}

function typed(value: RpcValue, depth: number): Element {
  switch (typeof value) {
    case "string":
      return el(RPC_NS, "string", {}, value);
    case "boolean":
      return el(RPC_NS, "boolean", {}, value ? "1" : "0");
    case "number":
      return isInt(value)
        ? el(RPC_NS, "int", {}, String(value))
        : el(RPC_NS, "double", {}, decimal(value));
    case "object":
      return writeObject(value, depth);
    default:
      throw new TypeError(`XML-RPC has no type for ${typeof value}`);
  }
}

function writeObject(value: Exclude<RpcValue, string | number | boolean>, depth: number): Element {
  // types do not hold everybody
  if (value === null) throw new TypeError("XML-RPC has no type for null");
  if (value instanceof RpcDouble) return el(RPC_NS, "double", {}, decimal(value.value));
  if (value instanceof Date) return el(RPC_NS, "dateTime.iso8601", {}, writeDate(value));
  if (value instanceof Uint8Array) return el(RPC_NS, "base64", {}, writeBytes(value));
  if (isArray(value)) {
    const values = value.map((one) => writeRpcValue(one, depth + 1));
    return el(RPC_NS, "array", {}, el(RPC_NS, "data", {}, ...values));
  }
  const members = Object.entries(value).map(([name, one]) =>
    el(RPC_NS, "member", {}, el(RPC_NS, "name", {}, name), writeRpcValue(one, depth + 1)),
  );
  return el(RPC_NS, "struct", {}, ...members);
}

/** `Array.isArray` does not see read-only arrays. */
function isArray(value: RpcValue): value is readonly RpcValue[] {
  return Array.isArray(value);
}

/** Whether it is an `<int/>`: whole, of 32 bits, and not the zero that is negative. */
function isInt(value: number): boolean {
  return Object.is(value | 0, value);
}

function readInt(text: string): number {
  const value = /^\s*[+-]?\d{1,10}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return value + 0;
  throw refused(`${quoted(text)} is not an integer of 32 bits`);
}

function readBit(text: string): boolean {
  switch (text.trim()) {
    case "1":
      return true;
    case "0":
      return false;
    default:
      throw refused(`a boolean is 0 or 1, not ${quoted(text)}`);
  }
}

function readDouble(text: string): number {
  const isNumber =
    text.length <= MAX_NUMBER_LENGTH &&
    /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\s*$/.test(text);
  const value = isNumber ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw refused(`${quoted(text)} is not a number`);
}

/** `19980717T14:08:55`, and xs:dateTime with or without a zone. */
function readDate(text: string): Date {
  const trimmed = text.trim();
  const isZoneless = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?$/.test(trimmed);
  return new Date(isZoneless ? parseDateTime(`${trimmed}Z`) : parseLegacyDateTime(trimmed));
}

/** The format of XML-RPC; milliseconds have no place in it. */
function writeDate(date: Date): string {
  return formatDateTime(Math.floor(date.getTime() / 1000) * 1000).replace(/[-Z]/g, "");
}

function readBytes(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw refused("what is in <base64/> is not base64");
  }
}

function writeBytes(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function readArray(array: Element, budget: RpcBudget, depth: number): RpcValue[] {
  const data = array.child(RPC_NS, "data");
  if (data === undefined) throw refused("an <array/> needs its <data/>");
  return data.elements(RPC_NS, "value").map((value) => readRpcValue(value, budget, depth + 1));
}

function readStruct(struct: Element, budget: RpcBudget, depth: number): RpcStruct {
  const members: Record<string, RpcValue> = Object.create(null);
  for (const member of struct.elements(RPC_NS, "member")) {
    const name = member.child(RPC_NS, "name")?.text;
    const value = member.child(RPC_NS, "value");
    if (name === undefined || value === undefined) {
      throw refused("a <member/> needs its <name/> and its <value/>");
    }
    if (name in members) throw refused(`the member ${quoted(name)} comes twice`);
    members[name] = readRpcValue(value, budget, depth + 1);
  }
  return members;
}

/** A number without an exponent, which XML-RPC does not have. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`XML-RPC has no type for ${value}`);
  const text = Object.is(value, -0) ? "-0" : String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", rest = "", exponent = ""] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  return point <= 0
    ? `${sign}0.${"0".repeat(-point)}${digits}`
    : `${sign}${digits.padEnd(point, "0")}`;
}

function refused(text: string): StanzaError {
  return new StanzaError("bad-request", text);
}
