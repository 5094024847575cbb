/** The page where anyone can make an account, where `registration` is open. It needs no script. */
import {
  defineModule,
  type HttpReply,
  type HttpRequest,
  type Module,
  type NoOptions,
  redirect,
  registration,
} from "@rookery/server";
import { chatPath, registrationPath } from "../contract.ts";
import { type AccountForm, accountForm, makeAccount } from "../pages/account-form.ts";
import { accountMadePage } from "../pages/account-made.ts";
import { clientList } from "../pages/clients.ts";
import { markup } from "../pages/markup.ts";
import { type PageParts, Pages } from "../pages/page.ts";

const PATH = "/register";

export const registrationPageModule: Module<NoOptions, void> = defineModule({
  name: "registration-page",
  implements: [],
  requires: [registration],

  setup(host) {
    const { domain, limits } = host;
    const offered = host.use(registration);
    if (!host.administration.managed || !offered.isOpenTo(undefined)) return;
    const pages = Pages.load();
    const form = ({ secure }: HttpRequest): AccountForm => ({
      domain,
      name: undefined,
      nameIsFixed: false,
      problem: undefined,
      secure,
      secureUrl: host.webUrl(PATH),
    });
    host.on(registrationPath, () => [PATH]);
    host.http("GET", PATH, (request) => pages.reply(registrationView(form(request), request)));
    host.http("POST", PATH, async (request): Promise<HttpReply> => {
      const { address } = request;
      const rules = { webUrl: host.webUrl("/"), maxBytes: limits.httpFormBytes };
      const outcome = await makeAccount(request, rules, (name, password) =>
        offered.register({ name, password, address }),
      );
      if ("problem" in outcome) {
        return pages.reply(registrationView({ ...form(request), ...outcome }, request));
      }
      const [chat] = host.gather(chatPath, outcome.account);
      if (chat !== undefined) return redirect(chat);
      return pages.reply(accountMadePage(outcome.account, request.headers["user-agent"]));
    });
  },
});

function registrationView(form: AccountForm, { headers }: HttpRequest): PageParts {
  const { domain, problem } = form;
  const title = `A new account of ${domain}`;
  return {
    title,
    ...(problem !== undefined && { status: problem.status }),
    body: markup`<h1>${title}</h1>
<p>Choose a name and a password, and you have an account to chat with.</p>
${accountForm(form)}
<details>
<summary>Apps to use it with</summary>
${clientList(headers["user-agent"])}
</details>`,
  };
}
