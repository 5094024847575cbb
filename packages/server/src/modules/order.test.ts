import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";

test("the order of all handlers of a standard server is the one of order.golden.txt", async () => {
  await using stage = await TestServer.start();
  const golden = readFileSync(new URL("./order.golden.txt", import.meta.url), "utf8");
  assert.equal(`${stage.server.host("example.org").hooks.order().join("\n")}\n`, golden);
});
