import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeConfig } from "../packages/server/src/config/describe.ts";
import { CONFIGURATION_PAGE, configurationPage } from "./docs.ts";

test("docs/configuration.md says what the code declares", () => {
  const page = readFileSync(CONFIGURATION_PAGE, "utf8");
  assert.equal(page, configurationPage(), "the page is out of date: run node tools/docs.ts");
});

test("the page has a line for every option", () => {
  const page = configurationPage();
  for (const { path } of describeConfig()) assert.ok(page.includes(`| \`${path}\` |`), path);
});
