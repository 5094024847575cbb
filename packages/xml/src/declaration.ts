import { shown, XmlError } from "./errors.ts";

/**
 * Checks an XML declaration (XML 1.0 §2.8, §4.3.3), given what stands between `<?xml` and the `>`.
 * @throws XmlError `unsupported-encoding` for another encoding than UTF-8 (RFC 6120 §11.6)
 */
export function checkDeclaration(content: string): void {
  const parts = DECLARATION.exec(content)?.groups;
  if (parts === undefined) {
    throw new XmlError(
      "not-well-formed",
      `the XML declaration ${shown(`<?xml${content}>`)} is malformed`,
    );
  }
  const version = unquoted(parts["version"]);
  if (version !== "1.0") {
    throw new XmlError(
      "not-well-formed",
      `XML ${shown(version)} is not supported, only 1.0 (RFC 6120 §11.8)`,
    );
  }
  const encoding = unquoted(parts["encoding"] ?? "'utf-8'");
  if (encoding.toLowerCase() !== "utf-8") {
    throw new XmlError(
      "unsupported-encoding",
      `the encoding ${shown(encoding)} is not supported, only UTF-8 (RFC 6120 §11.6)`,
    );
  }
}

const DECLARATION = new RegExp(
  [
    /^S+version(?:S*=S*)(?<version>'1\.\d+'|"1\.\d+")/,
    /(?:S+encodingS*=S*(?<encoding>'N'|"N"))?/,
    /(?:S+standaloneS*=S*(?:'yes'|'no'|"yes"|"no"))?/,
    /S*\?$/,
  ]
    .map((part) => part.source)
    .join("")
    .replaceAll("S", "[ \\t\\r\\n]")
    .replaceAll("N", "[A-Za-z][-.\\w]*"),
);

function unquoted(text: string | undefined): string {
  return text?.slice(1, -1) ?? "";
}
