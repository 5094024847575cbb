import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { el } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import type { Form, FormField } from "../forms.ts";
import { capsInput, entityCaps } from "./caps.ts";
import type { DiscoInfo } from "./disco-info.ts";

const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");

const FEATURES = [
  "http://jabber.org/protocol/muc",
  "http://jabber.org/protocol/disco#items",
  "http://jabber.org/protocol/disco#info",
  "http://jabber.org/protocol/caps",
];

const info = (change: Partial<DiscoInfo>): DiscoInfo => ({
  identities: [],
  features: [],
  forms: [],
  ...change,
});

const form = (...fields: FormField[]): Form => ({ type: "result", fields });
const formType = (...values: string[]): FormField => ({ var: "FORM_TYPE", type: "hidden", values });

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

const illFormed = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "not-acceptable";

test("the simple example of XEP-0115 §5.2", () => {
  const exodus = info({
    identities: [{ category: "client", type: "pc", name: "Exodus 0.9.1" }],
    features: FEATURES,
  });
  assert.equal(sha1(capsInput(exodus)), "QgayPKawpkPSDYmwT/WM94uAlu0=");
});

test("the complex example of XEP-0115 §5.3", () => {
  const psi = info({
    identities: [
      { category: "client", type: "pc", lang: "en", name: "Psi 0.11" },
      { category: "client", type: "pc", lang: "el", name: "Ψ 0.11" },
    ],
    features: FEATURES,
    forms: [
      form(
        { var: "software_version", values: ["0.11"] },
        { var: "ip_version", type: "text-multi", values: ["ipv6", "ipv4"] },
        formType("urn:xmpp:dataforms:softwareinfo"),
        { var: "software", values: ["Psi"] },
        { var: "os", values: ["Mac"] },
        { var: "os_version", values: ["10.5.1"] },
      ),
    ],
  });
  assert.equal(sha1(capsInput(psi)), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
});

test("texts are sorted by their octets in UTF-8, not by UTF-16", () => {
  const features = ["\u{1f426}", "\uffee", "z", "\ud7ff", "a", "aa", "\u{1f425}"];
  const sorted = features.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.equal(capsInput(info({ features })), sorted.map((feature) => `${feature}<`).join(""));
});

test("forms are sorted by FORM_TYPE, and those without a hidden one are left out (XEP-0115 §5.4)", () => {
  const forms = [
    form(formType("urn:b"), { var: "x", values: [] }),
    form({ var: "FORM_TYPE", type: "text-single", values: ["urn:open"] }),
    form({ var: "x", values: ["y"] }),
    form(formType("urn:a", "urn:a")),
  ];
  assert.equal(capsInput(info({ forms })), "urn:a<urn:b<x<");
});

test("ill-formed information has no verification string (XEP-0115 §5.4)", () => {
  const identity = { category: "client", type: "pc", name: "x" };
  const bad: Partial<DiscoInfo>[] = [
    { identities: [identity, { ...identity }] },
    { features: ["a", "b", "a"] },
    { forms: [form(formType("urn:a")), form(formType("urn:a"))] },
    { forms: [form(formType("urn:a", "urn:b"))] },
  ];
  for (const change of bad) assert.throws(() => capsInput(info(change)), illFormed);
});

test("a text cannot pass for several (XEP-0115 §9.3)", () => {
  const bad: Partial<DiscoInfo>[] = [
    { features: ["urn:a<urn:b"] },
    { identities: [{ category: "client", type: "pc", name: "x<urn:a" }] },
    { identities: [{ category: "client/pc", type: "x" }] },
    { identities: [{ category: "client", type: "pc/x" }] },
    { identities: [{ category: "client", type: "pc", lang: "en/x" }] },
    { forms: [form(formType("urn:a<x"))] },
    { forms: [form(formType("urn:a"), { var: "x", values: ["y<z"] })] },
  ];
  for (const change of bad) assert.throws(() => capsInput(info(change)), illFormed);
  assert.equal(
    capsInput(info({ identities: [{ category: "client", type: "pc", name: "GNU/Linux" }] })),
    "client/pc//GNU/Linux<",
  );
});

test("capabilities in presence need a node and a version; the old format has no hash", () => {
  const c = (attrs: Record<string, string>) => el(entityCaps.ns, "c", attrs);
  assert.equal(entityCaps.read(c({ node: "n", ver: "v" })).hash, undefined);
  assert.throws(() => entityCaps.read(c({ node: "n" })), badRequest);
  assert.throws(() => entityCaps.read(c({ ver: "v" })), badRequest);
});
