import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { softwareVersion, versionRequest } from "./version.ts";

test("a request for the version is empty (XEP-0092 §2)", () => {
  assert.deepEqual(versionRequest.write({}), el("jabber:iq:version", "query"));
});

test("an answer has a name and a version (XEP-0092 §2)", () => {
  const query = (...names: string[]) =>
    el(
      "jabber:iq:version",
      "query",
      {},
      ...names.map((name) => el("jabber:iq:version", name, {}, name)),
    );
  assert.deepEqual(softwareVersion.read(query("name", "version")), {
    name: "name",
    version: "version",
    os: undefined,
  });
  for (const element of [query(), query("name"), query("version", "os")]) {
    assert.throws(
      () => softwareVersion.read(element),
      (error) => error instanceof StanzaError && error.condition === "bad-request",
    );
  }
});
