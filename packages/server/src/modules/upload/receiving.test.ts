import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { HttpError } from "../../http/reply.ts";
import { refusalOf } from "./receiving.ts";
import { asksForSlot, conditionOf, http, slotFor, webConversation } from "./upload-scene.test.ts";
import { withData } from "./with-data.test.ts";

const PHOTO = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));

test(
  "XEP-0363 §7: what was uploaded is there, byte for byte, once 201 was said",
  webConversation(async ({ romeo }) => {
    const { put, get } = await slotFor(romeo, PHOTO.length, { type: "image/jpeg" });
    assert.equal((await http("GET", get)).status, 404);
    const headers = { "content-type": "image/jpeg" };
    assert.equal((await http("PUT", put, { body: PHOTO, headers })).status, 201);
    const got = await http("GET", get);
    assert.equal(got.status, 200);
    assert.deepEqual(got.body, PHOTO);
  }),
);

test(
  "XEP-0363 §7: another length than that of the slot is refused, and so is none",
  webConversation(async ({ romeo }) => {
    const { put, get } = await slotFor(romeo, 10);
    assert.equal((await http("PUT", put, { body: "x".repeat(9) })).status, 400);
    assert.equal((await http("PUT", put, { body: "x".repeat(11) })).status, 413);
    assert.equal((await http("PUT", put, { body: "" })).status, 400);
    assert.equal(
      (await http("PUT", put, { headers: { "content-length": "999999999999" } })).status,
      413,
    );
    const raw = async (headers: string, body = ""): Promise<string> => {
      const said = await says(put, `${headers}\r\nConnection: close\r\n\r\n${body}`);
      return /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? "";
    };
    assert.equal(await raw("Transfer-Encoding: chunked", "a\r\n0123456789\r\n0\r\n\r\n"), "411");
    assert.equal(await raw("X: y"), "411");
    for (const length of ["+10", "-10", "0x0a", "10.0", "1e1", "10, 10", "ten", ""]) {
      assert.match(await raw(`Content-Length: ${length}`, "0123456789"), /^4/, length);
    }
    assert.equal(await raw("Content-Length: 10\r\nContent-Length: 11", "0123456789"), "400");
    assert.equal(
      await raw("Content-Length: 10\r\nContent-Range: bytes 0-9/20", "0123456789"),
      "400",
    );
    assert.equal(await raw("Content-Length: 10\r\nContent-Encoding: gzip", "0123456789"), "415");
    assert.equal((await http("GET", get)).status, 404);
    assert.equal((await http("PUT", put, { body: "0123456789" })).status, 201);
  }),
);

test(
  "XEP-0363 §7: another type than that of the slot is refused; without one it is the slot's",
  webConversation(async ({ romeo }) => {
    const slot = await slotFor(romeo, 2, { type: "Image/PNG; x=y" });
    for (const type of ["image/jpeg", "text/html", "nonsense", ""]) {
      const headers = { "content-type": type };
      assert.equal((await http("PUT", slot.put, { body: "ab", headers })).status, 415, type);
    }
    const headers = { "content-type": "image/png; q=1" };
    assert.equal((await http("PUT", slot.put, { body: "ab", headers })).status, 201);
    assert.equal((await http("GET", slot.get)).headers["content-type"], "image/png");
    const silent = await slotFor(romeo, 2, { type: "image/gif" });
    assert.equal((await http("PUT", silent.put, { body: "ab" })).status, 201);
    assert.equal((await http("GET", silent.get)).headers["content-type"], "image/gif");
    const open = await slotFor(romeo, 2);
    assert.equal((await http("PUT", open.put, { body: "ab" })).status, 201);
    assert.equal((await http("GET", open.get)).headers["content-type"], "application/octet-stream");
    const told = await slotFor(romeo, 2);
    const webp = { "content-type": "image/webp" };
    assert.equal((await http("PUT", told.put, { body: "ab", headers: webp })).status, 201);
    assert.equal((await http("GET", told.get)).headers["content-type"], "image/webp");
  }),
);

test(
  "a place is filled once: what is there can never be overwritten, nor by its own address",
  webConversation(async ({ romeo, juliet }) => {
    const { put, get } = await slotFor(romeo, 5);
    assert.equal((await http("PUT", get, { body: "wrong" })).status, 404);
    assert.equal((await http("PUT", put, { body: "first" })).status, 201);
    assert.equal((await http("PUT", put, { body: "again" })).status, 404);
    assert.equal((await http("PUT", get, { body: "again" })).status, 404);
    assert.equal((await http("DELETE", get)).status, 405);
    assert.equal((await http("POST", get, { body: "again" })).status, 405);
    assert.equal((await http("GET", put)).status, 404);
    // another's place is found by nothing that one's own tells
    const other = await slotFor(juliet, 5, { name: "other.txt" });
    const [own, foreign] = [get, other.get].map((url) => url.split("/"));
    const mixed = [...(own?.slice(0, -1) ?? []), foreign?.at(-1)].join("/");
    assert.equal((await http("PUT", mixed, { body: "again" })).status, 404);
    assert.equal((await http("GET", get)).body.toString(), "first");
  }),
);

test(
  "of many uploads to one place at once, one alone is taken, whole",
  webConversation(async ({ romeo }) => {
    const size = 200_000;
    const { put, get } = await slotFor(romeo, size);
    const letters = "abcdefghijklmnop".split("");
    const answers = await Promise.all(
      letters.map((letter) =>
        http("PUT", put, { body: letter.repeat(size) }).then(({ status }) => status),
      ),
    );
    assert.equal(answers.filter((status) => status === 201).length, 1);
    assert.equal(answers.filter((status) => status === 404).length, letters.length - 1);
    const won = letters[answers.indexOf(201)] ?? "";
    assert.equal((await http("GET", get)).body.toString(), won.repeat(size));
  }),
);

test(
  "half an upload is not there: 404 while it comes, and after it broke off; nothing of it is left",
  withData(async ({ data, start }) => {
    await using scene = await start();
    const { put, get } = await slotFor(scene.romeo, 1000);
    const socket = await begins(put, "Content-Length: 1000\r\n\r\nhalf of it");
    const incoming = join(data, "files/upload/example.org/incoming");
    while (readdirSync(incoming).length === 0) await new Promise(setImmediate);
    assert.equal((await http("GET", get)).status, 404);
    assert.equal((await http("GET", put)).status, 404);
    assert.equal((await http("PUT", put, { body: "x".repeat(1000) })).status, 404);
    socket.destroy();
    while (readdirSync(incoming).length > 0) await new Promise(setImmediate);
    assert.equal((await http("GET", get)).status, 404);
    assert.equal((await http("PUT", put, { body: "x".repeat(1000) })).status, 404);
    assert.equal(conditionOf(await asksForSlot(scene.romeo, 1000)), undefined);
  }),
);

test(
  "what follows an upload is not part of it, and holds nothing up",
  withData(async ({ data, start }) => {
    await using scene = await start({ limits: { uploadSlotsPerAccount: 1 } });
    for (const more of ["x", "x".repeat(100_000), "\r\n\r\nPUT"]) {
      const { put, get } = await slotFor(scene.romeo, 10);
      const socket = await begins(put, `Content-Length: 10\r\n\r\n0123456789${more}`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
      const end = Date.now() + 5000;
      while (conditionOf(await asksForSlot(scene.romeo, 10)) !== undefined) {
        assert.ok(Date.now() < end, "the place is still taken");
      }
      scene.stage.clock.advance(300_000); // the one that was just asked for
      assert.deepEqual(readdirSync(join(data, "files/upload/example.org/incoming")), []);
      const { status, body } = await http("GET", get);
      if (status === 200) assert.equal(body.toString(), "0123456789");
      else assert.equal(status, 404);
    }
  }),
);

test(
  "an upload that comes too slowly is refused, and so is one that takes too long altogether",
  webConversation(
    async ({ romeo, stage }) => {
      const slow = await slotFor(romeo, 1000);
      const one = await begins(slow.put, "Content-Length: 1000\r\n\r\nx");
      const said = read(one);
      await heard(stage);
      for (let i = 0; i < 3; i++) stage.clock.advance(20_000);
      assert.match(await said, /^HTTP\/1\.1 408 /);
      const long = await slotFor(romeo, 1000);
      const other = await begins(long.put, "Content-Length: 1000\r\n\r\nx");
      const answer = read(other);
      await heard(stage);
      stage.clock.advance(19_000);
      other.write("y");
      assert.match(await answer, /^HTTP\/1\.1 408 /);
    },
    { limits: { uploadSeconds: 10 } },
  ),
);

test(
  "a place that is not used in time is gone",
  webConversation(async ({ romeo, stage }) => {
    const { put } = await slotFor(romeo, 5);
    stage.clock.advance(299_000);
    const other = await slotFor(romeo, 5);
    stage.clock.advance(1000);
    assert.equal((await http("PUT", put, { body: "hello" })).status, 404);
    assert.equal((await http("PUT", other.put, { body: "hello" })).status, 201);
  }),
);

test(
  "no name of a file leads out of the store; files and folders are for the server alone",
  withData(async ({ data, start }) => {
    await using scene = await start();
    const names = [
      "..",
      "../../../etc/passwd",
      "..\\..\\secret",
      "/etc/passwd",
      "%2e%2e%2fsecret",
      "a/../../b",
      ".htaccess",
      "C:\\autoexec.bat",
      "name?query#fragment",
      "\u202egpj.exe",
      "é".repeat(2500),
      `${"x".repeat(4996)}.jpg`,
      "...",
      "con",
      "~root",
      "$(reboot)",
    ];
    for (const name of names) {
      const { put, get } = await slotFor(scene.romeo, 5, { name });
      assert.ok(get.length < 1000);
      const parts = decodeURIComponent(new URL(get).pathname).split("/");
      assert.equal(parts.length, 5, get);
      assert.match(parts[4] ?? "", /^[^.\\\p{C}][^\\\p{C}]*$/u);
      assert.equal((await http("PUT", put, { body: "hello" })).status, 201, name);
      assert.equal((await http("GET", get)).body.toString(), "hello", name);
    }
    const base = (await slotFor(scene.romeo, 5)).get.split("/").slice(0, -2).join("/");
    for (const path of [
      "../../../format",
      "..%2f..%2f..%2fformat",
      "%2e%2e/%2e%2e/format",
      "..%00/x",
      "%00/%00",
      "%ff/%ff",
      "%/x",
      "/",
      "",
      `${"x".repeat(5000)}/x`,
      "../incoming/x",
    ]) {
      for (const method of ["GET", "PUT", "HEAD"]) {
        const answer = await says(`${base}/${path}`, "Connection: close\r\n\r\n", method);
        assert.match(answer, /^HTTP\/1\.1 (?:404|400|405) /, `${method} ${path}`);
      }
    }
    let files = 0;
    const root = join(data, "files");
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const { mode } = statSync(join(entry.parentPath, entry.name));
      assert.equal(mode & 0o077, 0, entry.name);
      assert.match(entry.name, /^(?:upload|example\.org|incoming|kept|[\w-]{24}|[0-9a-f]{32})$/);
      if (entry.isFile()) files++;
    }
    assert.equal(files, names.length);
  }),
);

test("a full disk is told as such, and every other failure stays what it is", () => {
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
    const refusal = refusalOf(Object.assign(new Error("write"), { code }));
    assert.ok(refusal instanceof HttpError);
    assert.equal(refusal.status, 507);
  }
  const other = Object.assign(new Error("write"), { code: "EIO" });
  assert.equal(refusalOf(other), other);
});

/** Until the server has what was sent. */
async function heard(stage: { settled(): Promise<void> }): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  await stage.settled();
}

/** A request whose end is left open. */
async function begins(url: string, more: string, method = "PUT"): Promise<Socket> {
  const { host, port } = new URL(url);
  const path = url.slice(url.indexOf("/upload/"));
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}`);
  return socket;
}

async function says(url: string, more: string, method = "PUT"): Promise<string> {
  return read(await begins(url, more, method));
}

/** All that comes until the connection is closed. */
async function read(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}
