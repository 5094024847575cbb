import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_PROXY_HEADER, readProxyHeader } from "./proxy-header.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const V4 = Buffer.from(`${SIGNATURE}2111000cc0000201c0000202d431146c`, "hex");
const V6 = Buffer.from(
  `${SIGNATURE}2121002820010db8000000000000000000000017${"0".repeat(32)}d431146c0400010a`,
  "hex",
);
const LOCAL = Buffer.from(`${SIGNATURE}20000000`, "hex");

const line = (text: string): Buffer => Buffer.from(text, "latin1");

test("PROXY protocol §2.1: a line names the client's address", () => {
  const text = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
  assert.deepEqual(readProxyHeader(line(`${text}<stream`)), {
    source: "192.0.2.1",
    length: text.length,
  });
  const six = "PROXY TCP6 2001:db8::17 2001:db8::1 4711 5222\r\n";
  assert.deepEqual(readProxyHeader(line(six)), { source: "2001:db8::17", length: six.length });
  for (const unknown of ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 a b\r\n"]) {
    assert.deepEqual(readProxyHeader(line(unknown)), { source: undefined, length: unknown.length });
  }
});

test("PROXY protocol §2.2: the binary header names the client's address", () => {
  assert.deepEqual(readProxyHeader(Buffer.concat([V4, line("rest")])), {
    source: "192.0.2.1",
    length: V4.length,
  });
  assert.deepEqual(readProxyHeader(V6), { source: "2001:db8:0:0:0:0:0:17", length: V6.length });
  assert.deepEqual(readProxyHeader(LOCAL), { source: undefined, length: 16 });
});

test("a header that comes in pieces is waited for", () => {
  for (const whole of [V4, V6, LOCAL, line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")]) {
    for (let end = 0; end < whole.length; end++) {
      assert.equal(readProxyHeader(whole.subarray(0, end)), undefined, String(end));
    }
  }
});

test("what is no header is refused at the first byte that shows it", () => {
  const wrong = [
    line("<"),
    line("GET / HTTP/1.1\r\n"),
    line("PROXY TCP4 192.0.2.1 2001:db8::1 1 2\r\n"),
    line("PROXY TCP4 example.org 192.0.2.2 1 2\r\n"),
    line("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
    line(`PROXY ${"x".repeat(200)}`),
    Buffer.from(`${SIGNATURE}3111000c`, "hex"),
    Buffer.from(`${SIGNATURE}22110000`, "hex"),
    Buffer.from(`${SIGNATURE}21110004c0000201`, "hex"),
    Buffer.from(`${SIGNATURE}2112000cc0000201c0000202d431146c`, "hex"),
    Buffer.from(`${SIGNATURE}2111ffff`, "hex"),
    Buffer.from(`${SIGNATURE.slice(0, 20)}ffff`, "hex"),
  ];
  for (const bytes of wrong) assert.throws(() => readProxyHeader(bytes), Error, bytes.toString());
});

test("no bytes make it read more than there is, or wait beyond its bound", () => {
  fc.assert(
    fc.property(fc.constantFrom(V4, V6, line("PROXY TCP4 ")), fc.uint8Array(), (start, end) => {
      const bytes = Buffer.concat([start.subarray(0, 14), end]);
      try {
        const header = readProxyHeader(bytes);
        if (header) assert.ok(header.length <= bytes.length);
        else assert.ok(bytes.length < MAX_PROXY_HEADER);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof RangeError));
      }
    }),
  );
});
