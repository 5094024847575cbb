import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { ConfigError } from "./problems.ts";
import { readConfig } from "./read.ts";

/** Calls `use` with a file that holds the text, in a folder of its own. */
async function withFile(
  content: string | Uint8Array,
  use: (file: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-config-"));
  try {
    const file = join(folder, "rookery.yaml");
    await writeFile(file, content);
    await use(file, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The error's lines without the name of the folder. */
async function refused(content: string | Uint8Array): Promise<string[]> {
  let lines: string[] = [];
  await withFile(content, async (file, folder) => {
    await assert.rejects(readConfig(file, {}), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.file, file);
      lines = error.message.split("\n").map((line) => line.replace(`${folder}/`, ""));
      return true;
    });
  });
  return lines;
}

test("no file gives the defaults, relative to the current folder", async () => {
  const { config, file } = await readConfig(undefined, {});
  assert.equal(file, undefined);
  assert.equal(config.data, resolve("data"));
});

test("ROOKERY_DATA overrides the data directory, empty it does not", async () => {
  await withFile("data: ./here\n", async (file, folder) => {
    assert.equal((await readConfig(file, { ROOKERY_DATA: "/srv/x" })).config.data, "/srv/x");
    assert.equal((await readConfig(file, { ROOKERY_DATA: "" })).config.data, join(folder, "here"));
  });
});

test("relative paths start from the folder of the file", async () => {
  const yaml = "domains:\n  - name: example.org\n    tls: { cert: c.pem, key: ../k.pem }\n";
  await withFile(yaml, async (path, folder) => {
    const { config, file } = await readConfig(path, {});
    assert.equal(file, path);
    assert.equal(config.data, join(folder, "data"));
    assert.deepEqual(config.domains[0]?.tls, {
      cert: join(folder, "c.pem"),
      key: join(folder, "../k.pem"),
    });
  });
});

test("an empty file, and one with comments alone, give the defaults", async () => {
  for (const text of ["", "# nothing yet\n"]) {
    await withFile(text, async (file) => {
      assert.equal((await readConfig(file, {})).config.storage, "sqlite");
    });
  }
});

test("all problems are told in the order of the file, each with line and column", async () => {
  const lines = await refused(
    [
      "lisen: {}",
      "limits:",
      "  stanzaBytes: 5",
      "  idelSeconds: 9",
      "domains:",
      "  - tls: { cert: c.pem }",
      "storage: sqlitte",
    ].join("\n"),
  );
  assert.deepEqual(lines, [
    'rookery.yaml:1:1: unknown key "lisen"; did you mean "listen"?',
    "rookery.yaml:3:16: limits.stanzaBytes: found 5; expected a whole number from 10000",
    'rookery.yaml:4:3: unknown key "idelSeconds" in limits; did you mean "idleSeconds"?',
    "rookery.yaml:6:5: domains[0].name: is missing",
    "rookery.yaml:6:5: domains[0].tls.key: is missing",
    'rookery.yaml:7:10: storage: found "sqlitte"; expected memory or sqlite; did you mean "sqlite"?',
  ]);
});

test("a problem inside shared settings is told where they are used", async () => {
  const lines = await refused("auth: &shared { requireTsl: true }\nlog: *shared\n");
  assert.deepEqual(
    lines.map((line) => line.split(": ")[0]),
    ["rookery.yaml:1:17", "rookery.yaml:2:6"],
  );
});

test("a file that is no YAML is refused with the place", async () => {
  assert.match((await refused("domains:\n  - name: [\n"))[0] ?? "", /^rookery\.yaml:\d+:\d+: /);
  assert.match((await refused("data: a\ndata: b\n"))[0] ?? "", /^rookery\.yaml:2:1: .*unique/);
  assert.match((await refused("just text\n"))[0] ?? "", /^rookery\.yaml:1:1: .*"just text"/);
});

test("a file that can not be read is refused by name", async () => {
  await withFile("", async (_file, folder) => {
    await assert.rejects(readConfig(join(folder, "other.yaml"), {}), /no such file/);
    await assert.rejects(readConfig(folder, {}), /folder, not a file/);
  });
  assert.match((await refused(new Uint8Array([0x61, 0xff])))[0] ?? "", /not UTF-8/);
});
