/** How long a name may be, in UTF-8; its ending is kept for the most part. */
const MAX_BYTES = 200;
const MAX_ENDING = 20;

/**
 * A file name as it stands in addresses (XEP-0363 §4: the ending stays). It is for people alone: on
 * the disk the file has another one. What could mislead is left out: control and formatting
 * characters (which turn the order of letters round), slashes, dots at the beginning.
 */
export function cleanName(name: string): string {
  const clean = name
    .replaceAll(/\p{C}/gu, "")
    .replaceAll(/[/\\:*?"<>|]/g, "_")
    .replaceAll(/\s+/gu, " ")
    .replace(/^[.\s]+/u, "")
    .replace(/[.\s]+$/u, "");
  return shortened(clean) || "file";
}

/** A name as one part of a path (RFC 3986 §3.3). */
export function pathPart(name: string): string {
  return encodeURIComponent(name);
}

/** What a part of a path says; undefined if it cannot be read. */
export function readPathPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** RFC 6266 §4, with the encoding of RFC 8187 §3.2. */
export function contentDisposition(name: string, inline: boolean): string {
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*!]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${inline ? "inline" : "attachment"}; filename*=UTF-8''${encoded}`;
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const found = dot < 0 ? "" : name.slice(dot);
  const ending = Buffer.byteLength(found) <= MAX_ENDING ? found : "";
  let room = MAX_BYTES - Buffer.byteLength(ending);
  let start = "";
  for (const character of name) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    start += character;
  }
  return `${start.replace(/[.\s]+$/u, "")}${ending}`;
}
