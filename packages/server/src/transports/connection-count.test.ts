import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConnectionCount } from "./connection-count.ts";

test("the limit connectionsPerAddress counts each IPv4 address for itself", () => {
  const count = new ConnectionCount(0, 2);
  const first = count.take("192.0.2.1");
  assert.ok(first && count.take("192.0.2.1"));
  assert.equal(count.take("192.0.2.1"), undefined);
  assert.ok(count.take("192.0.2.2"));
  first();
  assert.ok(count.take("192.0.2.1"));
});

test("the limit connectionsPerAddress counts one /64 of IPv6 as one address", () => {
  const count = new ConnectionCount(0, 1);
  assert.ok(count.take("2001:db8:1:2::1"));
  for (const same of ["2001:db8:1:2::2", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::"]) {
    assert.equal(count.take(same), undefined, same);
  }
  for (const other of [
    "2001:db8:1:3::1",
    "2001:db8:1::1",
    "2001:db8::1:2:0:0:1",
    "::1",
    "fe80::1%eth0",
  ]) {
    assert.ok(count.take(other), other);
  }
  assert.equal(count.take("2001:db8::1:2:0:0:2"), undefined, "2001:db8:0:1 is one network");
  assert.equal(count.take("fe80::2%eth0"), undefined);
});

test("an IPv4 address is the same, also as IPv6 writes it", () => {
  const count = new ConnectionCount(0, 1);
  assert.ok(count.take("::ffff:192.0.2.1"));
  assert.equal(count.take("192.0.2.1"), undefined);
  assert.ok(count.take("::ffff:192.0.2.2"));
});

test("the limit connections holds for all addresses together", () => {
  const count = new ConnectionCount(2, 0);
  const first = count.take("192.0.2.1");
  assert.ok(first && count.take("2001:db8::1"));
  assert.equal(count.take("192.0.2.3"), undefined);
  first();
  assert.ok(count.take("192.0.2.3"));
});

test("a connection given up twice counts once", () => {
  const count = new ConnectionCount(2, 0);
  const first = count.take("192.0.2.1");
  assert.ok(first && count.take("192.0.2.1"));
  first();
  first();
  assert.equal(count.size, 1);
});

test("whatever comes and goes, the counts are those of what is open, and none is kept of what is not", () => {
  const address = fc.constantFrom(
    "192.0.2.1",
    "192.0.2.2",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:1::1",
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), address)), (steps) => {
      const count = new ConnectionCount(5, 3);
      const open: { network: string; release: () => void }[] = [];
      for (const [comes, from] of steps) {
        const network = from.startsWith("2001:db8::") ? "2001:db8::" : from;
        if (comes) {
          const here = open.filter((one) => one.network === network).length;
          const release = count.take(from);
          assert.equal(release !== undefined, open.length < 5 && here < 3);
          if (release) open.push({ network, release });
        } else {
          open.shift()?.release();
        }
        assert.equal(count.size, open.length);
      }
      for (const { release } of open) release();
      assert.deepEqual([count.size, count.networks], [0, 0]);
    }),
  );
});
