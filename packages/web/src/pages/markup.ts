/** What may stand in a page; text is escaped, nothing at all stands for what is not there. */
export type Content = Markup | string | number | false | undefined | readonly Markup[];

/** A piece of HTML that is safe to send. */
export class Markup {
  readonly text: string;

  /** @param text is taken as it is; use {@link markup} for everything that is not written here. */
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Writes HTML: what stands in the template is HTML, what is put into it is text, or was written by
 * this function.
 *
 * @example
 * markup`<p title="${title}">${name}</p>`
 */
export function markup(template: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let text = template[0] ?? "";
  for (const [i, content] of contents.entries()) {
    text += written(content) + (template[i + 1] ?? "");
  }
  return new Markup(text);
}

function written(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(({ text }) => text).join("");
  return String(content).replaceAll(/[&<>"'`]/g, (character) => ESCAPED[character] ?? "");
}

/** Also between quotes of either kind. */
const ESCAPED: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};
