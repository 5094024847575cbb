/**
 * Dates and times: XEP-0082 (1.1.1), and the older format of XEP-0091 (1.4) for reading.
 *
 * Moments are milliseconds since 1970-01-01T00:00:00Z, as of `Date.now()`; digits after the third
 * of a fraction are dropped. Years are 0001 to 9999. Readers throw `StanzaError("bad-request")`.
 */
import { StanzaError } from "./errors.ts";
import { quoted } from "./reading.ts";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d):(\d\d)(?:\.(\d+))?`;
const ZONE = String.raw`(Z|[+-]\d\d:\d\d)`;

const DATE_PATTERN = new RegExp(`^${DATE}$`);
const DATE_TIME_PATTERN = new RegExp(`^${DATE}T${TIME}${ZONE}$`);
const TIME_PATTERN = new RegExp(`^${TIME}${ZONE}?$`);
const ZONE_PATTERN = new RegExp(`^${ZONE}$`);
const LEGACY_PATTERN = /^(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)$/;

/** Longer texts are refused unread; the fraction of a second has no bound in the profile. */
const MAX_LENGTH = 64;

/** Reads the DateTime profile (XEP-0082 §3.2), `2002-09-10T23:08:25.5+02:00`. @throws StanzaError */
export function parseDateTime(text: string): number {
  const match = execute(DATE_TIME_PATTERN, text);
  if (match === undefined) throw refusal("date and time", text, "CCYY-MM-DDThh:mm:ss[.sss]TZD");
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const date = dateOf(text, year, month, day);
  const time = timeOf(text, hour, minute, second, fraction);
  const moment = date + time - offsetOf(text, zone) * MINUTE;
  if (!isRepresentable(moment)) throw refusal("date and time", text, "a year from 0001 to 9999");
  return moment;
}

/**
 * Writes the DateTime profile in UTC, `2002-09-10T23:08:25Z`, with milliseconds where there are
 * any.
 *
 * @throws RangeError for a moment before the year 0001 or after 9999.
 */
export function formatDateTime(moment: number): string {
  if (!isRepresentable(moment)) throw new RangeError(`no date and time is ${moment} ms from 1970`);
  return new Date(Math.floor(moment)).toISOString().replace(".000Z", "Z");
}

/** Reads the Date profile (XEP-0082 §3.1), `1776-07-04`, as its midnight in UTC. @throws StanzaError */
export function parseDate(text: string): number {
  const match = execute(DATE_PATTERN, text);
  if (match === undefined) throw refusal("date", text, "CCYY-MM-DD");
  return dateOf(text, match[1], match[2], match[3]);
}

/** Writes the Date profile of a moment in UTC. @throws RangeError as {@link formatDateTime} */
export function formatDate(moment: number): string {
  return formatDateTime(moment).slice(0, 10);
}

/** A time of day that recurs (XEP-0082 §3.3). */
export interface TimeOfDay {
  /** Milliseconds since midnight in the time's own zone, 0 to 86,399,999. */
  readonly ms: number;
  /** Minutes ahead of UTC, or undefined if the time names no zone. */
  readonly offset: number | undefined;
}

/** Reads the Time profile (XEP-0082 §3.3), `16:00:00` or `16:00:00.123Z`. @throws StanzaError */
export function parseTime(text: string): TimeOfDay {
  const match = execute(TIME_PATTERN, text);
  if (match === undefined) throw refusal("time", text, "hh:mm:ss[.sss][TZD]");
  const [, hour, minute, second, fraction, zone] = match;
  return {
    ms: timeOf(text, hour, minute, second, fraction),
    offset: zone === undefined ? undefined : offsetOf(text, zone),
  };
}

/** Writes the Time profile. @throws RangeError for what is no time of day. */
export function formatTime(time: TimeOfDay): string {
  const { ms, offset } = time;
  if (!(ms >= 0 && ms < DAY)) throw new RangeError(`${ms} ms from midnight is not a time of day`);
  const clock = formatDateTime(ms).slice(11, -1);
  return offset === undefined ? clock : clock + formatOffset(offset);
}

/** Reads a Time Zone Definition (XEP-0082 §2), `Z` or `-06:00`, as minutes ahead of UTC. @throws StanzaError */
export function parseOffset(text: string): number {
  if (execute(ZONE_PATTERN, text) === undefined) throw refusal("zone", text, "Z or (+|-)hh:mm");
  return offsetOf(text, text);
}

/** Writes minutes ahead of UTC as a Time Zone Definition. @throws RangeError beyond 14 hours. */
export function formatOffset(minutes: number): string {
  if (!Number.isInteger(minutes) || Math.abs(minutes) > 840) {
    throw new RangeError(`${minutes} minutes is not an offset from UTC; it has at most 840`);
  }
  if (minutes === 0) return "Z";
  const hours = Math.trunc(Math.abs(minutes) / 60);
  return `${minutes < 0 ? "-" : "+"}${pad(hours)}:${pad(Math.abs(minutes) % 60)}`;
}

/**
 * Reads the format of XEP-0091, `20020910T23:08:25` in UTC, or the DateTime profile, which
 * XEP-0082 §4 asks readers of that format to accept too. @throws StanzaError
 */
export function parseLegacyDateTime(text: string): number {
  const match = execute(LEGACY_PATTERN, text);
  if (match === undefined) return parseDateTime(text);
  const [, year, month, day, hour, minute, second] = match;
  return dateOf(text, year, month, day) + timeOf(text, hour, minute, second, undefined);
}

/** The groups of a match; one that took no part is undefined, which the DOM's types do not say. */
function execute(pattern: RegExp, text: string): readonly (string | undefined)[] | undefined {
  return text.length > MAX_LENGTH ? undefined : (pattern.exec(text) ?? undefined);
}

type Digits = string | undefined;

function dateOf(text: string, yearText: Digits, monthText: Digits, dayText: Digits): number {
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0).setUTCFullYear(year, month - 1, day);
  const exists = month >= 1 && month <= 12 && day >= 1 && new Date(date).getUTCDate() === day;
  if (year === 0 || !exists)
    throw refusal("date", text, "a day that exists, from the year 0001 on");
  return date;
}

/** XML Schema has neither leap seconds nor, in this profile, the hour 24. */
function timeOf(
  text: string,
  hour: Digits,
  minute: Digits,
  second: Digits,
  fraction: Digits,
): number {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw refusal("time", text, "00:00:00 to 23:59:59");
  }
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  return seconds * 1000 + Number((fraction ?? "").slice(0, 3).padEnd(3, "0"));
}

function offsetOf(text: string, zone: Digits): number {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  const offset = hours * 60 + minutes;
  if (minutes > 59 || offset > 840) throw refusal("zone", text, "-14:00 to +14:00");
  return zone.startsWith("-") && offset !== 0 ? -offset : offset;
}

function isRepresentable(moment: number): boolean {
  return moment >= -62_135_596_800_000 && moment <= 253_402_300_799_999;
}

const pad = (value: number): string => String(value).padStart(2, "0");

function refusal(what: string, text: string, expected: string): StanzaError {
  return new StanzaError("bad-request", `${quoted(text)} is not a ${what}: expected ${expected}`);
}
