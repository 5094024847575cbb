/** What is told of a file of no known type (XEP-0363 §7). */
export const UNKNOWN_TYPE = "application/octet-stream";

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}";
const TYPE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*(?:;.{0,500})?$`);

/** What browsers show without running anything of it. */
const SHOWN: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/jxl",
  "image/heic",
  "audio/mpeg",
  "audio/mp4",
  "audio/aac",
  "audio/ogg",
  "audio/opus",
  "audio/flac",
  "audio/wav",
  "audio/x-wav",
  "audio/webm",
  "audio/x-m4a",
  "video/mp4",
  "video/webm",
  "video/ogg",
  "video/quicktime",
]);

/** Further types that a browser takes neither for a script nor for a style, nor for a page. */
const PASSIVE: ReadonlySet<string> = new Set([
  "text/plain",
  "application/pdf",
  "application/zip",
  "application/gzip",
  "application/vnd.android.package-archive",
  "application/msword",
  "application/vnd.oasis.opendocument.text",
  "application/vnd.oasis.opendocument.spreadsheet",
  "application/vnd.oasis.opendocument.presentation",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation",
]);

/** A media type without its parameters, in lower case (RFC 9110 §8.3.1); undefined for what is none. */
export function mediaType(text: string): string | undefined {
  return TYPE.exec(text)?.[1]?.toLowerCase();
}

/** True for what is shown in the browser; everything else is downloaded. */
export function isShown(type: string): boolean {
  return SHOWN.has(type);
}

/**
 * The type that is told of a file. Scripts, styles and pages of users must not be taken for ours:
 * what is not known to be harmless is bytes (with `nosniff`, no browser thinks otherwise).
 */
export function toldType(type: string): string {
  if (SHOWN.has(type) || PASSIVE.has(type)) return type;
  return /^(?:image|audio|video)\/(?!.*(?:xml|svg))/.test(type) ? type : UNKNOWN_TYPE;
}
