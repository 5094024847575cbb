import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Jid } from "@rookery/protocol";
import { type AuthConfig, createServer } from "@rookery/server";
import { Child } from "./support/child.ts";
import { PASSWORD } from "./support/rookery.ts";
import { openDoor } from "./support/smtp-door.ts";

const LIMIT = { timeout: 60_000 };

/** Lets `gsasl` sign in, of which TLS is GnuTLS. @returns what it says. @throws if it fails */
async function signIn(
  t: TestContext,
  mechanism: string,
  auth: Partial<Pick<AuthConfig, "channelBinding">> = {},
  ...more: readonly string[]
): Promise<string> {
  const server = await createServer({
    domains: [{ name: "localhost" }],
    storage: "memory",
    auth,
    listen: { c2s: false, c2sTls: false, http: false, https: false },
  });
  const folder = await mkdtemp(join(tmpdir(), "rookery-gsasl-"));
  t.after(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await server.host("localhost").accounts.create(Jid.parse("romeo@localhost"), PASSWORD);
  const ca = join(folder, "ca.pem");
  await writeFile(ca, server.certificates.certificate("localhost")?.toString() ?? "");
  const port = await openDoor(t, server);
  const said: string[] = [];
  const child = new Child(
    t,
    [
      "gsasl",
      "--smtp",
      "--verbose",
      "--starttls",
      `--connect=localhost:${port}`,
      `--x509-ca-file=${ca}`,
      `--mechanism=${mechanism}`,
      "--authentication-id=romeo",
      "--authorization-id=romeo@localhost",
      `--password=${PASSWORD}`,
      "--no-client-first",
      ...more,
    ],
    { onLine: (line) => said.push(line), onErrorLine: (line) => said.push(line) },
  );
  child.end();
  try {
    await child.succeeded();
  } catch (error) {
    throw new Error(said.join("\n"), { cause: error });
  }
  return said.join("\n");
}

for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]) {
  test(`gsasl signs in by ${mechanism} with tls-exporter, TLS 1.3`, LIMIT, async (t) => {
    const said = await signIn(t, mechanism, { channelBinding: true });
    const first = Buffer.from("p=tls-exporter,a=romeo").toString("base64").slice(0, 28);
    assert.ok(said.includes(first), said);
    assert.match(said, /235 welcome/);
  });
}

for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]) {
  test(`gsasl signs in by ${mechanism} where the configuration says nothing`, LIMIT, async (t) => {
    // with a channel to bind it refuses to use a mechanism that does not
    assert.match(await signIn(t, mechanism, {}, "--no-cb"), /235 welcome/);
  });
}
