import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { TestServer, type TestServerOptions } from "@rookery/testkit";
import { Authority } from "./authority.test.ts";

type Auth = NonNullable<TestServerOptions["config"]>["auth"];

const start = (auth: Auth): Promise<TestServer> => TestServer.start({ config: { auth } });

test("a file of the configuration that is not there, or is no certificate, is named at the start", async () => {
  const missing = "/nowhere/ca.pem";
  await assert.rejects(
    start({ certificates: { ca: missing } }),
    /nowhere.ca\.pem.*certificates\.ca/,
  );
  const ldap = { url: "ldaps://ldap.example.org", base: "dc=x", ca: missing };
  await assert.rejects(
    start({ accounts: "ldap", ldap }),
    /nowhere.ca\.pem.*ldap\.ca.*no such file/,
  );
  const other = fileURLToPath(import.meta.url);
  await assert.rejects(start({ certificates: { ca: other } }));
});

test("what a domain says of its accounts goes before what the server says of all", async () => {
  await byFile(new Authority("Verona").cert, async (ca) => {
    await using stage = await TestServer.start({
      config: {
        domains: [
          { name: "example.org" },
          { name: "example.net", auth: { guests: { enabled: true } } },
          {
            name: "work.example",
            auth: { accounts: "http", http: { url: "https://127.0.0.1:9" } },
          },
        ],
        auth: { requireTls: false, plainWithoutTls: true, certificates: { ca } },
      },
    });
    const has = (domain: string): readonly boolean[] => {
      const { managed, scram, plain, certificate, anonymous } = stage.server.host(domain).accounts;
      return [managed, ...[scram, plain, certificate, anonymous].map((one) => one !== undefined)];
    };
    assert.deepEqual(has("example.org"), [true, true, true, true, false]);
    assert.deepEqual(has("example.net"), [true, true, true, true, true]);
    assert.deepEqual(has("work.example"), [false, false, true, true, false]);
  });
});

/** With the path of a file that has this text. */
async function byFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-accounts-"));
  try {
    const path = join(folder, "ca.pem");
    await writeFile(path, text);
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
