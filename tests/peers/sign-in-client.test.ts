/** The client library of the house against a server as its users run it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { FastToken } from "@rookery/client";
import { type ClientOptions, connectClient } from "@rookery/client/node";
import { body } from "@rookery/protocol";
import { AUDIENCE, Issuer } from "../../packages/server/src/accounts/issuer.test.ts";
import { PASSWORD, Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };
const PHONE = { id: "d4565fa7-4d72-4749-b3d3-740edbf87770", software: "Test", device: "Phone" };

/** How to reach the server. */
async function way(rookery: Rookery, tls: "starttls" | "direct"): Promise<Partial<ClientOptions>> {
  const port = tls === "direct" ? rookery.ports.c2sTls : rookery.ports.c2s;
  return { host: "127.0.0.1", port, tls, ca: await readFile(rookery.certificate, "utf8") };
}

/** Signs in, and has something of it: a message to oneself. */
async function signIn(options: ClientOptions): Promise<string> {
  const heard = Promise.withResolvers<string>();
  const client = await connectClient(options, (own) => {
    own.onMessage((message) => heard.resolve(body.in(message)?.text ?? ""));
  });
  await client.send({
    kind: "message",
    type: "chat",
    to: client.jid,
    children: [body.write({ text: "me" })],
  });
  assert.equal(await heard.promise, "me");
  await client.close();
  return client.jid.toString();
}

const BINDINGS = {
  "TLSv1.3": ["tls-exporter", "tls-server-end-point"],
  "TLSv1.2": ["tls-unique", "tls-server-end-point"],
} as const;

for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
  for (const tls of ["starttls", "direct"] as const) {
    test(
      `by ${maxVersion} and ${tls} our client signs in by every mechanism and binding`,
      LIMIT,
      async (t) => {
        const config = { tls: { maxVersion } };
        const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, config);
        const base = { ...(await way(rookery, tls)), jid: "romeo@localhost", password: PASSWORD };
        for (const hash of ["SHA-1", "SHA-256", "SHA-512"]) {
          for (const type of BINDINGS[maxVersion]) {
            const mechanisms = [`SCRAM-${hash}-PLUS`];
            await signIn({ ...base, mechanisms, channelBindings: [type] });
          }
          await signIn({ ...base, mechanisms: [`SCRAM-${hash}`], channelBindings: [] });
        }
        await signIn({ ...base, mechanisms: ["PLAIN"] });
        for (const channelBindings of [[], ...BINDINGS[maxVersion].map((type) => [type])]) {
          let token: FastToken | undefined;
          const tokens = {
            load: () => token,
            save(next: FastToken | undefined) {
              token = next;
            },
          };
          const fast = { ...base, userAgent: PHONE, tokens, channelBindings };
          const jid = await signIn(fast);
          assert.match(token?.mechanism ?? "", /^HT-SHA-256-/);
          assert.equal(await signIn({ ...fast, password: undefined }), jid);
        }
      },
    );
  }
}

test("XEP-0178: our client signs in by a certificate that OpenSSL has made", LIMIT, async (t) => {
  const { ca, identity } = await certificates(t);
  const config = { auth: { certificates: { ca } } };
  const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, config);
  for (const tls of ["starttls", "direct"] as const) {
    const options = { ...(await way(rookery, tls)), jid: "romeo@localhost", identity };
    assert.match(await signIn(options), /^romeo@localhost\//);
  }
});

test("XEP-0175: our client comes as a guest where guests may come", LIMIT, async (t) => {
  const config = { auth: { guests: { enabled: true } } };
  const rookery = await Rookery.start(t, [], undefined, undefined, config);
  const options = { ...(await way(rookery, "direct")), jid: "localhost", anonymous: true };
  assert.match(await signIn(options), /^.+@localhost\/.+/);
});

test(
  "RFC 7628: our client signs in by a token of a single sign-on, and comes back without it",
  LIMIT,
  async (t) => {
    await using issuer = await Issuer.start();
    const config = { auth: { bearer: { issuer: issuer.url, audience: AUDIENCE } } };
    const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, config);
    let fast: FastToken | undefined;
    const tokens = {
      load: () => fast,
      save(next: FastToken | undefined) {
        fast = next;
      },
    };
    const base = { ...(await way(rookery, "starttls")), jid: "romeo@localhost" };
    const bearer = await issuer.token({ preferred_username: "romeo" });
    const jid = await signIn({ ...base, bearer, userAgent: PHONE, tokens });
    assert.match(fast?.mechanism ?? "", /^HT-SHA-256-/, "SASL2, which alone gives such tokens");
    assert.equal(await signIn({ ...base, userAgent: PHONE, tokens }), jid);
    const juliet = await issuer.token({ preferred_username: "juliet" });
    await assert.rejects(signIn({ ...base, bearer: juliet }), /no such account/);
    const late = await issuer.token({ preferred_username: "romeo" }, { expires: 1_700_000_000 });
    await assert.rejects(signIn({ ...base, bearer: late }), /not valid/);
  },
);

/** An authority, and a certificate of it for romeo@localhost. */
async function certificates(t: TestContext): Promise<{
  readonly ca: string;
  readonly identity: { readonly cert: string; readonly key: string };
}> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-certificates-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)("openssl", args);
  const fresh = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(...fresh, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=Verona");
  await openssl(
    ...fresh,
    ...["-keyout", at("key.pem"), "-out", at("cert.pem"), "-subj", "/CN=Romeo"],
    ...["-CA", at("ca.pem"), "-CAkey", at("ca.key")],
    ...["-addext", "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:romeo@localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=clientAuth"],
  );
  const [cert, key] = await Promise.all([
    readFile(at("cert.pem"), "utf8"),
    readFile(at("key.pem"), "utf8"),
  ]);
  return { ca: at("ca.pem"), identity: { cert, key } };
}
