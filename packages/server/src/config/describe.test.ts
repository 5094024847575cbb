import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { describeConfig } from "./describe.ts";
import { LIMITS } from "./limits.ts";

test("every option says what it means and what is written there", () => {
  for (const { path, doc, type } of describeConfig()) {
    assert.ok(doc.endsWith("."), `${path} has no sentence of documentation`);
    assert.ok(type !== "anything" && type !== "", path);
  }
});

test("every option that can be left out has a default, except certificates and what derives from others", () => {
  // what another place for accounts needs to be told has no default either
  const elsewhere = /\bauth(\.(accounts|ldap|http|bearer|certificates|guests))?(\.|$)/;
  const without = describeConfig().filter(
    (option) => option.default === undefined && !elsewhere.test(option.path),
  );
  assert.deepEqual(
    without.map(({ path }) => path),
    ["domains[].name", "domains[].tls", "domains[].tls.cert", "domains[].tls.key", "web.url"],
  );
});

test("every limit is described with its unit", () => {
  const described = new Map(describeConfig().map((option) => [option.path, option]));
  for (const [name, limit] of Object.entries(LIMITS)) {
    const option = described.get(`limits.${name}`);
    assert.equal(option?.unit, limit.unit, name);
    assert.equal(option?.default, limit.default, name);
  }
});

test("options of modules stand below modules", () => {
  const schema = z.strictObject({ keep: z.string().prefault("30d").describe("How long.") });
  const paths = describeConfig(new Map([["archive", schema]])).map(({ path }) => path);
  const start = paths.indexOf("modules");
  assert.deepEqual(paths.slice(start, start + 3), [
    "modules",
    "modules.archive",
    "modules.archive.keep",
  ]);
});
