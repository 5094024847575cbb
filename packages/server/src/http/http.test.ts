import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { bytes, HttpError, html, json, text } from "./reply.ts";
import type { HttpRequest } from "./request.ts";
import { WebStage } from "./web-stage.test.ts";

const GET = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n${more}\r\n`;

function status(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

test("a handler answers, and every answer says how browsers are to treat it", async () => {
  await using stage = await WebStage.start();
  stage.router.add("example.org", "GET", "/hello", ({ domain, url, address, secure, headers }) =>
    json({ domain, url, address, secure, agent: headers["user-agent"] }),
  );
  const answer = await fetch(stage.url("/hello?to=romeo"), { headers: { "user-agent": "test" } });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), {
    domain: "example.org",
    url: stage.url("/hello?to=romeo"),
    address: "127.0.0.1",
    secure: true, // it never left this machine
    agent: "test",
  });
  const { headers } = answer;
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("x-frame-options"), "DENY");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.equal(headers.get("x-powered-by"), null);
});

test("a page may load what is ours, and nothing stands inside it", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "GET", "/", () => html("<p>hello</p>"));
  const { headers } = await fetch(stage.url("/"));
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /script-src 'self'(?:;|$)/);
  assert.doesNotMatch(policy, /unsafe/);
});

test("RFC 9110 §15.5: what cannot be done is refused with the status that says why", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "GET", "/a", () => text("a"));
  stage.router.add(undefined, "GET", "/no", () => {
    throw new HttpError(410, "gone");
  });
  assert.equal(status(await stage.says(GET("/a"))), 200);
  assert.equal(status(await stage.says(GET("/b"))), 404);
  assert.equal(status(await stage.says(GET("/no"))), 410);
  assert.equal(status(await stage.says(GET("/a").replace("GET", "DELETE"))), 405);
  assert.match(
    await stage.says(GET("/a").replace("GET", "PUT")),
    /\r\nallow: GET, HEAD, OPTIONS\r\n/i,
  );
  assert.equal(status(await stage.says(GET("/a").replace("example.org", "evil.example"))), 421);
  assert.equal(status(await stage.says(GET("/a").replace("example.org", "a/b"))), 400);
  assert.equal(status(await stage.says(GET("/a").replace("example.org", "a@example.org"))), 400);
  assert.equal(status(await stage.says(GET("http://example.org/a"))), 200);
  assert.equal(status(await stage.says(GET("http://evil.example/a"))), 421);
  assert.equal(status(await stage.says(GET("http://evil.example@example.org/a"))), 400);
  assert.equal(status(await stage.says(GET("ftp://example.org/a"))), 400);
  assert.equal(status(await stage.says(GET("//evil.example/a"))), 404);
  assert.equal(status(await stage.says(GET("*").replace("GET", "OPTIONS"))), 400);
  assert.equal(status(await stage.says(GET("/a", `X: ${"x".repeat(20_000)}\r\n`))), 431);
  assert.equal(status(await stage.says(GET("/a").replace("Host: example.org\r\n", ""))), 400);
});

test("RFC 9112 §11.2: what could be read in two ways is refused, and nothing after it is read", async () => {
  await using stage = await WebStage.start();
  let asked = 0;
  stage.router.add(undefined, "POST", "/a", async (request) => {
    asked++;
    await request.body(1000);
    return text("a");
  });
  const post = (headers: string, body: string): string =>
    `POST /a HTTP/1.1\r\nHost: example.org\r\n${headers}\r\n\r\n${body}`;
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: example.org\r\n\r\n";
  const ambiguous = [
    post("Content-Length: 4\r\nTransfer-Encoding: chunked", `0\r\n\r\n${smuggled}`),
    post("Content-Length: 4\r\nContent-Length: 5", `abcd${smuggled}`),
    post("Content-Length: 4, 5", `abcd${smuggled}`),
    post("Content-Length: +4", `abcd${smuggled}`),
    post("Content-Length: -4", `abcd${smuggled}`),
    post("Transfer-Encoding: chunked, identity", `0\r\n\r\n${smuggled}`),
    post("Transfer-Encoding: xchunked", `0\r\n\r\n${smuggled}`),
    post("Transfer-Encoding:\x0bchunked", `0\r\n\r\n${smuggled}`),
    post("Transfer-Encoding: chunked", `1 \n0\r\n\r\n${smuggled}`),
    post("X: a\nContent-Length: 4", `abcd${smuggled}`),
  ];
  for (const request of ambiguous) {
    const answer = await stage.says(request);
    assert.equal(status(answer), 400, JSON.stringify(request));
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, JSON.stringify(answer));
  }
  assert.equal(asked <= 2, true); // some are seen to be wrong only in their bodies
});

test("a fault of ours is told to the log, and to the client only that there was one", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "GET", "/now", () => {
    throw new Error("secret");
  });
  stage.router.add(undefined, "GET", "/later", () => Promise.reject(new Error("secret")));
  stage.router.add(undefined, "GET", "/broken", () => text("a", 200, { "x-a": "b\r\nc" }));
  for (const path of ["/now", "/later", "/broken"]) {
    const answer = await stage.says(GET(path));
    assert.equal(status(answer), 500, path);
    assert.doesNotMatch(answer, /secret|\.ts/);
  }
  assert.equal(stage.faults.length, 3);
});

test("RFC 9110 §9.3.2: HEAD gets the headers of GET alone, and its handler is told", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "GET", "/a", ({ method }) => text(`for ${method}`));
  const answer = await stage.says(GET("/a").replace("GET", "HEAD"));
  assert.match(answer, /content-length: 8\r\n/i);
  assert.ok(answer.endsWith("\r\n\r\n"));
});

test("a body is taken as a whole up to its bound", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "POST", "/a", async (request) =>
    bytes(await request.body(10), "a/b"),
  );
  const post = (body: string, headers = ""): Promise<Response> =>
    fetch(stage.url("/a"), { method: "POST", body, headers: headers === "" ? {} : { x: headers } });
  assert.equal(await (await post("0123456789")).text(), "0123456789");
  assert.equal((await post("0123456789a")).status, 413);
  assert.equal((await post("x".repeat(100_000))).status, 413);
  const chunked = "POST /a HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.equal(status(await stage.says(`${chunked}6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n`)), 413);
});

test("a large body is read as fast as its reader takes it, up to its bound", async () => {
  await using stage = await WebStage.start();
  let count = 0;
  stage.router.add(undefined, "PUT", "/a", async (request) => {
    count = 0;
    for await (const chunk of request.stream(1_000_000)) count += (chunk as Buffer).length;
    return text("done");
  });
  const put = (length: number): Promise<Response> =>
    fetch(stage.url("/a"), { method: "PUT", body: Buffer.alloc(length) });
  assert.equal((await put(1_000_000)).status, 200);
  assert.equal(count, 1_000_000);
  assert.equal((await put(1_000_001)).status, 413);
  const chunked = "PUT /a HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n";
  const socket = await stage.connect();
  socket.write(`${chunked}10c8e0\r\n`);
  socket.write("x".repeat(1_100_000));
  assert.equal(status(await socket.all()), 413);
  assert.equal(stage.faults.length, 0);
});

test("a body that breaks off is no body", async () => {
  await using stage = await WebStage.start();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  stage.router.add(undefined, "PUT", "/a", async (request) => {
    try {
      for await (const _ of request.stream(1000)) {
        // all of it
      }
      resolve("whole");
    } catch (error) {
      resolve(error);
    }
    return text("");
  });
  const socket = await stage.connect();
  socket.write("PUT /a HTTP/1.1\r\nHost: example.org\r\nContent-Length: 100\r\n\r\nabc");
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.socket.destroy();
  const error = await promise;
  assert.ok(error instanceof HttpError);
  assert.equal(error.status, 400);
});

test("who reads a large body is told of its end, also if the client went before or goes on wrongly", async () => {
  await using stage = await WebStage.start();
  const ends: string[] = [];
  stage.router.add(undefined, "PUT", "/a", async (request) => {
    if (request.url.search === "?late") await new Promise((resolve) => setTimeout(resolve, 100));
    let body = "";
    try {
      for await (const chunk of request.stream(100)) body += String(chunk);
      ends.push(body);
    } catch (error) {
      assert.ok(error instanceof HttpError);
      ends.push(String(error.status));
    }
    return text("");
  });
  const put = "PUT /a?late HTTP/1.1\r\nHost: example.org\r\nContent-Length: 4\r\n\r\n";
  await stage.says(`${put.replace("?late", "")}abcd and what is no request`);
  await stage.says(`${put}abcd and what is no request`);
  const gone = await stage.connect();
  gone.write(`${put}a`);
  setTimeout(() => gone.socket.destroy(), 20);
  const late = Date.now() + 5000;
  while (ends.length < 3 && Date.now() < late) await new Promise(setImmediate);
  const [first, ...others] = ends;
  assert.ok(first === "abcd" || first === "400", first); // it had come as a whole
  assert.deepEqual(others, ["400", "400"]);
});

test("who goes away before the answer is noticed", async () => {
  await using stage = await WebStage.start();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const aborted = Promise.withResolvers<void>();
  stage.router.add(undefined, "GET", "/wait", ({ signal }) => {
    const { promise: reply, resolve: answer } = Promise.withResolvers<ReturnType<typeof text>>();
    signal.addEventListener("abort", () => {
      aborted.resolve();
      answer({ ...text("late"), sent: resolve });
    });
    return reply;
  });
  const socket = await stage.connect();
  socket.write(GET("/wait"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.socket.destroy();
  await aborted.promise;
  assert.equal(await promise, false);
});

test("a stream is sent as it comes; one that breaks off does not look whole", async () => {
  await using stage = await WebStage.start();
  let delivered = false;
  stage.router.add(undefined, "GET", "/good", () => ({
    ...bytes(Readable.from([Buffer.from("a"), Buffer.from("b")]), "text/plain"),
    sent: (ok) => {
      delivered = ok;
    },
  }));
  stage.router.add(undefined, "GET", "/bad", () =>
    bytes(
      Readable.from(
        (function* () {
          yield Buffer.from("a");
          throw new Error("disk");
        })(),
      ),
      "text/plain",
    ),
  );
  assert.equal(await (await fetch(stage.url("/good"))).text(), "ab");
  assert.equal(delivered, true);
  await assert.rejects(async () => (await fetch(stage.url("/bad"))).text());
});

test("scripts of other origins read what is open to them, and nothing else", async () => {
  await using stage = await WebStage.start({ web: { origins: ["https://friend.example"] } });
  stage.router.add(undefined, "GET", "/own", () => text(""));
  stage.router.add(undefined, "POST", "/friends", () => text(""), { cors: "configured" });
  stage.router.add(undefined, "PUT", "/open/", () => text(""), { cors: "any" });
  const asked = async (method: string, path: string, origin: string): Promise<string | null> => {
    const answer = await fetch(stage.url(path), { method, headers: { origin } });
    return answer.headers.get("access-control-allow-origin");
  };
  assert.equal(await asked("GET", "/own", "https://friend.example"), null);
  assert.equal(await asked("POST", "/friends", "https://friend.example"), "https://friend.example");
  assert.equal(await asked("POST", "/friends", "https://evil.example"), null);
  assert.equal(await asked("PUT", "/open/file", "https://evil.example"), "*");
  const preflight = await fetch(stage.url("/open/file"), {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "PUT" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-methods"), "PUT, OPTIONS");
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /content-type/);
  const refused = await fetch(stage.url("/friends"), {
    method: "OPTIONS",
    headers: { origin: "https://evil.example" },
  });
  assert.equal(refused.headers.get("access-control-allow-methods"), null);
  // what is refused is readable too, or the script would not know why
  const tooLarge = await fetch(stage.url("/open/x"), {
    method: "DELETE",
    headers: { origin: "https://evil.example" },
  });
  assert.equal(tooLarge.status, 405);
  assert.equal(tooLarge.headers.get("access-control-allow-origin"), "*");
});

test("several domains have one server: the host that is asked decides", async () => {
  await using stage = await WebStage.start({
    domains: [{ name: "example.org" }, { name: "bücher.example" }],
    web: { url: "https://chat.example.net" },
  });
  const tell = ({ domain }: HttpRequest): ReturnType<typeof text> => text(`<${domain}>`);
  stage.router.add("example.org", "GET", "/", tell);
  stage.router.add("bücher.example", "GET", "/", tell);
  const asked = async (host: string): Promise<string | undefined> =>
    /<(.*)>/.exec(
      Buffer.from(await stage.says(GET("/").replace("example.org", host)), "latin1").toString(),
    )?.[1];
  for (const host of [
    "example.org",
    "EXAMPLE.org:5280",
    "upload.example.org",
    "127.0.0.1",
    "[::1]:1",
  ]) {
    assert.equal(await asked(host), "example.org", host);
  }
  assert.equal(await asked("xn--bcher-kva.example"), "bücher.example");
  assert.equal(await asked("chat.example.net"), "example.org");
  assert.equal(await asked("example.net"), undefined);
});

test("several requests go on one connection, in order", async () => {
  await using stage = await WebStage.start();
  stage.router.add(undefined, "POST", "/a/", async (request) => {
    await request.body(100);
    return text(`[${request.rest}]`);
  });
  const post = (n: number): string =>
    `POST /a/${n} HTTP/1.1\r\nHost: example.org\r\nContent-Length: 1\r\n\r\n${n}`;
  const socket = await stage.connect();
  socket.write(post(1) + post(2) + post(3));
  await socket.until("[3]");
  assert.deepEqual(socket.received.match(/\[\d\]/g), ["[1]", "[2]", "[3]"]);
});

test("when the server stops, what was asked is answered and the connection closed", async () => {
  const stage = await WebStage.start();
  const reply = Promise.withResolvers<ReturnType<typeof text>>();
  const asked = Promise.withResolvers<void>();
  stage.router.add(undefined, "GET", "/slow", () => {
    asked.resolve();
    return reply.promise;
  });
  stage.router.add(undefined, "GET", "/fast", () => text(""));
  const idle = await stage.connect();
  idle.write("GET /fast HTTP/1.1\r\nHost: example.org\r\n\r\n");
  await idle.until("200 OK");
  const busy = await stage.connect();
  busy.write("GET /slow HTTP/1.1\r\nHost: example.org\r\n\r\n");
  await asked.promise;
  stage.service.stopping = true;
  const closed = stage.listener.close();
  await idle.all();
  reply.resolve(text("the answer"));
  await closed;
  assert.match(await busy.all(), /connection: close\r\n[^]*the answer$/i);
});
