/**
 * Forms of one's own, with typed values: XEP-0004 (2.13.2), XEP-0068 (1.3.0), XEP-0122 (1.0.2).
 *
 * A submission is never believed to have been checked by whoever filled it in (XEP-0122 §4.4).
 */
import { StanzaError } from "./errors.ts";
import {
  type Datatype,
  datatypeValue,
  type FieldValidation,
  type ValidationMethod,
} from "./form-validation.ts";
import { type FieldType, type Form, type FormField, type FormOption, formTypeOf } from "./forms.ts";
import { Jid } from "./jid.ts";
import { quoted, readBoolean } from "./reading.ts";

/** What a form says and asks about one field. */
export interface FieldDefinition {
  readonly type: Exclude<FieldType, "fixed">;
  readonly label?: string;
  readonly desc?: string;
  /** The submission must have a value. */
  readonly required?: boolean;
  /** The choices of a list; without them a list takes any value. */
  readonly options?: readonly FormOption[];
  /** A list takes values beside its options (XEP-0122 §3.2.2). */
  readonly open?: boolean;
  /** What each value must be (XEP-0122 §3.1). */
  readonly datatype?: Datatype;
  /** Bounds of each value, included, as texts of the datatype (XEP-0122 §3.2.3). */
  readonly range?: { readonly min?: string; readonly max?: string };
  /**
   * What each value must match from end to end (XEP-0122 §3.2.4). It runs on what strangers send:
   * it must not backtrack over the same text in many ways.
   */
  readonly pattern?: RegExp;
  /** How many values a `list-multi` takes (XEP-0122 §3.3). */
  readonly listRange?: { readonly min?: number; readonly max?: number };
  /** The most UTF-16 code units of a value; 4,096 if absent. */
  readonly maxLength?: number;
}

/** Fields by their `var`. */
export interface FieldDefinitions {
  readonly [name: string]: FieldDefinition;
}

/** The value of a field: a JID, text or boolean, and a list of those for the types `…-multi`. */
export type FieldValue<T extends FieldType> = T extends "boolean"
  ? boolean
  : T extends "jid-single"
    ? Jid
    : T extends "jid-multi"
      ? readonly Jid[]
      : T extends "list-multi" | "text-multi"
        ? readonly string[]
        : string;

/**
 * The values of a form. A field that was not sent has no key and keeps its current value (XEP-0004
 * §3.5). One sent empty is there (§3.6): as an empty text or list, as false, and, for a single JID, as
 * undefined.
 */
export type FormValues<F extends FieldDefinitions> = {
  readonly [K in keyof F]?: FieldValue<F[K]["type"]> | undefined;
};

/** A form that is defined by its FORM_TYPE and fields; see {@link defineForm}. */
export interface FormDefinition<F extends FieldDefinitions> {
  readonly formType: string;
  readonly fields: F;
  /** The form to fill in, with its current values. */
  form(
    values?: FormValues<F>,
    texts?: { readonly title?: string; readonly instructions?: readonly string[] },
  ): Form;
  /** The form filled in. */
  submit(values: FormValues<F>): Form;
  /** The values as information, as in the answer of service discovery (XEP-0128). */
  result(values: FormValues<F>): Form;
  /**
   * Reads a submission, or a result that is about the same FORM_TYPE. Fields that are not defined
   * are ignored (XEP-0004 §3.1). A submission may leave out its FORM_TYPE (XEP-0068 §4.1).
   *
   * @throws StanzaError `bad-request` for another type of form or FORM_TYPE, a field that comes twice
   * and two values where one is allowed; `not-acceptable` for values that do not fit (XEP-0004 §4).
   */
  read(form: Form): FormValues<F>;
}

const MAX_VALUES = 1000;
const MAX_LENGTH = 4096;

/**
 * Defines a form.
 *
 * @throws TypeError for a range without an order, such as of texts (XEP-0122 §4.6).
 *
 * @example
 * const configuration = defineForm({
 *   formType: "urn:example:configuration",
 *   fields: { name: { type: "text-single", required: true }, public: { type: "boolean" } },
 * });
 * const { name, public: isPublic = false } = configuration.read(dataForm.read(x));
 */
export function defineForm<const F extends FieldDefinitions>(definition: {
  readonly formType: string;
  readonly fields: F;
}): FormDefinition<F> {
  const { formType, fields } = definition;
  for (const [name, field] of Object.entries(fields)) checkDefinition(name, field);
  const marker: FormField = { var: "FORM_TYPE", type: "hidden", values: [formType] };
  return {
    formType,
    fields,
    form: (values = {}, texts = {}) => ({
      type: "form",
      ...texts,
      fields: [
        marker,
        ...Object.entries(fields).map(([name, field]) =>
          describe(name, field, writeValue(values[name])),
        ),
      ],
    }),
    submit: (values) => ({
      type: "submit",
      fields: [marker, ...writeValues(fields, values, false)],
    }),
    result: (values) => ({
      type: "result",
      fields: [marker, ...writeValues(fields, values, true)],
    }),
    read(form) {
      checkFormType(form, formType);
      const values: Record<string, FieldValue<FieldType> | undefined> = {};
      for (const [name, texts] of submitted(form, fields)) {
        const field = fields[name] as FieldDefinition;
        values[name] = readValue(name, field, texts);
      }
      if (form.type === "submit") checkRequired(fields, values);
      return values as FormValues<F>;
    },
  };
}

function checkDefinition(name: string, { datatype, range }: FieldDefinition): void {
  if (range === undefined) return;
  if (datatype === undefined || !isOrdered(datatype)) {
    throw new TypeError(`the field "${name}" has a range, so it needs a datatype with an order`);
  }
  for (const bound of [range.min, range.max]) {
    if (bound !== undefined) datatypeValue(datatype, bound);
  }
}

function isOrdered(datatype: Datatype): boolean {
  return datatype !== "xs:string" && datatype !== "xs:anyURI" && datatype !== "xs:language";
}

function checkFormType(form: Form, formType: string): void {
  if (form.type !== "submit" && form.type !== "result") {
    throw new StanzaError("bad-request", `a form of type ${form.type} has no values to read`);
  }
  const named = formTypeOf(form);
  if (named === formType || (named === undefined && form.type === "submit")) return;
  throw new StanzaError(
    "bad-request",
    `expected a form with FORM_TYPE ${quoted(formType)}, found ${quoted(named ?? "")}`,
  );
}

/** The texts of the defined fields that a form has. */
function submitted(form: Form, fields: FieldDefinitions): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { var: name, values } of form.fields) {
    if (name === undefined || !Object.hasOwn(fields, name)) continue;
    if (found.has(name)) throw new StanzaError("bad-request", `the field "${name}" comes twice`);
    found.set(name, values);
  }
  return found;
}

function checkRequired(fields: FieldDefinitions, values: Record<string, unknown>): void {
  for (const [name, { required }] of Object.entries(fields)) {
    const value = values[name];
    const isEmpty = Array.isArray(value) ? value.length === 0 : value === undefined || value === "";
    if (required && isEmpty) {
      throw new StanzaError("not-acceptable", `the field "${name}" needs a value`);
    }
  }
}

function readValue(
  name: string,
  field: FieldDefinition,
  texts: readonly string[],
): FieldValue<FieldType> | undefined {
  const isMulti = field.type.endsWith("-multi");
  if (!isMulti && texts.length > 1) {
    throw new StanzaError("bad-request", `the field "${name}" has one value, not ${texts.length}`);
  }
  if (texts.length > MAX_VALUES) {
    throw new StanzaError("not-acceptable", `"${name}" has more than ${MAX_VALUES} values`);
  }
  const given = field.type === "text-multi" ? texts : distinct(texts);
  for (const text of given) checkText(name, field, text);
  if (field.type === "list-multi") checkCount(name, field, given.length);
  switch (field.type) {
    case "boolean":
      return given[0] === undefined ? false : boolean(name, given[0]);
    case "jid-single":
      return given[0] === undefined ? undefined : jid(name, given[0]);
    case "jid-multi":
      return distinctJids(given.map((text) => jid(name, text)));
    case "list-multi":
    case "text-multi":
      return given;
    case "hidden":
    case "list-single":
    case "text-private":
    case "text-single":
      return given[0] ?? "";
  }
}

/** Each value once, and none that is empty. */
function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== "");
}

function checkText(name: string, field: FieldDefinition, text: string): void {
  const { maxLength = MAX_LENGTH, datatype, range, pattern } = field;
  if (text.length > maxLength) {
    throw new StanzaError(
      "not-acceptable",
      `a value of "${name}" has ${text.length} characters, more than ${maxLength}`,
    );
  }
  const { options } = field;
  if (options && isClosedList(field) && !options.some((option) => option.value === text)) {
    throw new StanzaError("not-acceptable", `${quoted(text)} is not an option of "${name}"`);
  }
  if (datatype !== undefined) {
    const value = datatypeValue(datatype, text);
    const isBelow = range?.min !== undefined && value < datatypeValue(datatype, range.min);
    const isAbove = range?.max !== undefined && value > datatypeValue(datatype, range.max);
    if (isBelow || isAbove) {
      throw new StanzaError(
        "not-acceptable",
        `"${name}" is from ${range?.min ?? "any"} to ${range?.max ?? "any"}, not ${quoted(text)}`,
      );
    }
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(text)) {
    throw new StanzaError(
      "not-acceptable",
      `"${name}" does not match ${pattern.source}: ${quoted(text)}`,
    );
  }
}

function checkCount(name: string, { listRange }: FieldDefinition, count: number): void {
  const { min = 0, max = MAX_VALUES } = listRange ?? {};
  if (count >= min && count <= max) return;
  throw new StanzaError(
    "not-acceptable",
    `"${name}" takes from ${min} to ${max} values, not ${count}`,
  );
}

function boolean(name: string, text: string): boolean {
  const value = readBoolean(text);
  if (value !== undefined) return value;
  throw new StanzaError("not-acceptable", `"${name}" is true or false, not ${quoted(text)}`);
}

function jid(name: string, text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    throw new StanzaError("not-acceptable", `"${name}" has a JID: ${(error as Error).message}`);
  }
}

/** XEP-0004 §3.3: duplicate JIDs are ignored. */
function distinctJids(jids: readonly Jid[]): readonly Jid[] {
  return [...new Map(jids.map((one) => [one.toString(), one])).values()];
}

/** XEP-0122 §3.2: any method but the basic one opens a list to values beside its options. */
function isClosedList(field: FieldDefinition): boolean {
  const isList = field.type === "list-single" || field.type === "list-multi";
  return isList && methodOf(field) === undefined;
}

function describe(name: string, field: FieldDefinition, values: readonly string[]): FormField {
  const validation = validationOf(field);
  return {
    var: name,
    type: field.type,
    values,
    ...(field.label !== undefined && { label: field.label }),
    ...(field.desc !== undefined && { desc: field.desc }),
    ...(field.required && { required: true }),
    ...(field.options && { options: field.options }),
    ...(validation && { validation }),
  };
}

function validationOf(field: FieldDefinition): FieldValidation | undefined {
  const { datatype, listRange } = field;
  const method = methodOf(field);
  if (datatype === undefined && listRange === undefined && method === undefined) return undefined;
  return {
    datatype: datatype ?? "xs:string",
    // XEP-0122 §3.2: a method SHOULD be named.
    method: method ?? { kind: "basic" },
    ...(listRange && { listRange }),
  };
}

function methodOf({ range, pattern, open }: FieldDefinition): ValidationMethod | undefined {
  if (range) return { kind: "range", ...range };
  if (pattern) return { kind: "regex", pattern: pattern.source };
  return open ? { kind: "open" } : undefined;
}

/** The fields that have a value; `typed` adds their types, which a submission need not tell. */
function writeValues(
  fields: FieldDefinitions,
  values: { readonly [name: string]: FieldValue<FieldType> | undefined },
  typed: boolean,
): FormField[] {
  const written: FormField[] = [];
  for (const [name, { type }] of Object.entries(fields)) {
    if (!Object.hasOwn(values, name)) continue;
    written.push({ var: name, ...(typed && { type }), values: writeValue(values[name]) });
  }
  return written;
}

function writeValue(value: FieldValue<FieldType> | undefined): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === "boolean") return [value ? "1" : "0"];
  if (typeof value === "string") return [value];
  if (value instanceof Jid) return [value.toString()];
  return value.map((one) => (typeof one === "string" ? one : one.toString()));
}
