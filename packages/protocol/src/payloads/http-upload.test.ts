import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import {
  fileTooLarge,
  retryUpload,
  type UploadRequest,
  uploadAdviceOf,
  uploadRequest,
  uploadSlot,
} from "./http-upload.ts";

const NS = "urn:xmpp:http:upload:0";
const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";
const request = (attrs: string, inside = "") =>
  uploadRequest.read(parseDocument(`<request xmlns='${NS}' ${attrs}>${inside}</request>`));

test("XEP-0363 §4: a request tells the name, the size and perhaps the type of a file", () => {
  const read = request("filename='très cool.jpg' size='23456' content-type='image/jpeg'");
  assert.deepEqual(read, {
    filename: "très cool.jpg",
    size: 23456,
    contentType: "image/jpeg",
    purpose: undefined,
  });
  assert.equal(request(`filename='a' size='${Number.MAX_SAFE_INTEGER}'`).size, 2 ** 53 - 1);
});

test("XEP-0363 §5: a request may tell what the file is for", () => {
  const inside = (text: string) => request("filename='a' size='1'", text).purpose;
  const ns = "xmlns='urn:xmpp:http:upload:purpose:0'";
  assert.deepEqual(inside(`<profile ${ns}/>`), { kind: "profile" });
  assert.deepEqual(inside(`<ephemeral ${ns} expire-before='2025-09-10T23:08:25Z'/>`), {
    kind: "ephemeral",
    expireBefore: Date.UTC(2025, 8, 10, 23, 8, 25),
  });
  assert.equal(inside(`<unknown ${ns}/>`), undefined);
  assert.throws(() => inside(`<ephemeral ${ns} expire-before='soon'/>`), badRequest);
  const values: UploadRequest[] = [
    { filename: "a", size: 1, contentType: undefined, purpose: { kind: "message" } },
    { filename: "a", size: 1, contentType: "text/plain", purpose: { kind: "permanent" } },
    { filename: "a", size: 1, contentType: "a/b", purpose: { kind: "ephemeral", expireBefore: 0 } },
  ];
  for (const value of values) {
    assert.deepEqual(uploadRequest.read(uploadRequest.write(value)), value);
  }
});

test("a size is a positive integer that can be counted exactly, and a file has a name", () => {
  for (const size of ["0", "-1", "1.5", "1e3", "", " 1", "9007199254740992", "9".repeat(30)]) {
    assert.throws(() => request(`filename='a' size='${size}'`), badRequest, size);
  }
  assert.throws(() => request("filename='a'"), badRequest);
  assert.throws(() => request("size='1'"), badRequest);
  assert.throws(() => request("filename='' size='1'"), badRequest);
});

test("XEP-0363 §4: a slot has two addresses and only the headers that are allowed", () => {
  const put = "https://upload.montague.tld/4a771ac1/tr%C3%A8s%20cool.jpg";
  const get = "https://download.montague.tld/4a771ac1/tr%C3%A8s%20cool.jpg";
  const read = uploadSlot.read(
    parseDocument(`<slot xmlns='${NS}'>
      <put url='${put}'>
        <header name='Authorization'>Basic Base64String==</header>
        <header name='cOOKIE'>foo=bar;&#13;
 user=romeo</header>
        <header name='Host'>elsewhere.example</header>
      </put>
      <get url='${get}'/>
    </slot>`),
  );
  assert.deepEqual(read, {
    put,
    headers: [
      { name: "Authorization", value: "Basic Base64String==" },
      { name: "Cookie", value: "foo=bar; user=romeo" },
    ],
    get,
  });
  assert.deepEqual(uploadSlot.read(uploadSlot.write(read)), read);
  assert.throws(() => uploadSlot.read(el(NS, "slot")), badRequest);
  const nowhere = el(NS, "slot", {}, el(NS, "put"), el(NS, "get", { url: get }));
  assert.throws(() => uploadSlot.read(nowhere), badRequest);
});

test("XEP-0363 §6: errors tell how large a file may be, or when to try again", () => {
  const large = StanzaError.read(fileTooLarge(20_000).toElement());
  assert.equal(large.condition, "not-acceptable");
  assert.equal(large.type, "modify");
  assert.deepEqual(uploadAdviceOf(large), { maxSize: 20_000 });
  const stamp = Date.UTC(2017, 11, 3, 23, 42, 5);
  const later = StanzaError.read(retryUpload(stamp, "Quota reached").toElement());
  assert.equal(later.condition, "resource-constraint");
  assert.equal(later.type, "wait");
  assert.equal(later.specific?.attr("stamp"), "2017-12-03T23:42:05Z");
  assert.deepEqual(uploadAdviceOf(later), { retryAt: stamp });
  assert.deepEqual(uploadAdviceOf(new StanzaError("forbidden")), {});
});
