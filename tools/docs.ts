// Writes docs/configuration.md from the declarations of the options: node tools/docs.ts
import { writeFileSync } from "node:fs";
import { describeConfig, type OptionDoc } from "../packages/server/src/config/describe.ts";
import { schemasOf } from "../packages/server/src/modules/index.ts";
import { webModules } from "../packages/web/src/index.ts";

/** Where the page stands. */
export const CONFIGURATION_PAGE: URL = new URL("../docs/configuration.md", import.meta.url);

const INTRODUCTION = `# Configuration

<!-- Written by npm run docs from what packages/server/src and packages/web/src declare; change it there. -->

Rookery reads one YAML file, \`rookery.yaml\`. Everything in it may be left out, and so may the file:
then the server serves \`localhost\` with a certificate it makes itself and keeps its data in \`./data\`.
A program that runs the server itself gives the same keys to \`createServer({ … })\`.

Relative paths start from the folder of the file. The file is read strictly: an unknown key is an
error, not a surprise later, and all errors are told at once:

\`\`\`
rookery.yaml:12:3: unknown key "lisen"; did you mean "listen"?
\`\`\`

An example:

\`\`\`yaml
domains:
  - name: example.org
    tls: { cert: /etc/letsencrypt/live/example.org/fullchain.pem, key: /etc/letsencrypt/live/example.org/privkey.pem }
data: /var/lib/rookery
listen:
  c2s: [ "192.0.2.1:5222", "[2001:db8::1]:5222" ]
limits: { offlineMessages: 200 }
admins: [ romeo@example.org ]
\`\`\`
`;

/** The whole page. */
export function configurationPage(): string {
  const options = describeConfig(schemasOf(webModules));
  const topLevel = options.filter(({ path }) => !path.includes("."));
  const sections = topLevel
    .filter(({ group, path }) => group || path === "modules")
    .map((group) =>
      section(
        group,
        options.filter((o) => isMember(o, group) && !isModule(o)),
      ),
    );
  return [INTRODUCTION, section(undefined, topLevel), ...sections].join("\n");
}

/** A module as a whole has no text of its own; the table tells of its options. */
function isModule({ path, group }: OptionDoc): boolean {
  return group && /^modules\.[^.]+$/.test(path);
}

function isMember({ path }: OptionDoc, group: OptionDoc): boolean {
  return path.startsWith(`${group.path}.`) || path.startsWith(`${group.path}[].`);
}

function section(group: OptionDoc | undefined, options: readonly OptionDoc[]): string {
  const head = group === undefined ? "## The keys\n" : `## ${group.path}\n\n${group.doc}\n`;
  return [
    head,
    "| Key | Value | Default | Meaning |",
    "|---|---|---|---|",
    ...options.map((option) => `| ${cells(option).map(escaped).join(" | ")} |`),
    "",
  ].join("\n");
}

function cells(option: OptionDoc): string[] {
  const { path, type, doc } = option;
  return [`\`${path}\``, type, defaultText(option), doc];
}

function defaultText({ default: usual, unit, group }: OptionDoc): string {
  if (usual === undefined || (group && JSON.stringify(usual) === "{}")) return "";
  const counted = unit === undefined || unit === "count" ? "" : ` ${unit}`;
  return `\`${typeof usual === "string" ? usual : JSON.stringify(usual)}\`${counted}`;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

if (import.meta.main) writeFileSync(CONFIGURATION_PAGE, configurationPage());
