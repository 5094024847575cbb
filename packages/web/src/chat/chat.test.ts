import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Stage } from "../stage.test.ts";

/** A proxy that has the encryption, as from the page of a browser elsewhere. */
const PROXY = { proxies: { trusted: ["127.0.0.1"] } };
const HTTPS = { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1" };

/** The files that the page names. */
function filesOf(page: string): string[] {
  return [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = ""]) => path);
}

test("the page of the chat names the domain and files of ours alone", async () => {
  await using stage = await Stage.start();
  const { status, headers, text } = await stage.get("/");
  assert.equal(status, 200);
  assert.match(String(headers["content-type"]), /^text\/html/);
  assert.match(text, /data-domain="example\.org"/);
  assert.doesNotMatch(text, /https?:\/\//);
  const files = filesOf(text);
  assert.ok(files.length >= 6);
  for (const path of files) {
    const file = await stage.get(path);
    assert.equal(file.status, 200, path);
    assert.ok(file.body.length > 0);
    assert.match(String(file.headers["cache-control"]), /immutable/);
    assert.equal(file.headers["x-content-type-options"], "nosniff");
  }
});

test("CSP: scripts come from us, and none is made of text; nothing is asked of others", async () => {
  await using stage = await Stage.start({ ...PROXY, web: { url: "https://example.org" } });
  const { status, headers } = await stage.get("/", { host: "example.org", ...HTTPS });
  assert.equal(status, 200);
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(?:;|$)/);
  assert.match(policy, /connect-src 'self'(?:;|$)/);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /'unsafe-eval'|https?:|\*/);
  // `style="…"` alone, no sheets
  assert.equal(policy.match(/'unsafe-inline'/g)?.length, 1);
  assert.match(policy, /style-src-attr 'unsafe-inline'/);
});

test("reached under another name than web.url, it may use the files that are there", async () => {
  await using stage = await Stage.start({ web: { url: "https://chat.example.net" } });
  const { headers, text } = await stage.get("/");
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /connect-src 'self' https:\/\/chat\.example\.net;/);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
  assert.match(text, /data-hosts="localhost chat\.example\.net"/);
});

test("RFC 9110 §13.1.2: what a browser has is not sent again", async () => {
  await using stage = await Stage.start();
  const page = await stage.get("/");
  const etag = String(page.headers.etag);
  const known = await stage.get("/", { "if-none-match": `"other", W/${etag}` });
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
  assert.equal((await stage.get("/", { "if-none-match": '"other"' })).status, 200);
  const path = filesOf(page.text).find((one) => one.endsWith("chat.js")) ?? "";
  const file = await stage.get(path);
  const again = await stage.get(path, { "if-none-match": String(file.headers.etag) });
  assert.equal(again.status, 304);
});

test("text is sent smaller to who can read it, under a tag of its own", async () => {
  await using stage = await Stage.start();
  const path = filesOf((await stage.get("/")).text).find((one) => one.endsWith("chat.js")) ?? "";
  const plain = await stage.get(path);
  const zipped = await stage.get(path, { "accept-encoding": "br, gzip" });
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.equal(zipped.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(zipped.body).toString(), plain.text);
  assert.notEqual(zipped.headers.etag, plain.headers.etag);
  for (const answer of [plain, zipped]) assert.equal(answer.headers.vary, "accept-encoding");
  const refused = await stage.get(path, { "accept-encoding": "gzip;q=0, identity" });
  assert.equal(refused.headers["content-encoding"], undefined);
});

test("no path leads out of the files of the chat", async () => {
  await using stage = await Stage.start();
  const [file = ""] = filesOf((await stage.get("/")).text);
  const folder = file.slice(0, file.lastIndexOf("/"));
  for (const path of [
    "/chat/",
    folder,
    `${folder}/`,
    "/chat/converse.min.js",
    "/chat/0000000000000000/chat.js",
    `${folder}/../../../package.json`,
    `${folder}/..%2f..%2fpackage.json`,
    `${folder}/%2e%2e/package.json`,
    `${folder}/tsconfig.json`,
    `${folder}/converse.min.js.map`,
    `${folder}/website.css`,
    `${folder}/__proto__`,
    `${folder}//etc/passwd`,
  ]) {
    const { status } = await stage.get(path);
    assert.equal(status, 404, path);
  }
  assert.equal((await stage.ask({ method: "POST", path: "/" })).status, 405);
  assert.equal((await stage.get("/elsewhere")).status, 404);
});

test("each domain has a chat of its own", async () => {
  await using stage = await Stage.start({
    ...PROXY,
    domains: [{ name: "example.org" }, { name: "example.net" }],
  });
  const { text } = await stage.get("/", { host: "example.net", ...HTTPS });
  assert.match(text, /data-domain="example\.net"/);
});

test("what the configuration leaves out is not there", async () => {
  await using stage = await Stage.start({ modules: { "web-chat": false } });
  assert.equal((await stage.get("/")).status, 404);
  await using other = await Stage.start({ modules: { invitations: false } });
  assert.equal((await other.get("/")).status, 200);
  assert.equal((await other.get("/invite/x")).status, 404);
});

test("in the clear there is no chat, but what to do", async () => {
  await using stage = await Stage.start({ web: { url: "https://chat.example.org" } });
  const { status, text } = await stage.get("/", { host: "example.org" });
  assert.equal(status, 403);
  assert.match(text, /href="https:\/\/chat\.example\.org\/"/);
  assert.doesNotMatch(text, /<script|data-domain/);
});
