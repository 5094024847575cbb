import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 120_000 };
const MIB = 1_048_576;

const CONFIG = {
  listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0", http: "127.0.0.1:0", https: false },
  limits: { uploadFileBytes: 8 * MIB },
};

/** A client of slixmpp that uploads files. */
function uploader(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("./slixmpp/upload.py"));
  return new Peer(t, ["/usr/bin/python3", "-u", "-W", "ignore", script], {});
}

test(
  "slixmpp finds the service, uploads files and fetches them, and parts of them",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"], undefined, undefined, CONFIG);
    const [romeo, juliet] = [uploader(t), uploader(t)];
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await juliet.login(rookery, "juliet@localhost/balcony", "direct");

    const files = [
      { name: "très cool.jpg", size: 23_456, type: "image/jpeg" },
      { name: "film.mp4", size: 5 * MIB, type: "video/mp4" },
      { name: "one", size: 1, type: "application/octet-stream" },
    ];
    for (const file of files) {
      const { url, hash } = await romeo.call("upload", file);
      const fetched = await juliet.call("fetch", { url });
      assert.deepEqual(fetched, { status: 200, type: file.type, size: file.size, hash });
      const part = await juliet.call("fetch", { url, range: "bytes=0-0" });
      assert.deepEqual([part["status"], part["size"]], [206, 1]);
    }
    const page = await romeo.call("upload", { name: "page.html", size: 10, type: "text/html" });
    const fetched = await juliet.call("fetch", { url: page["url"] });
    assert.equal(fetched["type"], "application/octet-stream");
  },
);

test(
  "slixmpp knows how large a file may be, and is told so when it asks for more",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, CONFIG);
    const romeo = uploader(t);
    await romeo.login(rookery, "romeo@localhost/orchard", "direct");
    const file = { name: "a", size: 8 * MIB + 1, type: "video/mp4" };
    assert.deepEqual(await romeo.call("upload", file), { too_big: 8 * MIB });
    const refusal = await romeo.call("request", { size: 8 * MIB + 1 });
    assert.deepEqual(refusal, { condition: "not-acceptable" });
  },
);

test("what slixmpp uploaded is there after the server was killed", LIMIT, async (t) => {
  const rookery = await Rookery.start(t, ["romeo"], undefined, undefined, CONFIG);
  const before = uploader(t);
  await before.login(rookery, "romeo@localhost/orchard", "direct");
  const wish = { name: "photo.jpg", size: 2 * MIB, type: "image/jpeg" };
  const { url, hash } = await before.call("upload", wish);
  await rookery.stop("SIGKILL");
  await rookery.start();
  const after = uploader(t);
  await after.login(rookery, "romeo@localhost/orchard", "direct");
  const probe = await after.call("upload", { name: "x", size: 1, type: "image/png" });
  const moved = new URL(String(url));
  moved.port = new URL(String(probe["url"])).port;
  assert.equal((await after.call("fetch", { url: moved.href }))["hash"], hash);
});
