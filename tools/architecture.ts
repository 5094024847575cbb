import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** A source file of a package. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What the `package.json` of a package says. */
export interface Manifest {
  readonly name: string;
  /** As in `packages/server`. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  /** What its tests may import beside. */
  readonly devDependencies: readonly string[];
}

/** The repository as the rules see it. */
export interface Repository {
  readonly files: readonly SourceFile[];
  readonly manifests: readonly Manifest[];
}

/** Gives one sentence, beginning with the path of the file, for each place that breaks the rule. */
export type Rule = (repository: Repository) => string[];

/** Reads `packages/<name>/src` and the manifests below a folder. */
export function readRepository(root: string): Repository {
  const rootManifest = readJson(join(root, "package.json"));
  const manifests = globSync("packages/*/package.json", { cwd: root }).map((path): Manifest => {
    const json = readJson(join(root, path));
    return {
      name: json.name,
      folder: posix.dirname(path),
      dependencies: Object.keys(json.dependencies ?? {}),
      devDependencies: Object.keys({ ...json.devDependencies, ...rootManifest.devDependencies }),
    };
  });
  const files = globSync("packages/*/src/**/*.{ts,tsx}", { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return { files, manifests };
}

/** What a source file imports, exports from or imports later, in the order of its text. */
export function importsOf(text: string): string[] {
  const statement = /^\s*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"']+)["']/gm;
  const call = /\bimport\(\s*["'`]([^"'`$]+)["'`]/g;
  const found = [...text.matchAll(statement), ...text.matchAll(call)];
  return found.toSorted((a, b) => a.index - b.index).map((match) => match[1] ?? "");
}

/** Imports go down the layers; the same layer is not below. */
const LAYERS: ReadonlyMap<string, number> = new Map([
  ["@rookery/xml", 0],
  ["@rookery/protocol", 1],
  ["@rookery/stream", 2],
  ["@rookery/server", 3],
  ["@rookery/client", 3],
  ["@rookery/web", 4],
  ["@rookery/cli", 5],
  ["@rookery/testkit", 4],
]);

/**
 * What a test may import although it does not stand below: the test kit runs the server that it
 * tests, and the client is tested against the server.
 */
const FOR_TESTS: ReadonlySet<string> = new Set(["@rookery/testkit", "@rookery/server"]);

/** xml → protocol → stream → {server, client} → {web, testkit} → cli. */
export const importsGoDown: Rule = ({ files, manifests }) =>
  files.flatMap((file) => {
    const own = ownerOf(file, manifests);
    const layer = own && LAYERS.get(own.name);
    if (own === undefined || layer === undefined) return [`${file.path} is in no known package`];
    return packagesOf(file).flatMap((name) => {
      const other = LAYERS.get(name);
      if (other === undefined || other < layer) return [];
      if (isTest(file) && FOR_TESTS.has(name)) return [];
      return [`${file.path} imports ${name}, which is not below ${own.name}`];
    });
  });

/** A package imports by name, and only what its `package.json` declares. */
export const importsAreDeclared: Rule = ({ files, manifests }) =>
  files.flatMap((file) => {
    const own = ownerOf(file, manifests);
    if (own === undefined) return [];
    const declared = new Set(own.dependencies);
    if (isTest(file)) for (const name of own.devDependencies) declared.add(name);
    return [
      ...packagesOf(file)
        .filter((name) => !declared.has(name))
        .map((name) => `${file.path} imports ${name}, which ${own.folder}/package.json lacks`),
      ...targetsOf(file)
        .filter((target) => !target.startsWith(`${own.folder}/`))
        .map((target) => `${file.path} leaves its package for ${target}; import it by name`),
    ];
  });

const UNIVERSAL = ["packages/xml/", "packages/protocol/", "packages/stream/", "packages/client/"];

/** The part of a universal package that is for Node alone, behind an export of its own. */
const FOR_NODE = "packages/client/src/node/";

/** Packages that browsers run use nothing of Node, and nothing of the parts that do. */
export const universalPackagesAreUniversal: Rule = ({ files }) =>
  files
    .filter((file) => UNIVERSAL.some((folder) => file.path.startsWith(folder)))
    .filter((file) => !isTest(file) && !file.path.startsWith(FOR_NODE))
    .flatMap((file) => [
      ...importsOf(file.text)
        .filter((name) => name.startsWith("node:"))
        .map((name) => `${file.path} imports ${name}, which browsers do not have`),
      ...targetsOf(file)
        .filter((target) => target.startsWith(FOR_NODE))
        .map((target) => `${file.path} imports ${target}, which browsers cannot run`),
      ...(/(?<![\w.$])Buffer\b/.test(withoutComments(file.text))
        ? [`${file.path} uses Buffer, which browsers do not have`]
        : []),
    ]);

const SERVER = "packages/server/src/";

/** Of a module, others import `contract.ts` alone; only the list of modules imports modules. */
export const modulesMeetByContract: Rule = ({ files }) =>
  files.flatMap((file) => {
    const own = moduleOf(file.path);
    return targetsOf(file).flatMap((target) => {
      const other = moduleOf(target);
      if (other === undefined || other === own) return [];
      const inside = target.slice(`${SERVER}modules/${other}/`.length);
      if (inside === "contract.ts") return [];
      if (inside === "index.ts" && file.path === `${SERVER}modules/index.ts`) return [];
      return [`${file.path} imports ${target}; of a module others import contract.ts alone`];
    });
  });

/** What one part of the server leaves alone; parts are files or folders below `src/`. */
interface Direction {
  readonly parts: readonly string[];
  /** What it may not import, even if… */
  readonly never?: readonly string[];
  /** …or all that it may import of the other parts. */
  readonly only?: readonly string[];
  readonly why: string;
}

const UPPER = ["server.ts", "modules/", "streams/", "transports/"];

/** From the ground up; `server.ts`, which puts all together, is free. */
const DIRECTIONS: readonly Direction[] = [
  {
    parts: ["clock.ts", "log.ts", "hooks.ts", "config/", "tls/", "storage/"],
    only: ["clock.ts", "log.ts", "hooks.ts", "config/", "tls/", "storage/"],
    why: "the ground knows nothing of what stands on it",
  },
  {
    parts: ["transports/"],
    never: [
      "server.ts",
      "modules/",
      "streams/",
      "sessions/",
      "accounts/",
      "im/",
      "storage/",
      "router.ts",
      "host.ts",
      "virtual-host.ts",
    ],
    why: "a transport yields connections and knows nothing of what is said on them",
  },
  {
    parts: ["sessions/", "accounts/", "router.ts", "iq.ts"],
    never: [...UPPER, "im/", "virtual-host.ts"],
    why: "sessions and the router do not know how stanzas come in, nor what is done with them",
  },
  {
    parts: ["im/", "host.ts", "module-loader.ts", "virtual-host.ts"],
    never: UPPER,
    why: "what is done with stanzas does not depend on how they come in",
  },
  {
    parts: ["streams/"],
    never: ["server.ts", "modules/", "im/"],
    why: "a stream hands stanzas over by hooks and router",
  },
  {
    parts: ["modules/"],
    only: [
      "modules/",
      "host.ts",
      "hooks.ts",
      "clock.ts",
      "duration.ts",
      "questions.ts",
      "log.ts",
      "iq.ts",
      "version.ts",
      "config/limits.ts",
      "storage/api.ts",
      "storage/element-codec.ts",
      "storage/json-codec.ts",
      "storage/stanza-codec.ts",
      "sessions/session.ts",
      "sessions/slot.ts",
      "sessions/device.ts",
      "sessions/turns.ts",
      "accounts/accounts.ts",
      "im/contract.ts",
      "registration/invitations.ts",
      "registration/registration.ts",
      "streams/feature.ts",
      "streams/answer-iq.ts",
      "http/reply.ts",
      "http/request.ts",
    ],
    why: "a module meets the server through host, hooks, slots and contracts",
  },
];

/** Inside the server, too, imports go one way. */
export const serverPartsLookDown: Rule = ({ files }) =>
  files
    .filter((file) => file.path.startsWith(SERVER) && !isTest(file))
    .flatMap((file) => {
      const own = file.path.slice(SERVER.length);
      const inner = targetsOf(file)
        .filter((target) => target.startsWith(SERVER))
        .map((target) => target.slice(SERVER.length));
      return DIRECTIONS.filter(({ parts }) => parts.some((part) => covers(part, own))).flatMap(
        ({ never = [], only, why }) =>
          inner
            .filter((target) => {
              const allowed = only === undefined || only.some((part) => covers(part, target));
              return !allowed || never.some((part) => covers(part, target));
            })
            .map((target) => `${file.path} imports ${target}: ${why}`),
      );
    });

const DRIVERS = /^packages\/server\/src\/storage\/(?:memory|sqlite|postgres)\//;

/** Which storage is in use, only `storage/` knows. */
export const driversAreHidden: Rule = ({ files }) =>
  files
    .filter((file) => !file.path.startsWith(`${SERVER}storage/`))
    .flatMap((file) =>
      targetsOf(file)
        .filter((target) => DRIVERS.test(target))
        .map((target) => `${file.path} imports ${target}; use storage/api.ts`),
    );

const MAX_LINES = 400;

/** Files that may be longer, each with the reason. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([
  [
    "packages/xml/src/tokenizer.ts",
    "one state machine, whose states are easier to follow together",
  ],
]);

/** Small files with one idea each; tests may be long. */
export const filesAreSmall: Rule = ({ files }) =>
  files
    .filter((file) => !isTest(file) && !LONG_FILES.has(file.path))
    .map((file) => ({ path: file.path, lines: file.text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines; split it, at most ${MAX_LINES}`);

/** Also a suite that several tests share. */
function isTest({ path }: SourceFile): boolean {
  return /(?:\.test\.tsx?|\/conformance\.ts)$/.test(path);
}

function ownerOf({ path }: SourceFile, manifests: readonly Manifest[]): Manifest | undefined {
  return manifests.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** The names of the packages that a file imports, without the paths inside them; Node's are left out. */
function packagesOf({ text }: SourceFile): string[] {
  return importsOf(text)
    .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
    .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
}

/** The paths, from the root of the repository, of the files that a file imports by relative path. */
function targetsOf({ path, text }: SourceFile): string[] {
  return importsOf(text)
    .filter((name) => name.startsWith("."))
    .map((name) => posix.join(posix.dirname(path), name));
}

/** The name of the module that a path lies in. */
function moduleOf(path: string): string | undefined {
  return /^packages\/server\/src\/modules\/([^/]+)\//.exec(path)?.[1];
}

/** True if a path is a part, or lies in it where the part is a folder. */
function covers(part: string, path: string): boolean {
  return part.endsWith("/") ? path.startsWith(part) : path === part;
}

/** Also takes away what looks like a comment in a text, which does no harm to the rules. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
}

interface PackageJson {
  readonly name: string;
  readonly dependencies?: { readonly [name: string]: string };
  readonly devDependencies?: { readonly [name: string]: string };
}

function readJson(path: string): PackageJson {
  return JSON.parse(readFileSync(path, "utf8")) as PackageJson;
}
