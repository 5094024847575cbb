import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Person, TestServer } from "@rookery/testkit";

const MODULE = fileURLToPath(new URL("./index.ts", import.meta.url));

const config = { modules: { [MODULE]: { greeting: "Hello, and be nice." } } };

test("an account is greeted when it first comes online, and not again", async () => {
  await using stage = await TestServer.start({ config });
  const romeo = new Person(await stage.login("romeo@example.org/balcony"), stage);
  romeo.client.send("<presence/>");
  await romeo.receives("<presence from='romeo@example.org/balcony'/>");
  await romeo.receives("<message from='example.org'><body>Hello, and be nice.</body></message>");

  const again = new Person(await stage.login("romeo@example.org/orchard"), stage);
  await again.sends("<presence/>");
  await again.receivesAll(
    "<presence from='romeo@example.org/orchard'/>",
    "<presence from='romeo@example.org/balcony'/>",
  );
  await again.receivesNothing();
});

test("an option that the module does not know is refused with its name", async () => {
  const wrong = { modules: { [MODULE]: { greting: "?" } } };
  await assert.rejects(TestServer.start({ config: wrong }), /welcome.*greting/);
});
