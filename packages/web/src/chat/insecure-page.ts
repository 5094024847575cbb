import type { Jid } from "@rookery/protocol";
import { markup } from "../pages/markup.ts";
import type { PageParts } from "../pages/page.ts";

/**
 * In place of the chat where it came in the clear: nobody could log in there.
 * @param url where the chat is to be had for clients elsewhere.
 */
export function insecurePage(domain: Jid, url: string | undefined): PageParts {
  const isBetter = url?.startsWith("https:") === true;
  return {
    title: `Chat on ${domain}`,
    status: 403,
    body: markup`<h1>Chat on ${domain.toString()}</h1>
<p class="alarm">This page came without encryption, so that others could read along. Nobody can log in
this way.</p>
${isBetter && markup`<a class="button" href="${url}">Open the chat with encryption</a>`}
<p class="quiet">If a proxy in front of the server has the encryption, the server has to be told to
trust it: <code>proxies.trusted</code> in its configuration.</p>`,
  };
}
