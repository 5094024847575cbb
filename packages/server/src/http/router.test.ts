import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, text } from "./reply.ts";
import type { HttpRequest } from "./request.ts";
import { type HttpHandler, HttpRouter } from "./router.ts";

const says =
  (what: string): HttpHandler =>
  () =>
    text(what);

function asked(router: HttpRouter, domain: string, method: string, path: string): unknown {
  try {
    const { handler, rest } = router.find(domain, method, path);
    const reply = handler({} as HttpRequest);
    assert.ok(!(reply instanceof Promise));
    return rest === "" ? reply.body : [reply.body, rest];
  } catch (error) {
    assert.ok(error instanceof HttpError);
    return error.status;
  }
}

test("a domain's own goes before what all have, an exact path before a longer folder before a shorter", () => {
  const router = new HttpRouter();
  router.add(undefined, "GET", "/a/", says("all below a"));
  router.add("example.org", "GET", "/a/b/", says("below b"));
  router.add("example.org", "GET", "/a/b/c", says("c"));
  router.add(undefined, "GET", "/a/b/c", says("c of all"));
  assert.equal(asked(router, "example.org", "GET", "/a/b/c"), "c");
  assert.equal(asked(router, "example.com", "GET", "/a/b/c"), "c of all");
  assert.deepEqual(asked(router, "example.org", "GET", "/a/b/d/e"), ["below b", "d/e"]);
  assert.deepEqual(asked(router, "example.com", "GET", "/a/b/d"), ["all below a", "b/d"]);
  assert.equal(asked(router, "example.org", "GET", "/a"), 404);
});

test("RFC 9110 §15.5.6: another method is refused, and those that are possible named", () => {
  const router = new HttpRouter();
  router.add(undefined, "GET", "/a", says("a"));
  router.add(undefined, "PUT", "/a", says("put"));
  assert.throws(() => router.find("x", "POST", "/a"), {
    status: 405,
    headers: { allow: "GET, PUT, HEAD, OPTIONS" },
  });
});

test("RFC 9110 §9.3.2: who answers GET answers HEAD", () => {
  const router = new HttpRouter();
  router.add(undefined, "GET", "/a", says("a"));
  assert.equal(asked(router, "x", "HEAD", "/a"), "a");
});

test("what was added is gone when it is taken away, and the path free for others", () => {
  const router = new HttpRouter();
  const undo = router.add(undefined, "GET", "/a", says("old"));
  assert.throws(() => router.add(undefined, "GET", "/a", says("other")), /has a handler already/);
  undo();
  assert.equal(asked(router, "x", "GET", "/a"), 404);
  router.add(undefined, "GET", "/a", says("new"));
  undo();
  assert.equal(asked(router, "x", "GET", "/a"), "new");
});

test("a path that could never be asked is refused", () => {
  const router = new HttpRouter();
  for (const path of ["", "a", "/a?b", "/ä", "/a b", "/a#b"]) {
    assert.throws(() => router.add(undefined, "GET", path, says("")), /is no path/);
  }
});

test("the front page is a page, and not all that is below it", () => {
  const router = new HttpRouter();
  router.add(undefined, "GET", "/", () => text("front"));
  assert.equal(router.has("example.org", "/"), true);
  assert.equal(router.has("example.org", "/elsewhere"), false);
});
