import assert from "node:assert/strict";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { contactForm } from "./contact-addresses.ts";
import { DISCO_INFO_NS, discoInfo } from "./disco-info.ts";

const refused =
  (condition: string) =>
  (error: unknown): boolean =>
    error instanceof StanzaError && error.condition === condition;

test("a request for information is a query with at most a node (XEP-0030 §3.1, §3.2)", () => {
  assert.deepEqual(discoInfo.read(el(DISCO_INFO_NS, "query", { node: "n" })), {
    node: "n",
    identities: [],
    features: [],
    forms: [],
  });
});

test("an answer has identities, features and forms (XEP-0030 §3.1, XEP-0128 §2)", () => {
  const written = discoInfo.write({
    identities: [{ category: "server", type: "im", name: "Rookery", lang: "en" }],
    features: [DISCO_INFO_NS],
    forms: [contactForm({ abuse: ["mailto:abuse@example.com"], admin: [] })],
  });
  assert.deepEqual(
    written,
    el(
      DISCO_INFO_NS,
      "query",
      {},
      el(DISCO_INFO_NS, "identity", {
        category: "server",
        type: "im",
        name: "Rookery",
        "xml:lang": "en",
      }),
      el(DISCO_INFO_NS, "feature", { var: DISCO_INFO_NS }),
      el(
        "jabber:x:data",
        "x",
        { type: "result" },
        el(
          "jabber:x:data",
          "field",
          { var: "FORM_TYPE", type: "hidden" },
          el("jabber:x:data", "value", {}, "http://jabber.org/network/serverinfo"),
        ),
        el(
          "jabber:x:data",
          "field",
          { var: "abuse-addresses", type: "list-multi" },
          el("jabber:x:data", "value", {}, "mailto:abuse@example.com"),
        ),
      ),
    ),
  );
});

test("identities and features lack nothing that is required", () => {
  for (const child of [
    el(DISCO_INFO_NS, "identity", { type: "im" }),
    el(DISCO_INFO_NS, "identity", { category: "server" }),
    el(DISCO_INFO_NS, "feature"),
    el("jabber:x:data", "x"),
  ]) {
    assert.throws(
      () => discoInfo.read(el(DISCO_INFO_NS, "query", {}, child)),
      refused("bad-request"),
    );
  }
});
