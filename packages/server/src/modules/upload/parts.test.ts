import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durationMs } from "../../duration.ts";
import { cleanName, contentDisposition, pathPart, readPathPart } from "./file-names.ts";
import { isShown, mediaType, toldType } from "./media-types.ts";
import { options } from "./options.ts";
import { rangeOf } from "./ranges.ts";

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3000 }),
  fc
    .array(
      fc.constantFrom("..", "/", "\\", "\0", ".", "\u202e", "%2e", "é", "😀", " ", "\r\n", "a"),
      {
        maxLength: 400,
      },
    )
    .map((parts) => parts.join("")),
);

test("whatever a file is called, its name is one harmless part of a path, and bounded", () => {
  fc.assert(
    fc.property(hostile, (name) => {
      const clean = cleanName(name);
      assert.ok(clean.length > 0 && Buffer.byteLength(clean) <= 200);
      assert.doesNotMatch(clean, /[\p{C}/\\]|^\./u);
      assert.equal(cleanName(clean), clean);
      assert.equal(readPathPart(pathPart(clean)), clean);
      const url = new URL(`https://example.org/upload/x/${pathPart(clean)}`);
      assert.equal(url.pathname.split("/").length, 4);
      assert.equal(readPathPart(url.pathname.split("/")[3] ?? ""), clean);
      assert.match(contentDisposition(clean, false), /^attachment; filename\*=UTF-8''[\w.%~-]+$/);
    }),
  );
});

test("XEP-0363 §4: the name and above all its ending stay", () => {
  assert.equal(cleanName("très cool.jpg"), "très cool.jpg");
  assert.equal(cleanName("archive.tar.gz"), "archive.tar.gz");
  assert.equal(cleanName("../../etc/passwd"), "_.._etc_passwd");
  assert.equal(cleanName(".."), "file");
  assert.equal(cleanName("photo\u202egpj.exe"), "photogpj.exe");
  const long = cleanName(`${"é".repeat(2500)}.jpg`);
  assert.ok(long.endsWith("é.jpg") && Buffer.byteLength(long) <= 200);
});

test("RFC 9110 §8.3.1: a media type is read without its parameters", () => {
  assert.equal(mediaType("Image/JPEG; q=1"), "image/jpeg");
  assert.equal(mediaType("application/vnd.x+json"), "application/vnd.x+json");
  for (const text of [
    "",
    "image",
    "/",
    "a/b/c",
    "a b/c",
    "a/b\r\nx: y",
    "a/b;\n",
    `a/${"b".repeat(101)}`,
  ]) {
    assert.equal(mediaType(text), undefined, text);
  }
});

test("no type that browsers run is told, and what is shown is told as it is", () => {
  for (const type of [
    "text/html",
    "text/xml",
    "image/svg+xml",
    "image/svg",
    "text/css",
    "text/javascript",
    "video/x+xml",
  ]) {
    assert.equal(toldType(type), "application/octet-stream");
    assert.equal(isShown(type), false);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const type = mediaType(`image/${text}`);
      if (type !== undefined && isShown(type)) assert.equal(toldType(type), type);
    }),
  );
});

test("RFC 9110 §14.1.2: a range lies within the file, whatever is asked", () => {
  const bound = fc.oneof(
    fc.nat(300).map(String),
    fc.constant(""),
    fc.bigInt({ min: 0n }).map(String),
  );
  fc.assert(
    fc.property(bound, bound, fc.integer({ min: 1, max: 200 }), (from, to, size) => {
      const range = rangeOf(`bytes=${from}-${to}`, size);
      if (range === undefined || range === "unsatisfiable") return;
      assert.ok(0 <= range.first && range.first <= range.last && range.last < size);
    }),
  );
});

test("options are read strictly", () => {
  assert.deepEqual(options.parse({}), {
    service: "upload",
    keep: "30d",
    keepProfile: "forever",
    permanent: false,
  });
  assert.equal(durationMs("30d"), 30 * 86_400_000);
  assert.equal(durationMs("forever"), undefined);
  for (const wrong of [
    { keep: "soon" },
    { keep: "0d" },
    { service: "a.b" },
    { service: "" },
    { service: "a@b" },
    { url: "https://files.example.org/" },
    { url: "ftp://files.example.org" },
    { colour: "red" },
  ]) {
    assert.equal(options.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
