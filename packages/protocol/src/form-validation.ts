/**
 * The validation of data forms: XEP-0122 (1.0.2).
 *
 * A regular expression that came from a peer is a text for its user's eyes: nothing here runs it.
 * Submissions are checked against what the form's own definition says (`form-definition.ts`).
 */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "./codec.ts";
import { parseDate, parseDateTime, parseTime } from "./datetime.ts";
import { StanzaError } from "./errors.ts";
import { quoted, readBoolean, readCount } from "./reading.ts";

const VALIDATE_NS = "http://jabber.org/protocol/xdata-validate";

/** How a value is checked beyond its datatype (XEP-0122 §3.2). */
export type ValidationMethod =
  | { readonly kind: "basic" }
  /** A list takes values beside its options; each value of a `text-multi` is checked by itself. */
  | { readonly kind: "open" }
  /** Bounds, each included, as texts of the datatype. */
  | { readonly kind: "range"; readonly min?: string | undefined; readonly max?: string | undefined }
  /** A POSIX extended regular expression. */
  | { readonly kind: "regex"; readonly pattern: string };

/** What a field says about its values (XEP-0122 §3). */
export interface FieldValidation {
  /** `xs:string` if absent. */
  readonly datatype?: string | undefined;
  /** `basic` if absent or not understood (XEP-0122 §4.1). */
  readonly method?: ValidationMethod | undefined;
  /** How many values a `list-multi` takes (XEP-0122 §3.3). */
  readonly listRange?:
    | { readonly min?: number | undefined; readonly max?: number | undefined }
    | undefined;
}

/** The `<validate/>` of a field. @throws StanzaError `bad-request` for a count that is no number. */
export const fieldValidation: Codec<FieldValidation> = codec<FieldValidation>({
  ns: VALIDATE_NS,
  name: "validate",
  read(validate) {
    const counts = validate.child(VALIDATE_NS, "list-range");
    return {
      datatype: validate.attr("datatype"),
      method: readMethod(validate),
      listRange: counts && { min: readBound(counts, "min"), max: readBound(counts, "max") },
    };
  },
  write({ datatype, method, listRange }) {
    return el(
      VALIDATE_NS,
      "validate",
      { datatype },
      method && writeMethod(method),
      listRange &&
        el(VALIDATE_NS, "list-range", {
          min: listRange.min?.toString(),
          max: listRange.max?.toString(),
        }),
    );
  },
});

function readMethod(validate: Element): ValidationMethod | undefined {
  for (const method of validate.elements()) {
    if (method.ns !== VALIDATE_NS) continue;
    switch (method.name) {
      case "basic":
      case "open":
        return { kind: method.name };
      case "range":
        return { kind: "range", min: method.attr("min"), max: method.attr("max") };
      case "regex":
        return { kind: "regex", pattern: method.text };
    }
  }
  return undefined;
}

function writeMethod(method: ValidationMethod): Element {
  switch (method.kind) {
    case "basic":
    case "open":
      return el(VALIDATE_NS, method.kind);
    case "range":
      return el(VALIDATE_NS, "range", { min: method.min, max: method.max });
    case "regex":
      return el(VALIDATE_NS, "regex", {}, method.pattern);
  }
}

function readBound(counts: Element, name: string): number | undefined {
  const text = counts.attr(name);
  return text === undefined ? undefined : readCount(text, `the ${name} of <list-range/>`);
}

/** The datatypes of XML Schema that XEP-0122 §8.3 registers, and those built on the same integers. */
export type Datatype =
  | "xs:anyURI"
  | "xs:boolean"
  | "xs:byte"
  | "xs:date"
  | "xs:dateTime"
  | "xs:decimal"
  | "xs:double"
  | "xs:int"
  | "xs:integer"
  | "xs:language"
  | "xs:long"
  | "xs:nonNegativeInteger"
  | "xs:positiveInteger"
  | "xs:short"
  | "xs:string"
  | "xs:time"
  | "xs:unsignedByte"
  | "xs:unsignedInt"
  | "xs:unsignedLong"
  | "xs:unsignedShort";

/**
 * The place of a text among the values of its datatype, for comparing with others of the same one;
 * texts without an order are all 0.
 *
 * @throws StanzaError `not-acceptable` if the text is none of the datatype.
 */
export function datatypeValue(datatype: Datatype, text: string): number | bigint {
  const value = readDatatype(datatype, text);
  if (value !== undefined) return value;
  throw new StanzaError("not-acceptable", `${quoted(text)} is not of the type ${datatype}`);
}

function readDatatype(datatype: Datatype, text: string): number | bigint | undefined {
  switch (datatype) {
    case "xs:string":
      return 0;
    case "xs:anyURI":
      return /^[^\s<>"{}|\\^`]*$/.test(text) ? 0 : undefined;
    case "xs:language":
      return /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,16}$/.test(text) ? 0 : undefined;
    case "xs:boolean": {
      const value = readBoolean(text);
      return value === undefined ? undefined : Number(value);
    }
    case "xs:date":
      return moment(parseDate, text);
    case "xs:dateTime":
      return moment(parseDateTime, text);
    case "xs:time":
      return moment((time) => {
        const { ms, offset } = parseTime(time);
        return ms - (offset ?? 0) * 60_000;
      }, text);
    case "xs:decimal":
      return /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})$/.test(text) ? Number(text) : undefined;
    case "xs:double":
      return double(text);
    default:
      return integer(datatype, text);
  }
}

function double(text: string): number | undefined {
  if (text === "INF") return Number.POSITIVE_INFINITY;
  if (text === "-INF") return Number.NEGATIVE_INFINITY;
  const isDouble = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[Ee][+-]?\d{1,4})?$/.test(text);
  return isDouble ? Number(text) : undefined;
}

type IntegerType = Exclude<
  Datatype,
  | "xs:anyURI"
  | "xs:boolean"
  | "xs:date"
  | "xs:dateTime"
  | "xs:decimal"
  | "xs:double"
  | "xs:language"
  | "xs:string"
  | "xs:time"
>;

/** The least and the greatest value; an absent one is without bound. */
const INTEGERS: Readonly<
  Record<IntegerType, readonly [min: bigint | undefined, max: bigint | undefined]>
> = {
  "xs:byte": [-128n, 127n],
  "xs:int": [-(2n ** 31n), 2n ** 31n - 1n],
  "xs:integer": [undefined, undefined],
  "xs:long": [-(2n ** 63n), 2n ** 63n - 1n],
  "xs:nonNegativeInteger": [0n, undefined],
  "xs:positiveInteger": [1n, undefined],
  "xs:short": [-32_768n, 32_767n],
  "xs:unsignedByte": [0n, 255n],
  "xs:unsignedInt": [0n, 2n ** 32n - 1n],
  "xs:unsignedLong": [0n, 2n ** 64n - 1n],
  "xs:unsignedShort": [0n, 65_535n],
};

function integer(datatype: IntegerType, text: string): bigint | undefined {
  // 40 digits hold every bounded type; reading a longer number takes more than linear time.
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  const [min, max] = INTEGERS[datatype];
  const fits = (min === undefined || value >= min) && (max === undefined || value <= max);
  return fits ? value : undefined;
}

function moment(parse: (text: string) => number, text: string): number | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
