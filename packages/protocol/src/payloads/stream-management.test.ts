import assert from "node:assert/strict";
import { test } from "node:test";
import { el, parseDocument } from "@rookery/xml";
import fc from "fast-check";
import { StanzaError } from "../errors.ts";
import { NS } from "../namespaces.ts";
import {
  handledCountTooHigh,
  SM_NS,
  smAnswer,
  smEnable,
  smEnabled,
  smFailed,
  smFeature,
  smRequest,
  smResume,
  smResumed,
} from "./stream-management.ts";

const xml = (text: string) => parseDocument(text.replace(/^<\w+/, `$& xmlns='${SM_NS}'`));
const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

test("XEP-0198 §2, §4: the feature and the request say everything by being there", () => {
  assert.deepEqual(smFeature.read(xml("<sm><optional/></sm>")), {});
  assert.deepEqual(smRequest.write({}), el(SM_NS, "r"));
});

test("XEP-0198 §3: enabling, with or without resumption", () => {
  assert.deepEqual(smEnable.read(xml("<enable/>")), { resume: false, max: undefined });
  assert.deepEqual(smEnable.read(xml("<enable resume='1' max='60'/>")), { resume: true, max: 60 });
  assert.deepEqual(smEnabled.read(xml("<enabled/>")), {
    id: undefined,
    resume: false,
    max: undefined,
    location: undefined,
  });
  const enabled = {
    id: "some-long-sm-id",
    resume: true,
    max: 600,
    location: "[2001:41D0:1:A49b::1]:9222",
  };
  assert.deepEqual(smEnabled.read(smEnabled.write(enabled)), enabled);
  assert.deepEqual(
    smEnabled.write({ resume: true, id: "some-long-sm-id" }),
    xml("<enabled id='some-long-sm-id' resume='true'/>"),
  );
});

test("XEP-0198 §13: max is a positive integer without upper bound, resume a boolean", () => {
  assert.equal(smEnable.read(xml(`<enable max='${"9".repeat(400)}'/>`)).max, 0xffff_ffff);
  for (const max of ["0", "-1", "", "1.5", " 1", "1e3", "x"]) {
    assert.throws(() => smEnable.read(xml(`<enable max='${max}'/>`)), badRequest, max);
  }
  for (const resume of ["yes", "", "TRUE"]) {
    assert.throws(() => smEnable.read(xml(`<enable resume='${resume}'/>`)), badRequest, resume);
  }
  assert.throws(() => smEnabled.read(xml("<enabled resume='true'/>")), badRequest);
});

test("XEP-0198 §5: resuming names the former stream and what was handled", () => {
  for (const [kind, name] of [[smResume, "resume"] as const, [smResumed, "resumed"] as const]) {
    const read = kind.read(xml(`<${name} h='7' previd='some-long-sm-id'/>`));
    assert.deepEqual(read, { previd: "some-long-sm-id", h: 7 });
    assert.deepEqual(kind.read(kind.write(read)), read);
    assert.throws(() => kind.read(xml(`<${name} h='7'/>`)), badRequest);
    assert.throws(() => kind.read(xml(`<${name} previd='x'/>`)), badRequest);
  }
});

test("XEP-0198 §5, §6: a failure has a condition, and may tell what was handled", () => {
  const failed = xml(
    "<failed h='3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
  );
  const read = smFailed.read(failed);
  assert.deepEqual(read, { condition: "item-not-found", h: 3, text: undefined });
  assert.deepEqual(smFailed.write(read), failed);
  assert.equal(smFailed.read(xml("<failed/>")).condition, "undefined-condition");
  assert.equal(
    smFailed.read(xml(`<failed><toString xmlns='${NS.stanzaErrors}'/></failed>`)).condition,
    "undefined-condition",
  );
  const told = { condition: "unexpected-request", h: undefined, text: "bind first" } as const;
  assert.deepEqual(smFailed.read(smFailed.write(told)), told);
  assert.throws(() => smFailed.read(xml("<failed h='-1'/>")), badRequest);
});

test("XEP-0198 §4: h is an unsigned 32-bit integer and nothing else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (h) => {
      assert.deepEqual(smAnswer.read(smAnswer.write({ h })), { h });
    }),
  );
  for (const h of ["4294967296", "99999999999", "-1", "+1", "", " 1", "1.0", "0x1", "1e3", "١"]) {
    assert.throws(() => smAnswer.read(xml(`<a h='${h}'/>`)), badRequest, h);
  }
  assert.throws(() => smAnswer.read(xml("<a/>")), badRequest);
  assert.throws(() => smAnswer.read(xml("<r/>")), badRequest);
});

test("XEP-0198 §6: a claim to have handled more than was sent is answered with both numbers", () => {
  assert.deepEqual(
    handledCountTooHigh(10, 8),
    parseDocument(`<handled-count-too-high xmlns='${SM_NS}' h='10' send-count='8'/>`),
  );
});
