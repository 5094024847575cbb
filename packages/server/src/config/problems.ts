import { inspect } from "node:util";
import type * as z from "zod";
import type { OptionDoc } from "./describe.ts";
import { nearest } from "./nearest.ts";

/** The way to a value in the configuration: keys and, in lists, positions from 0. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where the value is, or would be if it were not missing. */
  readonly path: ConfigPath;
  /** The key that is not known, where that is the problem. */
  readonly key?: string;
  /** What is wrong and what to do about it. */
  readonly text: string;
  /** From 1; where the configuration was read from a file. */
  readonly line?: number;
  readonly column?: number;
}

/** A configuration can not be used; all that is wrong with it. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
  readonly problems: readonly ConfigProblem[];
  /** The file it was read from, as the operator named it. */
  readonly file: string | undefined;

  constructor(problems: readonly ConfigProblem[], file?: string) {
    super(problems.map((problem) => renderProblem(problem, file)).join("\n"));
    this.problems = problems;
    this.file = file;
  }
}

/** One line: `rookery.yaml:12:3: unknown key "lisen"; did you mean "listen"?` */
export function renderProblem({ text, line, column }: ConfigProblem, file?: string): string {
  if (file === undefined) return text;
  return line === undefined ? `${file}: ${text}` : `${file}:${line}:${column}: ${text}`;
}

/**
 * Words the findings of a schema for the operator.
 *
 * @param input what the schema was given.
 * @param prefix the way from the whole configuration to `input`.
 * @param options all that the configuration may hold, to find the nearest valid spelling.
 */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  prefix: ConfigPath,
  options: readonly OptionDoc[],
): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const own = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    const path = [...prefix, ...own];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path, key, text: unknownKey(path, key, options) }));
    }
    return [{ path, text: `${pathText(path)}: ${wording(issue, valueAt(input, own))}` }];
  });
}

/** As in `domains[0].tls.cert`. */
export function pathText(path: ConfigPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^\w[\w-]*$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text === "" ? "configuration" : text;
}

function unknownKey(path: ConfigPath, key: string, options: readonly OptionDoc[]): string {
  const parent = path.map((part) => (typeof part === "number" ? "[]" : `.${part}`)).join("");
  const start = parent === "" ? "" : `${parent.slice(1)}.`;
  const siblings: string[] = [];
  for (const { path: known } of options) {
    const rest = known.startsWith(start) ? known.slice(start.length) : "";
    const [name] = rest.split(/[.[]/, 1);
    if (name !== undefined && name !== "") siblings.push(name);
  }
  const where = path.length === 0 ? "" : ` in ${pathText(path)}`;
  const text = `unknown key ${quote(key)}${where}`;
  const near = nearest(key, siblings) ?? options.find((o) => o.path.endsWith(`.${key}`))?.path;
  if (near !== undefined) return `${text}; did you mean "${near}"?`;
  return siblings.length === 0 ? text : `${text}; known are ${[...new Set(siblings)].join(", ")}`;
}

function wording(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      if (value === undefined) return "is missing";
      return found(value, isStock(issue.message) ? typeName(issue.expected) : issue.message);
    case "invalid_value": {
      if (!isStock(issue.message)) return issue.message;
      const valid = issue.values.map(String);
      const near = typeof value === "string" ? nearest(value, valid) : undefined;
      const hint = near === undefined ? "" : `; did you mean "${near}"?`;
      return `${found(value, valid.join(" or "))}${hint}`;
    }
    case "invalid_union":
      return found(value, isStock(issue.message) ? "another form" : issue.message);
    case "custom":
      // a check on a number names what it expected, every other one says a whole sentence
      return typeof value === "number" && isForm(issue.message)
        ? found(value, issue.message)
        : issue.message;
    default:
      return issue.message;
  }
}

function found(value: unknown, expected: string): string {
  return `found ${quote(value)}; expected ${expected}`;
}

/** True for a message of the library, which quotes neither the value nor our terms. */
function isStock(message: string): boolean {
  return message.startsWith("Invalid");
}

function isForm(message: string): boolean {
  return message.startsWith("a whole number");
}

function typeName(expected: string): string {
  switch (expected) {
    case "object":
    case "record":
      return "a group of keys and values";
    case "array":
      return "a list";
    case "string":
      return "a text";
    case "boolean":
      return "true or false";
    default:
      return `a ${expected}`;
  }
}

function valueAt(input: unknown, path: ConfigPath): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as { readonly [key: string | number]: unknown })[part];
  }
  return value;
}

/** A value as the operator would recognise it, on one line and not too long. */
function quote(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "nothing";
  if (typeof value === "object") return "a group of keys and values";
  const text = typeof value === "string" ? JSON.stringify(value) : inspect(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
