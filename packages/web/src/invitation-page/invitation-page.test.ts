import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import fc from "fast-check";
import { JULIET, ROMEO, Stage, skeleton } from "../stage.test.ts";

const DAY = 86_400_000;
const CHOSEN = { name: "romeo", password: "pencil" };

test("XEP-0401 §3.2: an invitation shows what it is for, for how long, and a link for apps", async () => {
  await using stage = await Stage.start();
  const { token, links } = await stage.invite();
  const { status, text } = await stage.get(`/invite/${token}`);
  assert.equal(status, 200);
  assert.match(text, /Your invitation to example\.org/);
  assert.match(text, /<label for="name">/);
  assert.match(text, /<label for="password">/);
  assert.ok(text.includes(links.uri.replaceAll("&", "&amp;")));
  assert.match(text, /<svg class="qr"[^>]*aria-label="QR code/);
  assert.match(text, /good once, until <time datetime="2026-01-08/);
  assert.doesNotMatch(text, /<script|\bon[a-z]+=|style="/);
});

test("nothing but the style that stands in the page may work there, and nobody learns the token", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite();
  const { headers, text } = await stage.get(`/invite/${token}`);
  const policy = String(headers["content-security-policy"]);
  const [, style = ""] = /<style>([\s\S]*)<\/style>/.exec(text) ?? [];
  const digest = createHash("sha256").update(style).digest("base64");
  assert.match(policy, /default-src 'none'/);
  assert.ok(policy.includes(`style-src 'sha256-${digest}'`));
  assert.doesNotMatch(policy, /unsafe|script-src|https?:/);
  assert.equal(headers["referrer-policy"], "same-origin");
  assert.equal(headers["cache-control"], "no-store");
  assert.match(text, /<meta name="robots" content="noindex">/);
});

test("the form makes the account, and leads into the chat with the name filled in", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite();
  const { status, headers } = await stage.post(`/invite/${token}`, CHOSEN);
  assert.equal(status, 303);
  assert.equal(headers.location, "/#welcome=romeo");
  assert.equal(await stage.exists("romeo@example.org"), true);
  const again = await stage.post(`/invite/${token}`, { ...CHOSEN, name: "mercutio" });
  assert.equal(again.status, 404);
  assert.match(again.text, /may have been used already/);
  assert.equal(await stage.exists("mercutio@example.org"), false);
});

test("where there is no chat, it says what to do with the account", async () => {
  await using stage = await Stage.start({ modules: { "web-chat": false } });
  const { token } = await stage.invite();
  const { status, text } = await stage.post(`/invite/${token}`, CHOSEN);
  assert.equal(status, 200);
  assert.match(text, /Your address is <strong><bdi>romeo@example\.org<\/bdi><\/strong>/);
});

test("a name that is taken is told, what was typed stays, and the invitation too", async () => {
  await using stage = await Stage.start();
  await stage.host.administration.create(ROMEO, "pencil");
  const { token } = await stage.invite();
  const { status, text } = await stage.post(`/invite/${token}`, CHOSEN);
  assert.equal(status, 409);
  assert.match(text, /role="alert"[^>]*>The name &quot;romeo&quot; is not to be had/);
  assert.match(text, /value="romeo"/);
  assert.doesNotMatch(text, /pencil/);
  const other = await stage.post(`/invite/${token}`, { ...CHOSEN, name: "mercutio" });
  assert.equal(other.status, 303);
});

test("a name that cannot be and a password that is none are told", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite();
  for (const wrong of [
    { name: "ro meo", password: "pencil" },
    { name: "", password: "pencil" },
    { name: "romeo", password: "" },
    { name: "romeo", password: "x".repeat(1025) },
  ]) {
    const { status, text } = await stage.post(`/invite/${token}`, wrong);
    assert.equal(status, 422);
    assert.match(text, /role="alert"/);
  }
});

test("a name that is kept for somebody cannot be changed", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite({ username: "nurse" });
  const { text } = await stage.get(`/invite/${token}`);
  assert.match(text, /value="nurse"[^>]* readonly/);
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 422);
  const nurse = { ...CHOSEN, name: "nurse" };
  assert.equal((await stage.post(`/invite/${token}`, nurse)).status, 303);
});

test("XEP-0379 §3.3: to be in touch, it shows who invites, a button for apps, and a way to an account", async () => {
  await using stage = await Stage.start();
  await stage.host.administration.create(JULIET, "pencil");
  const { token, links } = await stage.invite({ kind: "contact", inviter: JULIET });
  const { text } = await stage.get(`/invite/${token}`, {
    "user-agent": "Mozilla/5.0 (Linux; Android 16) Mobile",
  });
  assert.match(text, /<bdi>juliet@example\.org<\/bdi>/);
  assert.ok(text.includes(`<a class="button" href="${links.uri.replaceAll("&", "&amp;")}">`));
  assert.match(text, /No account yet\?/);
  assert.match(text, /<ul><li>Android:/);
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 303);
});

test("where the invitation makes no accounts, there is no form", async () => {
  await using stage = await Stage.start({ modules: { invitations: { accounts: false } } });
  await stage.host.administration.create(JULIET, "pencil");
  const { token } = await stage.invite({ kind: "contact", inviter: JULIET });
  const { text } = await stage.get(`/invite/${token}`);
  assert.match(text, /Open in your chat app/);
  assert.doesNotMatch(text, /<form|No account yet/);
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 404);
});

test("what has expired, was taken back or never was looks alike", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite();
  stage.clock.advance(8 * DAY);
  const expired = await stage.get(`/invite/${token}`);
  assert.equal(expired.status, 404);
  assert.match(expired.text, /Ask who sent it to you for a new one/);
  for (const path of ["/invite/", "/invite/x", `/invite/${"a".repeat(26)}`, `/invite/${token}/`]) {
    const never = await stage.get(path);
    assert.equal(never.status, 404, path);
    assert.equal(never.text, expired.text);
  }
});

test("no password is taken in the clear", async () => {
  await using stage = await Stage.start({ web: { url: "https://chat.example.org" } });
  const { token } = await stage.invite();
  const host = `example.org:${stage.port}`;
  const { text } = await stage.get(`/invite/${token}`, { host });
  assert.doesNotMatch(text, /<form|type="password"/);
  assert.ok(text.includes(`<a href="https://chat.example.org/invite/${token}">`));
  const sent = await stage.post(`/invite/${token}`, CHOSEN, { host, origin: `http://${host}` });
  assert.equal(sent.status, 403);
  assert.equal(await stage.exists("romeo@example.org"), false);
});

test("a form that a page elsewhere has sent is refused", async () => {
  await using stage = await Stage.start();
  const { token } = await stage.invite();
  const elsewhere = [
    { origin: "http://localhost:1" },
    { origin: "http://127.0.0.1:8080" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of elsewhere) {
    const { status } = await stage.post(`/invite/${token}`, CHOSEN, headers);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  for (const type of ["text/plain", "application/json", "multipart/form-data; boundary=x", ""]) {
    const headers = { "content-type": type };
    assert.equal((await stage.post(`/invite/${token}`, CHOSEN, headers)).status, 415, type);
  }
  assert.equal(await stage.exists("romeo@example.org"), false);
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 303);
});

test("limits.httpFormBytes: a form that is too large is not read", async () => {
  await using stage = await Stage.start({ limits: { httpFormBytes: 4096 } });
  const { token } = await stage.invite();
  const large = { ...CHOSEN, more: "x".repeat(5000) };
  assert.equal((await stage.post(`/invite/${token}`, large)).status, 413);
});

test("limits.registrationTriesPerAddress: tokens cannot be tried for long", async () => {
  await using stage = await Stage.start({ limits: { registrationTriesPerAddress: 3 } });
  const { token } = await stage.invite();
  for (let i = 0; i < 3; i++) assert.equal((await stage.get("/invite/wrong")).status, 404);
  const tired = await stage.get(`/invite/${token}`);
  assert.equal(tired.status, 429);
  assert.match(tired.text, /Please wait/);
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 429);
});

test("limits.registrationsPerAddress: nor are accounts made without end", async () => {
  await using stage = await Stage.start({ limits: { registrationsPerAddress: 1 } });
  const { token } = await stage.invite({ uses: 2 });
  assert.equal((await stage.post(`/invite/${token}`, CHOSEN)).status, 303);
  const more = await stage.post(`/invite/${token}`, { ...CHOSEN, name: "mercutio" });
  assert.equal(more.status, 429);
  assert.match(more.text, /no more new accounts now/);
});

test("whatever is typed or asked for, it is text on the page and never more", async () => {
  const limits = { registrationTriesPerAddress: 0, registrationsPerAddress: 0, registrations: 0 };
  await using stage = await Stage.start({ limits });
  await stage.host.administration.create(ROMEO, "pencil");
  const { token } = await stage.invite({ uses: 1000 });
  const taken = await stage.post(`/invite/${token}`, CHOSEN);
  const unknown = await stage.get("/invite/unknown");
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(`"><script>alert(1)</script>`, "' onfocus='alert(1)", "</form>", "\u202Eoemor"),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const shown = await stage.get(`/invite/${encodeURIComponent(text.toWellFormed())}`);
      assert.equal(shown.text, unknown.text);
      // with "@" inside it is never a name
      const typed = await stage.post(`/invite/${token}`, { ...CHOSEN, name: `@${text}` });
      assert.equal(typed.status, 422);
      assert.deepEqual(skeleton(typed.text), skeleton(taken.text));
    }),
    { numRuns: 40 },
  );
});

test("a hostile inviter's address is text, too", async () => {
  await using stage = await Stage.start();
  const inviter = Jid.of("ro$meo=(x)`{};!", "example.org");
  await stage.host.administration.create(inviter, "pencil");
  await stage.host.administration.create(JULIET, "pencil");
  const [one, other] = await Promise.all([
    stage.invite({ kind: "contact", inviter }),
    stage.invite({ kind: "contact", inviter: JULIET }),
  ]);
  const pages = await Promise.all([
    stage.get(`/invite/${one.token}`),
    stage.get(`/invite/${other.token}`),
  ]);
  assert.deepEqual(skeleton(pages[0].text), skeleton(pages[1].text));
  assert.match(pages[0].text, /ro\$meo=\(x\)&#96;\{\};!@example\.org/);
});
