import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatDate,
  formatDateTime,
  formatOffset,
  formatTime,
  parseDate,
  parseDateTime,
  parseLegacyDateTime,
  parseOffset,
  parseTime,
} from "./datetime.ts";
import { StanzaError } from "./errors.ts";

const badRequest = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === "bad-request";

const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

test("the first steps on the Moon, in UTC and in Houston (XEP-0082 §3.2)", () => {
  const moment = Date.UTC(1969, 6, 21, 2, 56, 15);
  assert.equal(parseDateTime("1969-07-21T02:56:15Z"), moment);
  assert.equal(parseDateTime("1969-07-20T21:56:15-05:00"), moment);
  assert.equal(formatDateTime(moment), "1969-07-21T02:56:15Z");
});

test("fractions of a second have any number of digits, of which three count (XEP-0082 §2)", () => {
  const second = Date.UTC(2002, 8, 10, 23, 8, 25);
  assert.equal(parseDateTime("2002-09-10T23:08:25.5Z"), second + 500);
  assert.equal(parseDateTime("2002-09-10T23:08:25.123456789+00:00"), second + 123);
  assert.equal(parseDateTime("2002-09-10T23:08:25.9999Z"), second + 999);
  assert.equal(formatDateTime(second + 7), "2002-09-10T23:08:25.007Z");
  assert.equal(formatDateTime(second + 7.9), "2002-09-10T23:08:25.007Z");
});

test("a day is what the calendar has", () => {
  assert.equal(parseDate("2024-02-29"), Date.UTC(2024, 1, 29));
  assert.equal(parseDate("2000-02-29"), Date.UTC(2000, 1, 29));
  assert.equal(formatDate(parseDate("0099-12-31")), "0099-12-31");
  for (const text of [
    "2023-02-29",
    "1900-02-29",
    "2024-04-31",
    "2024-13-01",
    "2024-00-10",
    "2024-01-00",
    "0000-01-01",
    "2024-1-1",
    "20240101",
    "-2024-01-01",
    "12024-01-01",
    "2024-01-01Z",
    "",
    "2024-01-01\n",
    "٢٠٢٤-01-01",
  ]) {
    assert.throws(() => parseDate(text), badRequest, text);
  }
});

test("texts that are no date and time are refused", () => {
  for (const text of [
    "",
    "2002-09-10",
    "2002-09-10T23:08:25",
    "2002-09-10 23:08:25Z",
    "2002-09-10t23:08:25z",
    "2002-09-10T23:08Z",
    "2002-09-10T24:00:00Z",
    "2002-09-10T23:60:00Z",
    "2002-09-10T23:08:60Z",
    "2002-09-10T23:08:25.Z",
    "2002-09-10T23:08:25,5Z",
    "2002-09-10T23:08:25+0200",
    "2002-09-10T23:08:25+14:01",
    "2002-09-10T23:08:25+02:60",
    "2002-02-30T23:08:25Z",
    "20020910T23:08:25",
    " 2002-09-10T23:08:25Z",
    "2002-09-10T23:08:25Z\n",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    `2002-09-10T23:08:25.${"5".repeat(100)}Z`,
  ]) {
    assert.throws(() => parseDateTime(text), badRequest, text);
  }
});

test("every moment from the year 1 to 9999 is read as it was written", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: FIRST, max: LAST }),
      fc.integer({ min: -840, max: 840 }),
      (moment, offset) => {
        assert.equal(parseDateTime(formatDateTime(moment)), moment);
        const local = moment + offset * 60_000;
        if (local < FIRST || local > LAST) return;
        const zone = offset === 0 ? "+00:00" : formatOffset(offset);
        assert.equal(parseDateTime(formatDateTime(local).replace("Z", zone)), moment);
        assert.equal(parseDate(formatDate(moment)), moment - (((moment % 864e5) + 864e5) % 864e5));
      },
    ),
  );
});

test("reading any text gives a moment or bad-request, nothing else", () => {
  const pieces = fc.array(fc.constantFrom("2", "0", "1", "-", ":", "T", "Z", "+", ".", "9"), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((all) => all.join("")),
      ),
      (text) => {
        for (const parse of [parseDate, parseDateTime, parseLegacyDateTime, parseOffset]) {
          try {
            assert.ok(Number.isInteger(parse(text)));
          } catch (error) {
            assert.ok(badRequest(error));
          }
        }
      },
    ),
  );
});

test("what no calendar has is not written", () => {
  for (const moment of [Number.NaN, Number.POSITIVE_INFINITY, FIRST - 1, LAST + 1]) {
    assert.throws(() => formatDateTime(moment), RangeError);
  }
});

test("a time of day may name its zone (XEP-0082 §3.3)", () => {
  assert.deepEqual(parseTime("16:00:00"), { ms: 16 * 3_600_000, offset: undefined });
  assert.deepEqual(parseTime("00:00:00.25Z"), { ms: 250, offset: 0 });
  assert.deepEqual(parseTime("23:59:59-06:30"), { ms: 86_399_000, offset: -390 });
  for (const text of ["24:00:00", "16:00", "16:00:00z", "16:00:00.", "-01:00:00", ""]) {
    assert.throws(() => parseTime(text), badRequest, text);
  }
  fc.assert(
    fc.property(
      fc.record(
        {
          ms: fc.integer({ min: 0, max: 86_399_999 }),
          offset: fc.option(fc.integer({ min: -840, max: 840 }), { nil: undefined }),
        },
        { noNullPrototype: true },
      ),
      (time) => assert.deepEqual(parseTime(formatTime(time)), time),
    ),
  );
  assert.throws(() => formatTime({ ms: 86_400_000, offset: undefined }), RangeError);
  assert.throws(() => formatTime({ ms: 0, offset: 841 }), RangeError);
});

test("an offset is Z or hours and minutes up to 14 hours (XEP-0082 §2)", () => {
  assert.equal(parseOffset("Z"), 0);
  assert.equal(parseOffset("-06:00"), -360);
  assert.ok(Object.is(parseOffset("-00:00"), 0));
  assert.equal(formatOffset(0), "Z");
  assert.equal(formatOffset(-30), "-00:30");
  assert.equal(formatOffset(345), "+05:45");
  for (const text of ["", "z", "6:00", "+6:00", "+0600", "+14:01", "+00:60", "06:00"]) {
    assert.throws(() => parseOffset(text), badRequest, text);
  }
  for (const minutes of [841, -841, 0.5, Number.NaN]) {
    assert.throws(() => formatOffset(minutes), RangeError);
  }
});

test("the format of XEP-0091 is UTC, and the newer one is good in its place (XEP-0082 §4)", () => {
  const moment = Date.UTC(2002, 8, 10, 23, 8, 25);
  assert.equal(parseLegacyDateTime("20020910T23:08:25"), moment);
  assert.equal(parseLegacyDateTime("2002-09-11T00:08:25+01:00"), moment);
  for (const text of ["20020931T23:08:25", "20020910T24:08:25", "20020910T23:08:25Z"]) {
    assert.throws(() => parseLegacyDateTime(text), badRequest, text);
  }
});
