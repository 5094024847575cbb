import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "@rookery/xml";
import { StanzaError } from "../errors.ts";
import { vcard, vcardClass, vcardNames } from "./vcard.ts";

const card = (inside: string) => parseDocument(`<vCard xmlns='vcard-temp'>${inside}</vCard>`);

test("XEP-0054 §3.1: a vCard is kept as it is, with what is unknown in it", () => {
  const element = card("<FN>Peter</FN><x xmlns='urn:example' a='1'> y </x><DESC/>");
  assert.equal(vcard.read(element), element);
  assert.equal(vcard.write(element), element);
});

test("XEP-0054 §6: the capitalization of <vCard/> is significant", () => {
  assert.throws(
    () => vcard.read(parseDocument("<VCARD xmlns='vcard-temp'/>")),
    (error) => error instanceof StanzaError && error.condition === "bad-request",
  );
});

test("the names in a vCard; what is empty is left out", () => {
  assert.deepEqual(
    vcardNames(
      card(`<FN> Jeremie Miller </FN><N><GIVEN>Jeremie</GIVEN><FAMILY>Miller</FAMILY><MIDDLE/></N>
        <NICKNAME>jer</NICKNAME><EMAIL><INTERNET/><PREF/><USERID>jer@jabber.org</USERID></EMAIL>`),
    ),
    {
      full: "Jeremie Miller",
      given: "Jeremie",
      family: "Miller",
      nickname: "jer",
      email: "jer@jabber.org",
    },
  );
  assert.deepEqual(vcardNames(card("<FN/><N/><EMAIL><HOME/></EMAIL>")), {});
});

test("the privacy class of a vCard; the strictest counts, and no class is none", () => {
  assert.equal(vcardClass(card("<CLASS><PUBLIC/></CLASS>")), "public");
  assert.equal(vcardClass(card("<CLASS><PRIVATE/></CLASS>")), "private");
  assert.equal(vcardClass(card("<CLASS><PUBLIC/><CONFIDENTIAL/></CLASS>")), "confidential");
  assert.equal(vcardClass(card("<CLASS/>")), undefined);
  assert.equal(vcardClass(card("<PUBLIC/>")), undefined);
});
