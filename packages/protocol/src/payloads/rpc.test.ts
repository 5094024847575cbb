import assert from "node:assert/strict";
import { test } from "node:test";
import { type Element, el, parseDocument, serialize } from "@rookery/xml";
import fc, { type Arbitrary } from "fast-check";
import { StanzaError } from "../errors.ts";
import { RpcFault, rpcCall, rpcResponse } from "./rpc.ts";
import { RpcDouble, type RpcStruct, type RpcValue } from "./rpc-values.ts";

const query = (xml: string): Element =>
  parseDocument(`<query xmlns='jabber:iq:rpc'>${xml}</query>`);
const callOf = (value: string): Element =>
  query(
    `<methodCall><methodName>m</methodName><params><param>${value}</param></params></methodCall>`,
  );
const read = (value: string): RpcValue | undefined => rpcCall.read(callOf(value)).params[0];
const written = (value: RpcValue): string => {
  const xml = serialize(rpcResponse.write({ value }), "jabber:iq:rpc");
  return /<value>(.*)<\/value><\/param>/.exec(xml)?.[1] ?? xml;
};
const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("XEP-0009 §3: the call and the response of the examples", () => {
  const call = query(`<methodCall><methodName>examples.getStateName</methodName>
    <params> <param> <value> <i4>6</i4> </value> </param> </params></methodCall>`);
  assert.deepEqual(rpcCall.read(call), { method: "examples.getStateName", params: [6] });
  const response = query(`<methodResponse><params><param>
    <value><string>Colorado</string></value></param></params></methodResponse>`);
  assert.deepEqual(rpcResponse.read(response), { value: "Colorado" });
  assert.equal(
    serialize(rpcCall.write({ method: "examples.getStateName", params: [6] })),
    "<query xmlns='jabber:iq:rpc'><methodCall><methodName>examples.getStateName</methodName><params><param><value><int>6</int></value></param></params></methodCall></query>",
  );
});

test("XEP-0009 §8: every type of XML-RPC is read", () => {
  assert.equal(read("<value>text</value>"), "text");
  assert.equal(read("<value/>"), "");
  assert.equal(read("<value><string> a </string></value>"), " a ");
  assert.equal(read("<value><int>-12</int></value>"), -12);
  assert.equal(read("<value><i4>+7</i4></value>"), 7);
  assert.equal(read("<value><boolean>1</boolean></value>"), true);
  assert.equal(read("<value><double>-1.5</double></value>"), -1.5);
  const moment = new Date("1998-07-17T14:08:55Z");
  for (const text of ["19980717T14:08:55", "1998-07-17T14:08:55", "1998-07-17T16:08:55+02:00"]) {
    assert.deepEqual(read(`<value><dateTime.iso8601>${text}</dateTime.iso8601></value>`), moment);
  }
  const bytes = Uint8Array.from([1, 2, 255]);
  assert.deepEqual(read("<value><base64>AQL/</base64></value>"), bytes);
  assert.deepEqual(read("<value><Base64>AQ\nL/</Base64></value>"), bytes);
  assert.deepEqual(
    read("<value><array><data><value>a</value><value><int>1</int></value></data></array></value>"),
    ["a", 1],
  );
  const struct = read(
    "<value><struct><member><name>__proto__</name><value>x</value></member></struct></value>",
  ) as RpcStruct;
  assert.equal(Object.getPrototypeOf(struct), null);
  assert.deepEqual(Object.entries(struct), [["__proto__", "x"]]);
});

test("XEP-0009 §8: every type of XML-RPC is written", () => {
  assert.equal(written("<a>"), "<string>&lt;a&gt;</string>");
  assert.equal(written(-2147483648), "<int>-2147483648</int>");
  assert.equal(written(2147483648), "<double>2147483648</double>");
  assert.equal(written(new RpcDouble(1)), "<double>1</double>");
  assert.equal(written(1.25e-7), "<double>0.000000125</double>");
  assert.equal(written(-1e21), "<double>-1000000000000000000000</double>");
  assert.equal(written(false), "<boolean>0</boolean>");
  const date = new Date("1998-07-17T14:08:55.7Z");
  assert.equal(written(date), "<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>");
  assert.equal(written(Uint8Array.from([1, 2, 255])), "<base64>AQL/</base64>");
  assert.equal(written([]), "<array><data/></array>");
  assert.equal(
    written({ a: 1 }),
    "<struct><member><name>a</name><value><int>1</int></value></member></struct>",
  );
});

test("XML-RPC has no null, no NaN and no circles", () => {
  const circle: RpcValue[] = [];
  circle.push(circle);
  for (const value of [null, undefined, Number.NaN, Infinity, 1n, Symbol("s"), circle]) {
    assert.throws(() => rpcResponse.write({ value: value as RpcValue }), TypeError);
  }
});

test("what is not XML-RPC is refused", () => {
  for (const value of [
    "<value><nil/></value>",
    "<value><int>1.5</int></value>",
    "<value><int>2147483648</int></value>",
    "<value><int></int></value>",
    "<value><boolean>true</boolean></value>",
    "<value><double>NaN</double></value>",
    "<value><double>0x10</double></value>",
    `<value><double>${"1".repeat(401)}</double></value>`,
    "<value><double>1e999</double></value>",
    "<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>",
    "<value><base64>!</base64></value>",
    "<value><array/></value>",
    "<value><struct><member><name>a</name></member></struct></value>",
    "<value><struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct></value>",
    "<value><int>1</int><int>1</int></value>",
    "<wrong/>",
  ]) {
    assert.throws(() => read(value), badRequest, value);
  }
  assert.throws(() => rpcCall.read(query("")), badRequest);
  assert.throws(() => rpcCall.read(query("<methodCall/>")), badRequest);
  assert.throws(
    () => rpcCall.read(query("<methodCall><methodName>a b</methodName></methodCall>")),
    badRequest,
  );
  assert.throws(() => rpcCall.write({ method: "a b", params: [] }), TypeError);
  assert.throws(() => rpcResponse.read(query("<methodResponse/>")), badRequest);
  assert.throws(
    () =>
      rpcResponse.read(query("<methodResponse><fault><value>x</value></fault></methodResponse>")),
    badRequest,
  );
});

test("depth and number of values are bounded, whatever the depth of the document", () => {
  const nested = (depth: number): string =>
    `${"<value><array><data>".repeat(depth)}${"</data></array></value>".repeat(depth)}`;
  assert.doesNotThrow(() => read(nested(32)));
  assert.throws(() => read(nested(33)), badRequest);
  assert.throws(() => read(nested(60)), badRequest);
  const many = (count: number): Element =>
    el(
      "jabber:iq:rpc",
      "query",
      {},
      el(
        "jabber:iq:rpc",
        "methodCall",
        {},
        el("jabber:iq:rpc", "methodName", {}, "m"),
        el(
          "jabber:iq:rpc",
          "params",
          {},
          ...Array.from({ length: count }, () =>
            el("jabber:iq:rpc", "param", {}, el("jabber:iq:rpc", "value")),
          ),
        ),
      ),
    );
  assert.equal(rpcCall.read(many(10_000)).params.length, 10_000);
  assert.throws(() => rpcCall.read(many(10_001)), badRequest);
});

test("XEP-0009 §2: a fault is an answer with a number and a text", () => {
  const answer = rpcResponse.read(rpcResponse.write({ fault: new RpcFault(23, "Unknown state") }));
  assert.ok(answer.fault instanceof RpcFault);
  assert.equal(answer.fault.code, 23);
  assert.equal(answer.fault.message, "Unknown state");
});

test("what is written is read again", () => {
  const { value } = fc.letrec<{ value: RpcValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string(),
      fc.boolean(),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 0, max: 4e9 }).map((seconds) => new Date(seconds * 1000)),
      fc.uint8Array(),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }) as Arbitrary<RpcStruct>,
    ),
  }));
  fc.assert(
    fc.property(value, (one) => {
      const response = rpcResponse.read(rpcResponse.write({ value: one }));
      assert.ok(!response.fault);
      assert.deepEqual(plain(response.value), plain(one));
    }),
    { numRuns: 300 },
  );
});

/** Objects with the prototype that literals have. */
function plain(value: RpcValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value instanceof Date || value instanceof Uint8Array)
    return value;
  return new Map(Object.entries(value as RpcStruct).map(([name, one]) => [name, plain(one)]));
}
