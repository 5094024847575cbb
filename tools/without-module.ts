// Takes each module of the server away in turn and checks that all else works without it:
//   node tools/without-module.ts [module …]
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const SERVER = "packages/server/src";
const MODULES = `${SERVER}/modules`;
/** The files, beside a module's folder, that name it: the list of modules, and what is published. */
const LISTS = [`${MODULES}/index.ts`, `${SERVER}/index.ts`];
/** These stand below the modules (`tools/architecture.ts`), so that none can be missed there. */
const GROUND = /^packages\/server\/src\/(?:config|storage|tls|transports)\//;
const TEST_TIMEOUT_MS = 60_000;

/** Prints the order of all handlers; it is another one without a module. */
const PRINT_ORDER = `
  import { TestServer } from "@rookery/testkit";
  await using stage = await TestServer.start();
  process.stdout.write(stage.server.host("example.org").hooks.order().join("\\n") + "\\n");
`;

/** What became of the rest when a module was taken away. */
interface Outcome {
  readonly name: string;
  /** The modules that build on it, which were taken away with it. */
  readonly dependents: readonly string[];
  /** Errors of the type check, one line each. */
  readonly types: readonly string[];
  /** Names of tests that failed. */
  readonly tests: readonly string[];
  readonly seconds: number;
}

/** A source file of the modules: its path below their folder, and its text. */
export interface ModuleFile {
  readonly path: string;
  readonly text: string;
}

/** The modules that import something of a module, directly or not; its tests do not count. */
export function dependentsOf(name: string, files: readonly ModuleFile[]): string[] {
  const found = new Set([name]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { path, text } of files) {
      const [folder = "", file] = path.split("/");
      if (file === undefined || path.endsWith(".test.ts")) continue;
      if ([...found].some((other) => new RegExp(`from "(?:\\.\\./)+${other}/`).test(text)))
        found.add(folder);
    }
  }
  found.delete(name);
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

/** A list of modules without one of them: its imports or exports, and what was imported. */
export function withoutModule(text: string, name: string): string {
  const statement = new RegExp(
    `^(?:import|export)\\b([^;]*?)\\bfrom "\\./(?:modules/)?${name}/[^"]*";\\n`,
    "gm",
  );
  const names = [...text.matchAll(statement)].flatMap(([, what = ""]) => what.match(/\w+/g) ?? []);
  let rest = text.replaceAll(statement, "");
  for (const imported of names) {
    rest = rest.replaceAll(new RegExp(`^ *${imported},\\n|\\b${imported}\\b, ?`, "gm"), "");
  }
  return rest;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2)) ? 0 : 1;

function main(wanted: readonly string[]): boolean {
  const all = readdirSync(join(ROOT, MODULES)).filter((name) =>
    existsSync(join(ROOT, MODULES, name, "index.ts")),
  );
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`no such module: ${unknown.join(", ")}; there are ${all.join(", ")}`);
    return false;
  }
  const copy = copyOf(ROOT);
  try {
    const names = wanted.length > 0 ? wanted : all;
    const whole = check(copy, undefined);
    tell(whole);
    const outcomes = [whole];
    for (const name of names) {
      const outcome = since(whole, check(copy, name));
      tell(outcome);
      outcomes.push(outcome);
    }
    console.table(
      Object.fromEntries(
        outcomes.map(({ name, dependents, types, tests, seconds }) => [
          `without ${name}`,
          {
            "and so without": dependents.join(" ") || "-",
            "type errors": types.length,
            "failed tests": tests.length,
            verdict: types.length + tests.length === 0 ? "ok" : "FAILS",
            seconds,
          },
        ]),
      ),
    );
    return outcomes.every(({ types, tests }) => types.length + tests.length === 0);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** One line as soon as it is known, and one for each thing that fails. */
function tell({ name, dependents, types, tests, seconds }: Outcome): void {
  const also = dependents.length > 0 ? ` (and so without ${dependents.join(", ")})` : "";
  const faults = [...types, ...tests];
  const verdict = faults.length === 0 ? "all else works" : `${faults.length} failures`;
  console.error(`without ${name}${also}: ${verdict}, ${seconds} s`);
  for (const fault of faults) console.error(`  ${fault}`);
}

/** What fails only since the module is gone. */
function since(whole: Outcome, outcome: Outcome): Outcome {
  const types = outcome.types.filter((line) => !whole.types.includes(line));
  const tests = outcome.tests.filter((name) => !whole.tests.includes(name));
  return { ...outcome, types, tests };
}

/** The working tree in a folder of its own, with the dependencies of this one. */
function copyOf(root: string): string {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), "without-module-")));
  const listed = spawnSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1e9,
    },
  );
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`);
  for (const path of listed.stdout.split("\0")) {
    if (path !== "" && existsSync(join(root, path))) cpSync(join(root, path), join(copy, path));
  }
  // packages of the workspace must be those of the copy
  const scope = join(copy, "node_modules/@rookery");
  mkdirSync(scope, { recursive: true });
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (entry === "@rookery") continue;
    symlinkSync(join(root, "node_modules", entry), join(copy, "node_modules", entry));
  }
  for (const name of readdirSync(join(root, "node_modules/@rookery"))) {
    symlinkSync(join(copy, "packages", name), join(scope, name));
  }
  return copy;
}

/** Checks the copy without a module, or whole, and puts the module back. */
function check(copy: string, name: string | undefined): Outcome {
  const began = Date.now();
  const files = globSync("*/**/*.ts", { cwd: join(copy, MODULES) }).map((path) => ({
    path,
    text: readFileSync(join(copy, MODULES, path), "utf8"),
  }));
  const dependents = name === undefined ? [] : dependentsOf(name, files);
  const undo = takeAway(copy, name === undefined ? [] : [name, ...dependents]);
  const types = failedTypes(copy);
  const tests = failedTests(copy);
  undo();
  const seconds = Math.round((Date.now() - began) / 1000);
  return { name: name ?? "(nothing)", dependents, types, tests, seconds };
}

function takeAway(copy: string, names: readonly string[]): () => void {
  const kept = LISTS.map((path) => readFileSync(join(copy, path), "utf8"));
  const aside = join(copy, "aside");
  mkdirSync(aside, { recursive: true });
  for (const name of names) renameSync(join(copy, MODULES, name), join(aside, name));
  for (const [i, path] of LISTS.entries()) {
    writeFileSync(join(copy, path), names.reduce(withoutModule, kept[i] ?? ""));
  }
  return () => {
    for (const name of names) renameSync(join(aside, name), join(copy, MODULES, name));
    for (const [i, path] of LISTS.entries()) writeFileSync(join(copy, path), kept[i] ?? "");
  };
}

function failedTypes(copy: string): string[] {
  const { status, output } = run(copy, `${copy}/node_modules/.bin/tsc`, ["-p", "tsconfig.json"]);
  return status === 0 ? [] : output.split("\n").filter((line) => /^\S.*error/.test(line));
}

function failedTests(copy: string): string[] {
  const cwd = join(copy, "packages/server");
  const order = run(cwd, process.execPath, ["--input-type=module", "-e", PRINT_ORDER]);
  if (order.status !== 0) return [`the server does not start: ${order.output}`];
  writeFileSync(join(copy, MODULES, "order.golden.txt"), order.output);
  const files = globSync(`${SERVER}/**/*.test.ts`, { cwd: copy }).filter(
    (path) => !path.endsWith(".process.test.ts") && !GROUND.test(path),
  );
  const { status, output } = run(copy, process.execPath, [
    "--test",
    "--test-isolation=none",
    "--test-reporter=tap",
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...files,
  ]);
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name = ""]) => name);
  return status === 0 || failed.length > 0 ? failed : [`the tests do not run: ${output}`];
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

function run(cwd: string, command: string, args: readonly string[]): Ran {
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH };
  const options = { cwd, env, encoding: "utf8", maxBuffer: 1e9 } as const;
  const { status, stdout, stderr } = spawnSync(command, args, options);
  return { status, output: `${stdout}${stderr}` };
}
