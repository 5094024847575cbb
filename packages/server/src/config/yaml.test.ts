import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml } from "./yaml.ts";

test("values, keys and list entries have their line and column", () => {
  const yaml = readYaml("a:\n  b: 1\n  list:\n    - x\n    - c: 2\n");
  assert.deepEqual(yaml.value, { a: { b: 1, list: ["x", { c: 2 }] } });
  assert.deepEqual(yaml.locate(["a", "b"]), { line: 2, column: 6 });
  assert.deepEqual(yaml.locate(["a"], "b"), { line: 2, column: 3 });
  assert.deepEqual(yaml.locate(["a", "list", 0]), { line: 4, column: 7 });
  assert.deepEqual(yaml.locate(["a", "list", 1], "c"), { line: 5, column: 7 });
});

test("what is missing is located at the group it is missing from", () => {
  const yaml = readYaml("a:\n  b: 1\n");
  assert.deepEqual(yaml.locate(["a", "z"]), { line: 1, column: 1 });
  assert.deepEqual(yaml.locate(["a", "b", "deeper", 3]), { line: 2, column: 3 });
  assert.deepEqual(readYaml("").locate(["a"]), { line: 1, column: 1 });
});

test("a key that stands twice is refused where it stands the second time", () => {
  const [problem] = readYaml("a: 1\nb: 2\na: 3\n").problems;
  assert.equal(problem?.line, 3);
  assert.match(problem?.text ?? "", /unique/);
});

test("broken YAML and keys that are no texts are refused with their place", () => {
  assert.equal(readYaml("a: [1\n").problems.length > 0, true);
  assert.equal(readYaml("a:\n\tb: 1\n").problems[0]?.line, 2);
  assert.equal(readYaml("? [1, 2]\n: 3\n").problems.length > 0, true);
  assert.equal(readYaml("a: !!js/function 'x'\n").problems.length > 0, true);
});

test("anchors share settings, but can not make the value grow without bound", () => {
  assert.deepEqual(readYaml("a: &x { b: 1 }\nc: *x\n").value, { a: { b: 1 }, c: { b: 1 } });
  let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (let i = 1; i < 9; i++) {
    bomb += `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}*a${i - 1}]\n`;
  }
  assert.match(readYaml(bomb).problems[0]?.text ?? "", /alias/);
});

test("a file that is too large or nested too deep is refused, not read for ever", () => {
  assert.match(readYaml(`a: ${"x".repeat(2_000_000)}`).problems[0]?.text ?? "", /larger/);
  assert.equal(readYaml("[".repeat(100_000)).problems.length > 0, true);
});

test("a key named __proto__ is a key like every other", () => {
  const { value } = readYaml("__proto__: { polluted: true }\n");
  assert.deepEqual(Object.keys(value as object), ["__proto__"]);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
