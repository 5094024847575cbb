import { type Jid, StanzaError, type StanzaErrorCondition } from "@rookery/protocol";
import type { HttpRequest } from "@rookery/server";
import { type FormRules, readForm } from "./form.ts";
import { type Markup, markup } from "./markup.ts";

/** RFC 7622 §3.3: a localpart has at most so many octets. */
const NAME_LENGTH = 1023;
/** As for registration in a client. */
const PASSWORD_LENGTH = 1024;

/** Why an account was not made. */
export interface Problem {
  /** Of HTTP. */
  readonly status: number;
  /** For people. */
  readonly text: string;
  readonly condition: StanzaErrorCondition;
}

/** What became of a form. */
export type Outcome =
  | { readonly account: Jid }
  | { readonly problem: Problem; readonly name: string };

/** How the form is to look. */
export interface AccountForm {
  readonly domain: Jid;
  /** What was typed before; or the only name there can be. */
  readonly name: string | undefined;
  readonly nameIsFixed: boolean;
  readonly problem: Problem | undefined;
  /** False if what is typed could be read underway; then there is no form. */
  readonly secure: boolean;
  /** Where the page is to be had with https. */
  readonly secureUrl: string | undefined;
}

/** Where somebody chooses a name and a password; it is sent to the page it stands on. */
export function accountForm(form: AccountForm): Markup {
  if (!form.secure) return insecure(form.secureUrl);
  const { domain, name, nameIsFixed, problem } = form;
  const isWrong = problem !== undefined && markup` aria-invalid="true" aria-describedby="problem"`;
  return markup`<form method="post">
${problem && markup`<p class="alarm" role="alert" id="problem">${sentence(problem.text)}</p>`}
<label for="name">Name</label>
<div class="field">
<input id="name" name="name" value="${name}" required maxlength="${NAME_LENGTH}" autocomplete="username" autocapitalize="none" spellcheck="false"${nameIsFixed && markup` readonly`}${isWrong}>
<span class="domain">@${domain.domain}</span>
</div>
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="${PASSWORD_LENGTH}" autocomplete="new-password">
<button>Create account</button>
</form>`;
}

function insecure(url: string | undefined): Markup {
  const isBetter = url?.startsWith("https:") === true;
  return markup`<p class="alarm">This page came without encryption, so that others could read a password that you type here.
${isBetter && markup`<a href="${url}">Open it with encryption</a>.`}</p>`;
}

/**
 * Makes the account that a form asks for.
 * @param register makes it, or throws StanzaError with a text for people.
 * @throws HttpError for what is no form of ours.
 */
export async function makeAccount(
  request: HttpRequest,
  rules: FormRules,
  register: (name: string, password: string) => Promise<Jid>,
): Promise<Outcome> {
  const fields = await readForm(request, rules);
  const name = (fields.get("name") ?? "").trim();
  try {
    return { account: await register(name, fields.get("password") ?? "") };
  } catch (error) {
    return { problem: problemOf(error), name };
  }
}

/** @throws what is no StanzaError. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof StanzaError)) throw error;
  const { condition, message } = error;
  return { status: STATUS.get(condition) ?? 400, text: message, condition };
}

/** RFC 9110 §15.5, RFC 6585 §4 */
const STATUS: ReadonlyMap<StanzaErrorCondition, number> = new Map([
  ["not-allowed", 403],
  ["item-not-found", 404],
  ["conflict", 409],
  ["not-acceptable", 422],
  ["resource-constraint", 429],
]);

/** As errors are written here: no capital letter, no stop. */
function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
