import assert from "node:assert/strict";
import { test } from "node:test";
import { openStorage } from "./open.ts";

test("a driver that is not there yet is refused with what to use instead", async () => {
  for (const driver of ["postgres", "postgres://rookery@db.example.org/rookery"]) {
    await assert.rejects(openStorage({ driver }), {
      message: "storage driver postgres is not there yet; use memory or sqlite",
    });
  }
  await assert.rejects(openStorage({ driver: "mysql" }), /no storage driver "mysql"/);
  await assert.rejects(openStorage({ driver: "sqlite" }), /without a data directory/);
});
