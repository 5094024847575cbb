/**
 * The little of DER (ITU-T X.690) that a certificate is written with. Each function gives one
 * complete encoding: tag, length, content.
 */
export const der = {
  sequence: (...members: readonly Uint8Array[]): Uint8Array => tagged(0x30, ...members),
  set: (...members: readonly Uint8Array[]): Uint8Array => tagged(0x31, ...members),
  octetString: (...content: readonly Uint8Array[]): Uint8Array => tagged(0x04, ...content),
  /** @param unused how many bits of the last byte do not count. */
  bitString: (content: Uint8Array, unused = 0): Uint8Array =>
    tagged(0x03, Uint8Array.of(unused), content),
  utf8String: (text: string): Uint8Array => tagged(0x0c, new TextEncoder().encode(text)),
  boolean: (value: boolean): Uint8Array => tagged(0x01, Uint8Array.of(value ? 0xff : 0)),
  /** @param bytes a positive number, most significant byte first. */
  integer: (bytes: Uint8Array): Uint8Array => tagged(0x02, positive(bytes)),
  /** @param dotted as in "2.5.29.17". */
  oid: (dotted: string): Uint8Array => objectIdentifier(dotted),
  /** @param ms milliseconds since 1970. */
  time: (ms: number): Uint8Array => time(ms),
  /** A context-specific tag, constructed unless `primitive`. */
  context: (tag: number, content: Uint8Array, primitive = false): Uint8Array =>
    tagged((primitive ? 0x80 : 0xa0) | tag, content),
} as const;

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), length(content.length), content]);
}

function length(value: number): Uint8Array {
  return value < 0x80 ? Uint8Array.of(value) : lengthOfMany(value);
}

function lengthOfMany(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

/** Without leading zero bytes, but with one where the number would else be read as negative. */
function positive(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  if (start < 0) return Uint8Array.of(0);
  const trimmed = bytes.subarray(start);
  return (trimmed[0] ?? 0) < 0x80 ? trimmed : Buffer.concat([Uint8Array.of(0), trimmed]);
}

function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...others]) {
    const digits = [part % 128];
    for (let rest = Math.floor(part / 128); rest > 0; rest = Math.floor(rest / 128)) {
      digits.unshift(0x80 | (rest % 128));
    }
    bytes.push(...digits);
  }
  return tagged(0x06, Uint8Array.from(bytes));
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050. */
function time(ms: number): Uint8Array {
  const digits = `${new Date(ms).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  const utc = new Date(ms).getUTCFullYear() < 2050;
  return tagged(utc ? 0x17 : 0x18, new TextEncoder().encode(utc ? digits.slice(2) : digits));
}
