import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "./reply.ts";
import { WebStage } from "./web-stage.test.ts";

const V2 = Buffer.from("0d0a0d0a000d0a515549540a2111000cc0000207c0000202d431146c", "hex");

/** What the server thinks of a request. */
async function seen(stage: WebStage, headers: { [name: string]: string } = {}): Promise<unknown> {
  stage.router.add(undefined, "GET", "/", ({ address, secure, url }) =>
    json({ address, secure, url }),
  );
  return (await fetch(stage.url("/"), { headers })).json();
}

const SAID = {
  "x-forwarded-for": "192.0.2.7",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "example.org",
};

test("a configured proxy tells whose request it is", async () => {
  await using stage = await WebStage.start({ proxies: { trusted: ["127.0.0.0/8"] } });
  assert.deepEqual(await seen(stage, SAID), {
    address: "192.0.2.7",
    secure: true,
    url: "https://example.org/",
  });
});

test("nobody else does", async () => {
  await using stage = await WebStage.start();
  assert.deepEqual(await seen(stage, SAID), {
    address: "127.0.0.1",
    secure: false,
    url: stage.url("/"),
  });
});

for (const [version, header] of [
  ["1", Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.2 56324 5280\r\n")],
  ["2", V2],
] as const) {
  test(`PROXY protocol ${version}: a configured proxy begins with it, in any pieces`, async () => {
    await using stage = await WebStage.start({
      proxies: { trusted: ["127.0.0.1"], protocol: ["http"] },
    });
    stage.router.add(undefined, "GET", "/", ({ address }) => json(address));
    const request = Buffer.from("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    assert.match(await stage.says(Buffer.concat([header, request])), /"192\.0\.2\.7"$/);
    const socket = await stage.connect();
    socket.socket.setNoDelay(true);
    for (const byte of Buffer.concat([header, request])) {
      socket.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    assert.match(await socket.all(), /"192\.0\.2\.7"$/);
    // it must: a request without it would be the proxy's own
    assert.equal(await stage.says(request), "");
  });
}

test("PROXY protocol: others cannot say who they are by it", async () => {
  await using stage = await WebStage.start({
    proxies: { trusted: ["10.0.0.1"], protocol: ["http"] },
  });
  stage.router.add(undefined, "GET", "/", ({ address }) => json(address));
  const request = "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n";
  assert.match(await stage.says(request), /"127\.0\.0\.1"$/);
  const line = "PROXY TCP4 192.0.2.7 192.0.2.2 56324 5280\r\n";
  assert.match(await stage.says(line + request), /^HTTP\/1\.1 400 /);
});

test("PROXY protocol: the connections of an address are counted through the proxy", async () => {
  await using stage = await WebStage.start({
    proxies: { trusted: ["127.0.0.1"], protocol: ["http"] },
    limits: { connectionsPerAddress: 1 },
  });
  const line = (address: string): string => `PROXY TCP4 ${address} 192.0.2.2 56324 5280\r\n`;
  const first = await stage.connect();
  first.write(line("192.0.2.7"));
  const other = await stage.connect();
  other.write(line("192.0.2.8"));
  assert.equal(await stage.says(line("192.0.2.7")), "");
  assert.equal(other.socket.destroyed, false);
});
