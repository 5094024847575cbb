import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { TestServer } from "@rookery/testkit";

const GOLDEN = new URL("./order.golden.txt", import.meta.url);

test("the order of all handlers of a standard server is the one of order.golden.txt (npm run golden renews it)", async () => {
  await using stage = await TestServer.start();
  const order = `${stage.server.host("example.org").hooks.order().join("\n")}\n`;
  if (process.env["ROOKERY_GOLDEN"] === "renew") writeFileSync(GOLDEN, order);
  assert.equal(order, readFileSync(GOLDEN, "utf8"));
});
