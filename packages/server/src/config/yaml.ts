import { isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { ConfigPath, ConfigProblem } from "./problems.ts";

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The content of a YAML file, and where in it each thing stands. */
export interface LocatedYaml {
  readonly value: unknown;
  /** What keeps the file from being YAML; the value is then undefined. */
  readonly problems: readonly ConfigProblem[];
  /** Where a value stands, or if `key` is given that key of it; of what is missing, where it would be. */
  locate(path: ConfigPath, key?: string): Place;
}

/** Bytes; a configuration has no reason to be larger. */
const MAX_SIZE = 1_048_576;
/** How often anchors may be repeated: enough to share settings, too few to grow without bound. */
const MAX_ALIASES = 100;

/** Reads YAML 1.2; keys are texts, and none may stand twice in the same group. */
export function readYaml(text: string): LocatedYaml {
  const counter = new LineCounter();
  const broken = (offset: number, problem: string): LocatedYaml => {
    const place = placeOf(counter, offset);
    return {
      value: undefined,
      problems: [{ path: [], text: problem, ...place }],
      locate: () => place,
    };
  };
  if (text.length > MAX_SIZE) return broken(0, `the file is larger than ${MAX_SIZE} characters`);
  try {
    const document = parseDocument(text, {
      lineCounter: counter,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: true,
    });
    const problems = [...document.errors, ...document.warnings].map((error) => ({
      path: [],
      text: lowerFirst(error.message),
      ...placeOf(counter, error.pos[0]),
    }));
    const root = document.contents;
    return {
      value: problems.length > 0 ? undefined : document.toJS({ maxAliasCount: MAX_ALIASES }),
      problems,
      locate: (path, key) => placeOf(counter, offsetOf(root, path, key)),
    };
  } catch (error) {
    // an anchor that is repeated too often, or nesting too deep for the reader
    return broken(
      0,
      `the file can not be read: ${error instanceof Error ? error.message : "unknown reason"}`,
    );
  }
}

function placeOf(counter: LineCounter, offset: number): Place {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function offsetOf(root: Node | null, path: ConfigPath, key: string | undefined): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const [index, part] of path.entries()) {
    const entry = entryOf(node, part);
    if (entry === undefined) return offset;
    // a group starts at its first key: the key above it says more to who looks for what is missing
    const isLast = index === path.length - 1;
    offset = (isLast ? startOf(entry.value) : undefined) ?? entry.offset ?? offset;
    node = entry.value;
  }
  return (key === undefined ? undefined : entryOf(node, key)?.offset) ?? offset;
}

function entryOf(
  node: unknown,
  part: string | number,
): { readonly value: unknown; readonly offset: number | undefined } | undefined {
  if (isAlias(node)) return undefined; // reported where the alias stands
  if (isMap(node)) {
    const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === String(part));
    return pair && { value: pair.value, offset: startOf(pair.key) };
  }
  if (isNode(node) && "items" in node && Array.isArray(node.items) && typeof part === "number") {
    const item: unknown = node.items[part];
    return item === undefined ? undefined : { value: item, offset: startOf(item) };
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
