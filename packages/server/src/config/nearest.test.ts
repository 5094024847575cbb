import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const KEYS = ["domains", "data", "listen", "stanzaBytes", "preAuthStanzaBytes"];

test("a misspelt word has its nearest valid spelling", () => {
  assert.equal(nearest("lisen", KEYS), "listen");
  assert.equal(nearest("lsiten", KEYS), "listen");
  assert.equal(nearest("stanza_bytes", KEYS), "stanzaBytes");
  assert.equal(nearest("Domain", KEYS), "domains");
  assert.equal(nearest("date", KEYS), "data");
});

test("a word that is like none has no nearest spelling", () => {
  assert.equal(nearest("federation", KEYS), undefined);
  assert.equal(nearest("", KEYS), undefined);
  assert.equal(nearest("listen".repeat(100), KEYS), undefined);
});
