import assert from "node:assert/strict";
import { test } from "node:test";
import { http, uploads, webConversation } from "./upload-scene.test.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

test(
  "SECURITY: pages, drawings, scripts and styles of users are never active in our origin",
  webConversation(async ({ romeo }) => {
    for (const [name, type] of [
      ["page.html", "text/html"],
      ["page.xhtml", "application/xhtml+xml"],
      ["drawing.svg", "image/svg+xml"],
      ["script.js", "text/javascript"],
      ["script.mjs", "application/javascript"],
      ["style.css", "text/css"],
      ["feed.xml", "application/xml"],
      ["code.wasm", "application/wasm"],
      ["app.webmanifest", "application/manifest+json"],
      ["old.swf", "application/x-shockwave-flash"],
      ["mail.mht", "multipart/related"],
      ["odd", "TEXT/HTML"],
    ] as const) {
      const url = await uploads(romeo, "<script>alert(1)</script>", { name, type });
      const { headers } = await http("GET", url);
      assert.equal(headers["content-type"], "application/octet-stream", type);
      assert.match(headers["content-disposition"] ?? "", /^attachment; filename\*=UTF-8''/, type);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(
        headers["content-security-policy"],
        "default-src 'none'; frame-ancestors 'none'; sandbox",
      );
      assert.equal(headers["x-frame-options"], "DENY");
    }
  }),
);

test(
  "pictures, songs and films are shown, and what else is known to be harmless keeps its type",
  webConversation(async ({ romeo }) => {
    for (const type of ["image/png", "image/jpeg", "audio/ogg", "video/mp4"]) {
      const { headers } = await http("GET", await uploads(romeo, "x", { type, name: "très.x" }));
      assert.equal(headers["content-type"], type);
      assert.equal(headers["content-disposition"], "inline; filename*=UTF-8''tr%C3%A8s.x");
      assert.match(String(headers["content-security-policy"]), /^default-src 'none';.*; sandbox$/);
      assert.doesNotMatch(String(headers["content-security-policy"]), /script|unsafe/);
    }
    for (const type of ["application/pdf", "text/plain", "image/tiff"]) {
      const { headers } = await http("GET", await uploads(romeo, "x", { type }));
      assert.equal(headers["content-type"], type);
      assert.match(headers["content-disposition"] ?? "", /^attachment;/);
    }
  }),
);

test(
  "RFC 9110 §14: one range is sent as such; several, or what cannot be read, get the whole file",
  webConversation(async ({ romeo }) => {
    const url = await uploads(romeo, LETTERS);
    const asks = async (range: string): Promise<[number, string, string | undefined]> => {
      const { status, body, headers } = await http("GET", url, { headers: { range } });
      if (status !== 416) assert.equal(headers["content-length"], String(body.length));
      return [status, status === 416 ? "" : body.toString(), headers["content-range"]];
    };
    assert.deepEqual(await asks("bytes=0-4"), [206, "abcde", "bytes 0-4/26"]);
    assert.deepEqual(await asks("bytes=23-"), [206, "xyz", "bytes 23-25/26"]);
    assert.deepEqual(await asks("bytes=-2"), [206, "yz", "bytes 24-25/26"]);
    assert.deepEqual(await asks("bytes=-100"), [206, LETTERS, "bytes 0-25/26"]);
    assert.deepEqual(await asks("bytes=25-1000"), [206, "z", "bytes 25-25/26"]);
    for (const range of ["bytes=26-", "bytes=26-30", "bytes=-0", "bytes=99999999999999999999-"]) {
      assert.deepEqual(await asks(range), [416, "", "bytes */26"], range);
    }
    const many = Array.from({ length: 1000 }, (_, i) => `${i % 26}-`).join(",");
    for (const range of [
      `bytes=${many}`,
      "bytes=0-1,3-4",
      "bytes=5-2",
      "bytes=-",
      "bytes=a-b",
      "lines=1-2",
      "bytes=0x1-2",
      `bytes=${"9".repeat(500)}-`,
    ]) {
      assert.deepEqual(await asks(range), [200, LETTERS, undefined], range.slice(0, 40));
    }
  }),
);

test(
  "RFC 9110 §9.3.2: HEAD tells what GET would",
  webConversation(async ({ romeo }) => {
    const url = await uploads(romeo, LETTERS, { type: "image/png" });
    const [head, get] = [await http("HEAD", url), await http("GET", url)];
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    for (const name of [
      "content-length",
      "content-type",
      "etag",
      "last-modified",
      "accept-ranges",
    ]) {
      assert.ok(get.headers[name], name);
      assert.equal(head.headers[name], get.headers[name], name);
    }
    const ranged = await http("HEAD", url, { headers: { range: "bytes=0-1" } });
    assert.deepEqual([ranged.status, ranged.headers["content-length"]], [200, "26"]); // §14.2
    assert.equal((await http("HEAD", `${url}x`)).status, 404);
  }),
);

test(
  "RFC 9110 §13: who has the file already is told so, and goes on where the rest is of the same file",
  webConversation(async ({ romeo }) => {
    const url = await uploads(romeo, LETTERS);
    const { headers } = await http("GET", url);
    const etag = headers.etag ?? "";
    const modified = headers["last-modified"] ?? "";
    assert.match(etag, /^"[\w-]{24}"$/);
    const early = "Thu, 01 Jan 2015 00:00:00 GMT";
    const cases: readonly [Record<string, string>, number][] = [
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": `"other", W/${etag}` }, 304],
      [{ "if-none-match": "*" }, 304],
      [{ "if-none-match": '"other"' }, 200],
      [{ "if-none-match": '"other"', "if-modified-since": modified }, 200],
      [{ "if-modified-since": modified }, 304],
      [{ "if-modified-since": early }, 200],
      [{ "if-modified-since": "nonsense" }, 200],
      [{ "if-match": etag }, 200],
      [{ "if-match": '"other"' }, 412],
      [{ "if-match": `W/${etag}` }, 412],
      [{ "if-unmodified-since": early }, 412],
      [{ "if-unmodified-since": modified }, 200],
      [{ "if-range": etag, range: "bytes=0-1" }, 206],
      [{ "if-range": modified, range: "bytes=0-1" }, 206],
      [{ "if-range": '"other"', range: "bytes=0-1" }, 200],
      [{ "if-range": `W/${etag}`, range: "bytes=0-1" }, 200],
      [{ "if-range": early, range: "bytes=0-1" }, 200],
    ];
    for (const [asked, status] of cases) {
      const answer = await http("GET", url, { headers: asked });
      assert.equal(answer.status, status, JSON.stringify(asked));
      if (status === 304) assert.equal(answer.body.length, 0);
    }
  }),
);

test(
  "a file is found by its whole address alone, however that is encoded",
  webConversation(async ({ romeo }) => {
    const url = await uploads(romeo, "hello", { name: "très (cool).jpg" });
    assert.equal((await http("GET", url.replace("%C3%A8", "%c3%a8"))).status, 200);
    assert.equal((await http("GET", url.replace("(", "%28"))).status, 200);
    const last = url.split("/").at(-1) ?? "";
    for (const other of [
      url.replace(last, "other.jpg"),
      url.replace(last, ""),
      url.slice(0, -last.length - 1),
      `${url}/more`,
      url.replace(/[\w-]{24}/, "A".repeat(24)),
      url.replace("/upload/example.org/", "/upload/example.net/"),
    ]) {
      assert.equal((await http("GET", other)).status, 404, other);
    }
  }),
);

test(
  "XEP-0363 §8: every page may show a file, and pages that the operator names may upload",
  webConversation(
    async ({ romeo }) => {
      const url = await uploads(romeo, "hello", { type: "image/png" });
      for (const origin of ["https://client.example", "https://other.example"]) {
        const { headers } = await http("GET", url, { headers: { origin } });
        assert.equal(headers["access-control-allow-origin"], "*");
        assert.equal(headers["cross-origin-resource-policy"], "cross-origin");
        assert.equal(headers["access-control-allow-credentials"], undefined);
      }
      const asked = { origin: "https://client.example", "access-control-request-method": "PUT" };
      const preflight = await http("OPTIONS", url, { headers: asked });
      assert.equal(preflight.status, 204);
      assert.match(preflight.headers["access-control-allow-methods"] ?? "", /PUT/);
      assert.match(preflight.headers["access-control-allow-headers"] ?? "", /content-type/);
      const put = async (origin: string): Promise<string | undefined> =>
        (await http("PUT", url, { body: "x", headers: { origin } })).headers[
          "access-control-allow-origin"
        ];
      assert.equal(await put("https://client.example"), "https://client.example");
      assert.equal(await put("https://other.example"), undefined);
    },
    { web: { origins: ["https://client.example"] } },
  ),
);
