/** What has a meaning in the name of an entry (RFC 4514 §2.4). */
const IN_NAMES = /[\\,+"<>;=#\0]/g;
/** What has a meaning in a filter (RFC 4515 §3). */
const IN_FILTERS = /[\\*()\0]/g;

/** Values for the places of a template. */
export interface TemplateValues {
  readonly user: string;
  readonly domain: string;
}

/** A distinguished name from its template: what stands in `{user}` cannot become part of its structure. */
export function fillName(template: string, values: TemplateValues): string {
  return fill(template, values, (text) =>
    text.replace(IN_NAMES, hexed).replace(/^ | $/g, (space) => hexed(space)),
  );
}

/** A filter from its template, as `fillName`. */
export function fillFilter(template: string, values: TemplateValues): string {
  return fill(template, values, (text) => text.replace(IN_FILTERS, hexed));
}

/** All places in one pass: a value with braces in it is not looked at again. */
function fill(
  template: string,
  { user, domain }: TemplateValues,
  escape: (text: string) => string,
): string {
  return template.replace(/\{(user|domain)\}/g, (_place, name) =>
    escape(name === "user" ? user : domain),
  );
}

function hexed(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
