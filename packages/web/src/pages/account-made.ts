import type { Jid } from "@rookery/protocol";
import { clientList } from "./clients.ts";
import { markup } from "./markup.ts";
import type { PageParts } from "./page.ts";

/** What somebody sees who has made an account where there is no chat to go on with. */
export function accountMadePage(account: Jid, agent: string | undefined): PageParts {
  return {
    title: "Your account is made",
    body: markup`<h1>Your account is made</h1>
<p>Your address is <strong><bdi>${account.toString()}</bdi></strong>.</p>
<p>Log in with it and the password you chose, in a chat app of yours:</p>
${clientList(agent)}`,
  };
}
