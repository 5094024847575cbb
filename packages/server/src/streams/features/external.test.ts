import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NS } from "@rookery/protocol";
import { Authority } from "../../accounts/authority.test.ts";
import type { ConfigInput } from "../../config/config.ts";
import { Listening } from "../../transports/sockets.test.ts";

const auth = (message: string): string =>
  `<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>${message}</auth>`;

/** A server that trusts an authority. */
async function trusting(
  use: (listening: Listening, authority: Authority) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-external-"));
  try {
    const authority = new Authority("Verona");
    const ca = join(folder, "ca.pem");
    await writeFile(ca, authority.cert);
    const config: ConfigInput = { auth: { certificates: { ca } } };
    await using listening = await Listening.start(config);
    await use(listening, authority);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

for (const way of ["direct", "starttls"] as const) {
  test(`XEP-0178 §2: a client with a certificate logs in by EXTERNAL, by ${way}`, () =>
    trusting(async (listening, authority) => {
      const { client } = await listening[way](authority.issue({ xmpp: ["romeo@example.org"] }));
      assert.match(await client.open(), /<mechanism>EXTERNAL<\/mechanism>/);
      client.write(auth("="));
      await client.until(`<success xmlns='${NS.sasl}'/>`);
    }));
}

test("XEP-0178 §2: of several addresses the client says which, and no other", () =>
  trusting(async (listening, authority) => {
    const identity = authority.issue({ xmpp: ["romeo@example.org", "juliet@example.org"] });
    const { client } = await listening.direct(identity);
    await client.open();
    client.write(auth("="));
    assert.match(await client.until("</failure>"), /<invalid-authzid\/>/);
    client.write(auth(Buffer.from("tybalt@example.org").toString("base64")));
    assert.match(await client.until("</failure>"), /<invalid-authzid\/>/);
    client.write(auth(Buffer.from("juliet@example.org").toString("base64")));
    assert.match(
      await client.until("</failure>"),
      /<not-authorized\/>/,
      "there is no such account",
    );
    client.write(auth(Buffer.from("romeo@example.org").toString("base64")));
    await client.until(`<success xmlns='${NS.sasl}'/>`);
  }));

test("without a certificate, or with one that nobody vouches for, EXTERNAL is not offered, and other ways are open", () =>
  trusting(async (listening, authority) => {
    const stranger = new Authority("Mantua").issue({ xmpp: ["romeo@example.org"] });
    const elsewhere = authority.issue({ xmpp: ["romeo@example.net"] });
    for (const identity of [{}, stranger, elsewhere]) {
      const { client } = await listening.direct(identity);
      assert.doesNotMatch(await client.open(), /EXTERNAL/);
      client.write(auth("="));
      assert.match(await client.until("</failure>"), /<invalid-mechanism\/>/);
    }
  }));

test("where nobody may say who clients are, they are not asked for a certificate", async () => {
  await using listening = await Listening.start();
  const { requestCert } = listening.server.certificates.tlsOptions({ clients: true });
  assert.equal(requestCert, false);
});
