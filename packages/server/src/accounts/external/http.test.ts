import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { HttpBackend } from "./http.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

interface Stage {
  readonly url: string;
  readonly seen: readonly Seen[];
  answer: (response: ServerResponse) => void;
  readonly backend: (config?: Partial<ConstructorParameters<typeof HttpBackend>[1]>) => HttpBackend;
}

async function withProgram(scene: (stage: Stage) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void body(request).then((text) => {
      const url = new URL(request.url ?? "", "http://localhost");
      const form = request.method === "POST" ? new URLSearchParams(text) : url.searchParams;
      seen.push({
        method: request.method ?? "",
        path: url.pathname,
        form: Object.fromEntries(form),
        authorization: request.headers.authorization,
      });
      stage.answer(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  const url = `http://127.0.0.1:${port}/check`;
  const stage: Stage = {
    url,
    seen,
    answer: (response) => response.end("true"),
    backend: (config) =>
      new HttpBackend("example.org", {
        url,
        method: "POST",
        timeoutSeconds: 0.3,
        connections: 1,
        cacheSeconds: 0,
        unencrypted: false,
        ...config,
      }),
  };
  try {
    await scene(stage);
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  return text;
}

test("the program is asked by a form, with the secret that tells it who asks", () =>
  withProgram(async (stage) => {
    const backend = stage.backend({ secret: "it is the east" });
    assert.equal(await backend.verify("romeo", "ü&=+ %"), true);
    const form = { user: "romeo", domain: "example.org", password: "ü&=+ %" };
    const authorization = "Bearer it is the east";
    assert.deepEqual(stage.seen, [{ method: "POST", path: "/check", form, authorization }]);
  }));

test("or in the query of the URL, beside what stands there", () =>
  withProgram(async (stage) => {
    const backend = stage.backend({ method: "GET", url: `${stage.url}?realm=verona` });
    assert.equal(await backend.verify("romeo", "x&user=tybalt"), true);
    assert.deepEqual(stage.seen[0]?.form, {
      realm: "verona",
      user: "romeo",
      domain: "example.org",
      password: "x&user=tybalt",
    });
  }));

test("yes, no, and anything else, which is neither", () =>
  withProgram(async (stage) => {
    const backend = stage.backend();
    const says = (status: number, text = ""): Promise<boolean> => {
      stage.answer = (response) => response.writeHead(status).end(text);
      return backend.verify("romeo", "x");
    };
    assert.equal(await says(204), true);
    assert.equal(await says(200, " true\n"), true);
    assert.equal(await says(200, "false"), false);
    for (const status of [401, 403, 404]) assert.equal(await says(status, "<html>"), false);
    for (const text of ["", "yes", "<html>Log in to the hotel</html>", "true false", `"true"`]) {
      await assert.rejects(says(200, text), /neither true nor false/, text);
    }
    for (const status of [201, 400, 429, 500, 503]) {
      await assert.rejects(says(status), /with the status/);
    }
  }));

test("a redirect is not followed: the password is meant for one place", () =>
  withProgram(async (stage) => {
    stage.answer = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    await assert.rejects(stage.backend().verify("romeo", "x"), /status/);
    assert.deepEqual(
      stage.seen.map(({ path }) => path),
      ["/check"],
    );
  }));

test("an answer that does not come in time, or does not end, is none", () =>
  withProgram(async (stage) => {
    stage.answer = () => {};
    await assert.rejects(stage.backend().verify("romeo", "x"), /timeout/);
    stage.answer = (response) => void response.writeHead(200).write("tr");
    await assert.rejects(stage.backend().verify("romeo", "x"), /timeout|aborted/);
    stage.answer = (response) => response.end("x".repeat(100_000));
    await assert.rejects(stage.backend().verify("romeo", "x"), /longer than 65536 bytes/);
  }));

test("whether there is an account is asked where a URL for it is named", () =>
  withProgram(async (stage) => {
    assert.equal(stage.backend().exists, undefined);
    const { exists } = stage.backend({ existsUrl: stage.url.replace("check", "exists") });
    assert.equal(await exists?.("romeo"), true);
    const [seen] = stage.seen;
    assert.deepEqual(
      [seen?.path, seen?.form],
      ["/exists", { user: "romeo", domain: "example.org" }],
    );
  }));
