/**
 * Data forms: XEP-0004 (2.13.2), with the FORM_TYPE of XEP-0068 (1.3.0), the validation of XEP-0122
 * and the layout of XEP-0141 inside. {@link defineForm} makes and reads forms of one's own.
 */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "./codec.ts";
import { StanzaError } from "./errors.ts";
import { type FormPage, formPage } from "./form-layout.ts";
import { type FieldValidation, fieldValidation } from "./form-validation.ts";
import { quoted } from "./reading.ts";

const FORM_NS = "jabber:x:data";

/** XEP-0004 §3.1. */
export type FormType = "form" | "submit" | "cancel" | "result";

/** XEP-0004 §3.3. */
export type FieldType =
  | "boolean"
  | "fixed"
  | "hidden"
  | "jid-multi"
  | "jid-single"
  | "list-multi"
  | "list-single"
  | "text-multi"
  | "text-private"
  | "text-single";

/** One choice of a list (XEP-0004 §3.2). */
export interface FormOption {
  readonly value: string;
  /** A name for people. */
  readonly label?: string | undefined;
}

/** A field of a form (XEP-0004 §3.2). */
export interface FormField {
  /** The name of the field; only one of type `fixed` may do without. */
  readonly var?: string | undefined;
  /** Absent where the context tells it, as in a submission. */
  readonly type?: FieldType | undefined;
  /** A name for people. */
  readonly label?: string | undefined;
  /** A description for people. */
  readonly desc?: string | undefined;
  readonly required?: boolean | undefined;
  readonly values: readonly string[];
  /** The choices of a list. */
  readonly options?: readonly FormOption[] | undefined;
  /** XEP-0122. */
  readonly validation?: FieldValidation | undefined;
}

/** A data form (XEP-0004). */
export interface Form {
  readonly type: FormType;
  readonly title?: string | undefined;
  readonly instructions?: readonly string[] | undefined;
  readonly fields: readonly FormField[];
  /** The columns of a result of many items (XEP-0004 §3.4). */
  readonly reported?: readonly FormField[] | undefined;
  /** Its rows. */
  readonly items?: readonly (readonly FormField[])[] | undefined;
  /** XEP-0141. */
  readonly pages?: readonly FormPage[] | undefined;
}

/**
 * The `<x/>` of a data form. What people sent is read without knowing what the form means: values
 * are not looked at, and a field of a type that XEP-0004 does not have is `text-single` (§3.3).
 *
 * @throws StanzaError `bad-request` for another form type, a field without a name, an option without
 * exactly one value, or two tables.
 */
export const dataForm: Codec<Form> = codec<Form>({
  ns: FORM_NS,
  name: "x",
  read(x) {
    const reported = x.elements(FORM_NS, "reported");
    if (reported.length > 1) throw new StanzaError("bad-request", "a form has one <reported/>");
    const items = x.elements(FORM_NS, "item");
    const instructions = x.elements(FORM_NS, "instructions");
    const pages = x.elements(formPage.ns, formPage.name);
    return {
      type: readFormType(x.attr("type")),
      title: x.child(FORM_NS, "title")?.text,
      instructions: unlessEmpty(instructions.map((text) => text.text)),
      fields: readFields(x),
      reported: reported[0] && readFields(reported[0]),
      items: unlessEmpty(items.map(readFields)),
      pages: unlessEmpty(pages.map(formPage.read)),
    };
  },
  write(form) {
    return el(
      FORM_NS,
      "x",
      { type: form.type },
      form.title === undefined ? undefined : el(FORM_NS, "title", {}, form.title),
      ...(form.instructions ?? []).map((text) => el(FORM_NS, "instructions", {}, text)),
      ...(form.pages ?? []).map(formPage.write),
      ...form.fields.map(writeField),
      form.reported && el(FORM_NS, "reported", {}, ...form.reported.map(writeField)),
      ...(form.items ?? []).map((item) => el(FORM_NS, "item", {}, ...item.map(writeField))),
    );
  },
});

/**
 * What a form is about: the value of its FORM_TYPE (XEP-0068 §3), or undefined if it does not say.
 * The field must be hidden, except in a submission, where it need not tell its type (XEP-0068 §4.3).
 */
export function formTypeOf(form: Form): string | undefined {
  const field = form.fields.find((candidate) => candidate.var === "FORM_TYPE");
  if (field === undefined) return undefined;
  const counts = field.type === "hidden" || (form.type === "submit" && field.type === undefined);
  return counts ? field.values[0] : undefined;
}

function readFormType(type: string | undefined): FormType {
  switch (type) {
    case "form":
    case "submit":
    case "cancel":
    case "result":
      return type;
    default:
      throw new StanzaError("bad-request", `${quoted(type ?? "")} is not a type of form`);
  }
}

function readFields(parent: Element): FormField[] {
  return parent.elements(FORM_NS, "field").map(readField);
}

function readField(field: Element): FormField {
  const type = readFieldType(field.attr("type"));
  const name = field.attr("var");
  if (name === undefined && type !== "fixed") {
    throw new StanzaError("bad-request", 'a field that is not fixed needs the attribute "var"');
  }
  return {
    var: name,
    type,
    label: field.attr("label"),
    desc: field.child(FORM_NS, "desc")?.text,
    required: field.child(FORM_NS, "required") ? true : undefined,
    values: field.elements(FORM_NS, "value").map((value) => value.text),
    options: unlessEmpty(field.elements(FORM_NS, "option").map(readOption)),
    validation: fieldValidation.in(field),
  };
}

function writeField(field: FormField): Element {
  return el(
    FORM_NS,
    "field",
    { var: field.var, type: field.type, label: field.label },
    field.desc === undefined ? undefined : el(FORM_NS, "desc", {}, field.desc),
    field.required ? el(FORM_NS, "required") : undefined,
    field.validation && fieldValidation.write(field.validation),
    ...field.values.map((value) => el(FORM_NS, "value", {}, value)),
    ...(field.options ?? []).map((option) =>
      el(FORM_NS, "option", { label: option.label }, el(FORM_NS, "value", {}, option.value)),
    ),
  );
}

function readOption(option: Element): FormOption {
  const values = option.elements(FORM_NS, "value");
  if (values.length !== 1) {
    throw new StanzaError("bad-request", `an option has one <value/>, not ${values.length}`);
  }
  return { value: values[0]?.text ?? "", label: option.attr("label") };
}

/** XEP-0004 §3.3: a type that is not understood counts as `text-single`. */
function readFieldType(type: string | undefined): FieldType | undefined {
  switch (type) {
    case undefined:
    case "boolean":
    case "fixed":
    case "hidden":
    case "jid-multi":
    case "jid-single":
    case "list-multi":
    case "list-single":
    case "text-multi":
    case "text-private":
      return type;
    default:
      return "text-single";
  }
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
