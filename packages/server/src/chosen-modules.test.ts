import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { ConfigError } from "./config/problems.ts";
import { defineModule } from "./host.ts";
import { createServer, type Server } from "./server.ts";

const NOWHERE = { c2s: false, c2sTls: false, http: false, https: false } as const;

const greeting = defineModule({
  name: "greeting",
  implements: [],
  options: z.strictObject({ text: z.string().default("hello").describe("What it says.") }),
  setup() {},
});
const farewell = defineModule({
  name: "farewell",
  implements: [],
  requires: [greeting],
  setup() {},
});

/** As in the configuration. */
interface Chosen {
  readonly [name: string]: { readonly [option: string]: unknown } | false;
}

function serverWith(modules: Chosen): Promise<Server> {
  return createServer(
    { domains: [{ name: "example.org" }], storage: "memory", listen: NOWHERE, modules },
    { modules: [greeting, farewell] },
  );
}

async function loaded(modules: Chosen): Promise<string[]> {
  const server = await serverWith(modules);
  const names = server.host("example.org").modules.names;
  await server.stop();
  return names.filter((name) => name === "greeting" || name === "farewell");
}

test("a program's modules come after the built-in ones, on every host", async () => {
  assert.deepEqual(await loaded({}), ["greeting", "farewell"]);
});

test("the configuration leaves them out, and with them those that require them", async () => {
  assert.deepEqual(await loaded({ farewell: false }), ["greeting"]);
  assert.deepEqual(await loaded({ greeting: false }), []);
});

test("their options are checked as those of the built-in ones", async () => {
  assert.deepEqual(await loaded({ greeting: { text: "good day" } }), ["greeting", "farewell"]);
  await assert.rejects(serverWith({ greeting: { txt: "good day" } }), ConfigError);
  await assert.rejects(serverWith({ greting: false }), /did you mean "greeting"/);
});
