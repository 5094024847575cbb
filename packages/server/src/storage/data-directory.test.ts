import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StorageUnavailable } from "./api.ts";
import { openDataDirectory } from "./data-directory.ts";

function withDirectory(body: (directory: string) => void): () => void {
  return () => {
    const parent = mkdtempSync(join(tmpdir(), "rookery-data-"));
    try {
      body(join(parent, "deep", "data"));
    } finally {
      rmSync(parent, { recursive: true });
    }
  };
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test(
  "a data directory is made, readable by its user only",
  withDirectory((path) => {
    const data = openDataDirectory(path);
    assert.equal(data.path, path);
    assert.equal(mode(path), "700");
    for (const file of ["format", "lock.sqlite", "lock.pid"]) {
      assert.equal(mode(join(path, file)), "600", file);
    }
    assert.equal(readFileSync(join(path, "format"), "utf8"), "1\n");
    data.close();
  }),
);

test(
  "a data directory that others may read is closed to them",
  withDirectory((path) => {
    openDataDirectory(path).close();
    chmodSync(path, 0o755);
    openDataDirectory(path).close();
    assert.equal(mode(path), "700");
  }),
);

test(
  "the same process cannot open a data directory twice, however often it tries",
  withDirectory((path) => {
    const data = openDataDirectory(path);
    for (let i = 0; i < 3; i++) {
      assert.throws(
        () => openDataDirectory(path),
        (error) =>
          error instanceof StorageUnavailable && error.message.includes(`(pid ${process.pid})`),
      );
    }
    data.close();
    data.close();
    openDataDirectory(path).close();
  }),
);

test(
  "a newer format is refused, and the directory let go of",
  withDirectory((path) => {
    openDataDirectory(path).close();
    writeFileSync(join(path, "format"), "2\n");
    assert.throws(
      () => openDataDirectory(path),
      /has format 2, this program knows formats up to 1/,
    );
    writeFileSync(join(path, "format"), "one\n");
    assert.throws(() => openDataDirectory(path), /says "one" instead of a number/);
    writeFileSync(join(path, "format"), "1\n");
    openDataDirectory(path).close();
  }),
);

test(
  "a path that cannot be a directory is named in the error",
  withDirectory((path) => {
    openDataDirectory(path).close();
    assert.throws(() => openDataDirectory(join(path, "format")), /data directory ".*format"/);
  }),
);
