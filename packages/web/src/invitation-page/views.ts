import type { Jid } from "@rookery/protocol";
import type { Invitation } from "@rookery/server";
import { accountForm, type Problem } from "../pages/account-form.ts";
import { clientList } from "../pages/clients.ts";
import { type Markup, markup } from "../pages/markup.ts";
import type { PageParts } from "../pages/page.ts";
import { qrCode } from "../pages/qr-code.ts";

/** An invitation, and what is known of who looks at it. */
export interface Shown {
  readonly invitation: Invitation;
  /** For clients. */
  readonly uri: string;
  /** The address of this page for clients elsewhere. */
  readonly url: string | undefined;
  readonly agent: string | undefined;
  readonly secure: boolean;
  /** What was typed. */
  readonly name: string | undefined;
  /** Why there is no account yet, after a try. */
  readonly problem: Problem | undefined;
}

/** The page of an invitation that is good for something. */
export function shown(told: Shown): PageParts {
  const { invitation, problem } = told;
  const page = invitation.inviter === undefined ? fromOperator(told) : fromUser(told);
  const body = markup`${page.body}
<p class="quiet">This invitation is good ${times(invitation.uses)}, until ${day(invitation.expires)}.</p>`;
  return { ...page, body, ...(problem !== undefined && { status: problem.status }) };
}

/** To make an account; nobody is behind it to be in touch with. */
function fromOperator(told: Shown): PageParts {
  const { domain, admin } = told.invitation;
  const title = `Your invitation to ${domain}`;
  return {
    title,
    body: markup`<h1>${title}</h1>
<p>Choose a name and a password, and you have an account to chat with.</p>
${admin && markup`<p>It is going to administer the server.</p>`}
${registering(told)}
${inApp(told, "Or use an app")}`,
  };
}

/** To be in touch, with an account here or elsewhere. */
function fromUser(told: Shown): PageParts {
  const { invitation, uri } = told;
  const { kind, inviter, register } = invitation;
  const who = markup`<strong><bdi>${inviter?.toString()}</bdi></strong>`;
  if (kind === "account") {
    return {
      title: `Invitation from ${inviter}`,
      body: markup`<h1>You are invited to ${invitation.domain.toString()}</h1>
<p>${who} invites you to chat. Choose a name and a password, and you have an account.</p>
${registering(told)}
${inApp(told, "Or use an app")}`,
    };
  }
  return {
    title: `Invitation from ${inviter}`,
    body: markup`<h1>You are invited to chat</h1>
<p>${who} would like to be in touch with you over XMPP.</p>
<a class="button" href="${uri}">Open in your chat app</a>
<p class="quiet">This works once such an app is on your device, and you have an account with it.</p>
${register && markup`<h2>No account yet?</h2><p>Make one here; the two of you are in touch then.</p>${registering(told)}`}
${inApp(told, "Apps, and a code for your phone")}`,
  };
}

function registering(told: Shown): Markup {
  const { invitation, problem, secure, url } = told;
  const { register, username, domain } = invitation;
  if (!register) {
    return markup`<p class="alarm">${domain.toString()} takes no new accounts at the moment. Ask who sent you the link.</p>`;
  }
  return accountForm({
    domain,
    name: username ?? told.name,
    nameIsFixed: username !== undefined,
    problem,
    secure,
    secureUrl: url,
  });
}

/** XEP-0401 §3.2: a button with the link for apps, which ones there are, and a code to take it to a phone. */
function inApp({ uri, agent, invitation }: Shown, summary: string): Markup {
  const isButton = invitation.kind === "account";
  return markup`<details>
<summary>${summary}</summary>
<p>Install one of these first; without it the link does nothing.</p>
${clientList(agent)}
${isButton && markup`<p><a href="${uri}">Open the invitation in the app</a></p>`}
<p>With the app on a phone, take a picture of this code:</p>
${qrCode(uri, markup`QR code of the invitation for a chat app`)}
</details>`;
}

/** The same for what never was, what was used, what was taken back and what has expired. */
export function goodForNothing(domain: Jid, chat: string | undefined): PageParts {
  return {
    title: "This invitation is not valid",
    status: 404,
    body: markup`<h1>This invitation is not valid</h1>
<p>It may have been used already, taken back by who made it, or have expired; or the link lost a piece
on its way. Ask who sent it to you for a new one.</p>
${chat !== undefined && markup`<p>You have an account of ${domain.toString()} already? <a href="${chat}">Open the chat</a>.</p>`}`,
  };
}

/** For who has tried too often. */
export function tooManyTries({ status, text }: Problem): PageParts {
  return {
    title: "Please wait",
    status,
    body: markup`<h1>Please wait</h1>
<p>Too many invitations that are not valid were tried from here: ${text}.</p>`,
  };
}

function times(uses: number): string {
  return uses === 1 ? "once" : `${uses} times`;
}

function day(at: number): Markup {
  const date = new Date(at).toISOString();
  return markup`<time datetime="${date}">${date.slice(0, 10)}</time>`;
}
