import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HttpReply, html } from "@rookery/server";
import { Markup, markup } from "./markup.ts";

const STYLE = new URL("../../browser/pages.css", import.meta.url);
const ICON = new URL("../../browser/icon.svg", import.meta.url);

/** A page as its module wants it. */
export interface PageParts {
  /** What the window is called. */
  readonly title: string;
  readonly body: Markup;
  readonly status?: number;
}

/** Makes pages that are whole in themselves: with their style and icon, without any script. */
export class Pages {
  readonly #style: Markup;
  readonly #icon: string;
  readonly #policy: string;

  private constructor(style: string, icon: Uint8Array) {
    this.#style = new Markup(`<style>${style}</style>`);
    this.#icon = `data:image/svg+xml;base64,${Buffer.from(icon).toString("base64")}`;
    const digest = createHash("sha256").update(style).digest("base64");
    this.#policy = [
      "default-src 'none'",
      `style-src 'sha256-${digest}'`, // this one, and no other
      "img-src data:", // the icon
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; ");
  }

  /** @throws Error if the files of the package are not there. */
  static load(): Pages {
    return new Pages(readFileSync(STYLE, "utf8"), readFileSync(ICON));
  }

  /** A page to be answered with. */
  reply({ title, body, status = 200 }: PageParts): HttpReply {
    const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${this.#icon}">
${this.#style}
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
    return html(page.text, status, {
      "content-security-policy": this.#policy,
      // a form without any referrer has no origin either; to others, nothing is told
      "referrer-policy": "same-origin",
    });
  }
}
