import * as z from "zod";
import { configSchema } from "./schema.ts";

/** One option of the configuration, for the reference page and for forms. */
export interface OptionDoc {
  /** As in `listen.c2s`; `[]` stands for each entry of a list, as in `domains[].name`. */
  readonly path: string;
  /** What is written there, in words. */
  readonly type: string;
  /** As it would be written; undefined if there is none. */
  readonly default: unknown;
  /** In what a number is counted. */
  readonly unit: string | undefined;
  /** A sentence or two; empty if the schema says nothing. */
  readonly doc: string;
  /** True for a group of further options, which follow. */
  readonly group: boolean;
}

/** Module name → the schema of its options. */
export type ModuleSchemas = ReadonlyMap<string, z.ZodType>;

/**
 * Every option there is, in the order of its declaration, groups before their members.
 *
 * @param modules the options of these modules are included, as `modules.<name>.<option>`.
 */
export function describeConfig(modules: ModuleSchemas = new Map()): OptionDoc[] {
  const options = describeSchema(configSchema, "");
  const at = options.findIndex((option) => option.path === "modules") + 1;
  const own = [...modules].flatMap(([name, schema]) => describeSchema(schema, `modules.${name}`));
  return options.toSpliced(at, 0, ...own);
}

/** The options of one schema, below a path. */
export function describeSchema(schema: z.ZodType, path: string): OptionDoc[] {
  // what is written, not what is read from it: io "input"; what has no JSON form is left to `form`
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const options: OptionDoc[] = [];
  collect(json, path, options);
  return options;
}

type JsonSchema = z.core.JSONSchema.JSONSchema | boolean;

/** The depth is that of the declared schema, not of any input. */
function collect(schema: JsonSchema, path: string, options: OptionDoc[]): void {
  if (typeof schema === "boolean") return;
  const items = schema.type === "array" && isSchema(schema.items) ? schema.items : undefined;
  const group = schema.properties !== undefined || items?.properties !== undefined;
  if (path !== "") {
    options.push({
      path,
      type: typeText(schema),
      default: schema.default,
      unit: text(schema["unit"]),
      doc: schema.description ?? "",
      group,
    });
  }
  const start = path === "" ? "" : `${path}.`;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    collect(property, `${start}${name}`, options);
  }
  for (const [name, property] of Object.entries(items?.properties ?? {})) {
    collect(property, `${path}[].${name}`, options);
  }
}

function typeText(schema: z.core.JSONSchema.JSONSchema): string {
  const form = text(schema["form"]);
  if (form !== undefined) return form;
  if (schema.enum !== undefined) return schema.enum.join(" | ");
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((one) => (isSchema(one) ? typeText(one) : "anything")).join(" or ");
  }
  switch (schema.type) {
    case "object":
      return "group";
    case "array":
      if (!isSchema(schema.items)) return "list";
      return schema.items.enum === undefined
        ? `list of ${typeText(schema.items)}s`
        : `list of these: ${typeText(schema.items)}`;
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "boolean":
      return schema.const === undefined ? "true | false" : String(schema.const);
    default:
      return typeof schema.type === "string" ? schema.type : "anything";
  }
}

function isSchema(value: unknown): value is z.core.JSONSchema.JSONSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
