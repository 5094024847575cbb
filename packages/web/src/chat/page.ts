import { markup } from "../pages/markup.ts";

/** What the chat is to know of its server. */
export interface ChatFacts {
  readonly domain: string;
  /** The path of its files, without a `/` at the end. */
  readonly files: string;
  /** Host names of ours, whose pictures and sounds are shown at once. */
  readonly hosts: readonly string[];
  /** The path of the page where anyone makes an account, if there is one. */
  readonly registration: string | undefined;
}

/** The page around the chat. The script reads what it has to know from the attributes. */
export function chatPage({ domain, files, hosts, registration }: ChatFacts): string {
  return markup`<!doctype html>
<html lang="en" data-domain="${domain}" data-files="${files}" data-hosts="${hosts.join(" ")}" data-registration="${registration}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Chat on ${domain}</title>
<link rel="icon" href="${files}/icon.svg">
<link rel="manifest" href="${files}/app.webmanifest">
<link rel="stylesheet" href="${files}/converse.min.css">
<link rel="stylesheet" href="${files}/chat.css">
<script type="module" src="${files}/converse.min.js"></script>
<script type="module" src="${files}/chat.js"></script>
</head>
<body>
<noscript>The chat in the browser needs JavaScript; chat apps do not. Your address is your name,
followed by @${domain}.</noscript>
</body>
</html>
`.text;
}
