import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  driversAreHidden,
  filesAreSmall,
  importsAreDeclared,
  importsGoDown,
  importsOf,
  type Manifest,
  modulesMeetByContract,
  type Rule,
  readRepository,
  serverPartsLookDown,
  universalPackagesAreUniversal,
} from "./architecture.ts";

const REPOSITORY = readRepository(fileURLToPath(new URL("..", import.meta.url)));

const RULES = {
  importsGoDown,
  importsAreDeclared,
  universalPackagesAreUniversal,
  modulesMeetByContract,
  serverPartsLookDown,
  driversAreHidden,
  filesAreSmall,
} as const;

for (const [name, rule] of Object.entries(RULES)) {
  test(`the repository keeps the rule ${name}`, () => {
    assert.deepEqual(rule(REPOSITORY), []);
  });
}

test("the rules see the repository", () => {
  assert.ok(REPOSITORY.files.length > 20);
  assert.ok(REPOSITORY.manifests.some(({ name }) => name === "@rookery/server"));
  const schema = REPOSITORY.files.find(({ path }) => path.endsWith("/src/config/schema.ts"));
  assert.ok(schema);
  assert.ok(importsOf(schema.text).includes("zod"));
  assert.ok(importsOf(schema.text).includes("./limits.ts"));
});

test("imports are found in all their forms, and nowhere else", () => {
  const text = [
    'import "side-effect";',
    'import a from "default";',
    "import {\n  b,\n  type C,\n} from 'several-lines';",
    'import type { D } from "type";',
    'import * as e from "namespace";',
    'export { f } from "export";',
    'export * from "export-all";',
    'const g = await import("dynamic");',
    ' * import x from "comment";',
    'const text = "import y from z";',
    'export const exported = "value";',
    'export function f(from = "parameter"): void {}',
  ].join("\n");
  assert.deepEqual(importsOf(text), [
    "side-effect",
    "default",
    "several-lines",
    "type",
    "namespace",
    "export",
    "export-all",
    "dynamic",
  ]);
});

const MANIFESTS: readonly Manifest[] = [
  manifest("xml"),
  manifest("protocol", ["@rookery/xml", "tr46"]),
  manifest("stream", ["@rookery/protocol", "@rookery/xml"]),
  manifest("server", ["@rookery/stream", "zod"]),
  manifest("client", ["@rookery/stream"]),
  manifest("testkit", ["@rookery/server"]),
];

function manifest(name: string, dependencies: readonly string[] = []): Manifest {
  const devDependencies = ["fast-check", "@rookery/testkit"];
  return { name: `@rookery/${name}`, folder: `packages/${name}`, dependencies, devDependencies };
}

/** How often a rule is broken by one file that imports these. */
function broken(rule: Rule, path: string, ...imports: readonly string[]): number {
  const text = imports.map((name) => `import ${JSON.stringify(name)};\n`).join("");
  const found = rule({ files: [{ path: `packages/${path}`, text }], manifests: MANIFESTS });
  for (const violation of found) assert.ok(violation.startsWith(`packages/${path} `), violation);
  return found.length;
}

test("importsGoDown finds imports upwards and sideways", () => {
  assert.equal(broken(importsGoDown, "protocol/src/a.ts", "@rookery/xml", "tr46", "./b.ts"), 0);
  assert.equal(broken(importsGoDown, "testkit/src/a.ts", "@rookery/server"), 0);
  assert.equal(broken(importsGoDown, "xml/src/a.ts", "@rookery/protocol"), 1);
  assert.equal(broken(importsGoDown, "server/src/a.ts", "@rookery/client/inner"), 1);
  assert.equal(broken(importsGoDown, "server/src/a.ts", "@rookery/server"), 1);
  assert.equal(broken(importsGoDown, "server/src/a.ts", "@rookery/testkit"), 1);
  assert.equal(broken(importsGoDown, "server/src/a.test.ts", "@rookery/testkit"), 0);
  assert.equal(broken(importsGoDown, "server/src/a.test.ts", "@rookery/cli"), 1);
  assert.equal(broken(importsGoDown, "client/src/a.ts", "@rookery/server"), 1);
  assert.equal(broken(importsGoDown, "client/src/a.test.ts", "@rookery/server"), 0);
  assert.equal(broken(importsGoDown, "unheard-of/src/a.ts"), 1);
});

test("importsAreDeclared finds what package.json lacks and what leaves the package", () => {
  assert.equal(broken(importsAreDeclared, "server/src/a.ts", "zod/v4", "node:fs", "./b.ts"), 0);
  assert.equal(broken(importsAreDeclared, "server/src/a.ts", "yaml", "@rookery/xml"), 2);
  assert.equal(broken(importsAreDeclared, "server/src/a.ts", "fast-check"), 1);
  assert.equal(broken(importsAreDeclared, "server/src/a.test.ts", "fast-check"), 0);
  assert.equal(broken(importsAreDeclared, "server/src/x/a.ts", "../b.ts", "../../c.ts"), 0);
  assert.equal(broken(importsAreDeclared, "server/src/a.ts", "../../xml/src/element.ts"), 1);
  assert.equal(broken(importsAreDeclared, "server/src/a.test.ts", "../../serverless/b.ts"), 1);
});

test("universalPackagesAreUniversal finds what is Node's alone", () => {
  const uses = (path: string, text: string): number =>
    universalPackagesAreUniversal({ files: [{ path, text }], manifests: MANIFESTS }).length;
  assert.equal(uses("packages/xml/src/a.ts", 'import { inspect } from "node:util";'), 1);
  assert.equal(uses("packages/client/src/a.ts", "const b = Buffer.alloc(1);"), 1);
  assert.equal(uses("packages/client/src/node/a.ts", 'import { connect } from "node:net";'), 0);
  assert.equal(uses("packages/client/src/a.ts", 'import { a } from "./node/a.ts";'), 1);
  assert.equal(uses("packages/stream/src/a.ts", "const b: Buffer | undefined = x;"), 1);
  assert.equal(uses("packages/xml/src/a.ts", "// no Buffer\n/* Buffer */ new ArrayBuffer(1);"), 0);
  assert.equal(uses("packages/xml/src/a.test.ts", "Buffer.from('x');"), 0);
  assert.equal(uses("packages/server/src/a.ts", "Buffer.from('x');"), 0);
});

test("modulesMeetByContract finds imports past the contract", () => {
  const rule = modulesMeetByContract;
  assert.equal(broken(rule, "server/src/modules/muc/a/b.ts", "../rules.ts", "./c.ts"), 0);
  assert.equal(broken(rule, "server/src/modules/muc/a.ts", "../archive/contract.ts"), 0);
  assert.equal(broken(rule, "server/src/modules/index.ts", "./muc/index.ts"), 0);
  assert.equal(broken(rule, "server/src/modules/muc/a.ts", "../archive/index.ts"), 1);
  assert.equal(broken(rule, "server/src/modules/muc/a.test.ts", "../archive/store.ts"), 1);
  assert.equal(broken(rule, "server/src/modules/index.ts", "./muc/rules.ts"), 1);
  assert.equal(broken(rule, "server/src/server.ts", "./modules/muc/index.ts"), 1);
  assert.equal(broken(rule, "server/src/modules/muc/a.ts", "../archive/parts/contract.ts"), 1);
});

test("serverPartsLookDown finds imports against the direction", () => {
  const rule = serverPartsLookDown;
  const all = ["./streams/c2s.ts", "./transports/tcp.ts", "./modules/index.ts", "./im/a.ts"];
  assert.equal(broken(rule, "server/src/server.ts", ...all), 0);
  assert.equal(broken(rule, "server/src/streams/a.ts", "../transports/b.ts", "../router.ts"), 0);
  assert.equal(broken(rule, "server/src/transports/a.ts", "../tls/context.ts"), 0);
  assert.equal(broken(rule, "server/src/transports/a.ts", "../streams/c2s.ts"), 1);
  assert.equal(broken(rule, "server/src/streams/features/a.ts", "../../im/roster.ts"), 1);
  assert.equal(broken(rule, "server/src/router.ts", ...all), 4);
  assert.equal(broken(rule, "server/src/im/a.ts", "../transports/tcp.ts", "../router.ts"), 1);
  assert.equal(broken(rule, "server/src/config/a.ts", "../sessions/session.ts"), 1);
  assert.equal(broken(rule, "server/src/modules/a/b.ts", "../../host.ts", "../../hooks.ts"), 0);
  assert.equal(broken(rule, "server/src/modules/a/b.ts", "../../router.ts"), 1);
  assert.equal(broken(rule, "server/src/modules/a/b.ts", "../../storage/open.ts"), 1);
  assert.equal(broken(rule, "server/src/im/a.test.ts", "../server.ts"), 0);
});

test("driversAreHidden finds who knows which storage is in use", () => {
  assert.equal(broken(driversAreHidden, "server/src/storage/open.ts", "./sqlite/driver.ts"), 0);
  assert.equal(broken(driversAreHidden, "server/src/server.ts", "./storage/sqlite/driver.ts"), 1);
  assert.equal(broken(driversAreHidden, "server/src/im/a.test.ts", "../storage/memory/map.ts"), 1);
});

test("filesAreSmall finds files of more than 400 lines, tests aside", () => {
  const files = [400, 401].map((n) => ({
    path: `packages/xml/src/${n}.ts`,
    text: "line\n".repeat(n),
  }));
  const tests = [{ path: "packages/xml/src/a.test.ts", text: "line\n".repeat(2000) }];
  const found = filesAreSmall({ files: [...files, ...tests], manifests: [] });
  assert.deepEqual(found.length, 1);
  assert.match(found[0] ?? "", /401\.ts has 401 lines/);
});
