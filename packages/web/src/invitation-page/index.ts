/**
 * The page that an invitation leads to: XEP-0401 (0.6.0) §3.2, XEP-0379 (0.3.3) §3.3. It needs no
 * script.
 */
import {
  defineModule,
  type Host,
  type HttpReply,
  type HttpRequest,
  type Invitation,
  invitations,
  type Module,
  type NoOptions,
  redirect,
  registration,
} from "@rookery/server";
import { chatPath } from "../contract.ts";
import { makeAccount, type Outcome, problemOf } from "../pages/account-form.ts";
import { accountMadePage } from "../pages/account-made.ts";
import { Pages } from "../pages/page.ts";
import { goodForNothing, type Shown, shown, tooManyTries } from "./views.ts";

/** The token follows. */
const PATH = "/invite/";

export const invitationPageModule: Module<NoOptions, void> = defineModule({
  name: "invitation-page",
  implements: [],
  requires: [invitations, registration],

  setup(host) {
    const page = new InvitationPage(host, Pages.load());
    host.http("GET", PATH, (request) => page.show(request));
    host.http("POST", PATH, (request) => page.accept(request));
  },
});

class InvitationPage {
  readonly #host: Host;
  readonly #pages: Pages;

  constructor(host: Host, pages: Pages) {
    this.#host = host;
    this.#pages = pages;
  }

  /** Tells what the invitation is good for. */
  async show(request: HttpRequest): Promise<HttpReply> {
    const { address, rest: token } = request;
    const tries = this.#host.use(registration);
    try {
      tries.checkTries(address);
    } catch (error) {
      return this.#pages.reply(tooManyTries(problemOf(error)));
    }
    const invitation = await this.#host.use(invitations).lookUp(token);
    if (invitation === undefined) {
      // counted with those who try tokens in a client
      tries.failed(address);
      return this.#unknown();
    }
    return this.#page(request, invitation);
  }

  /** Makes the account. */
  async accept(request: HttpRequest): Promise<HttpReply> {
    const { address, rest: token } = request;
    const rules = {
      webUrl: this.#host.webUrl("/"),
      maxBytes: this.#host.limits.httpFormBytes,
    };
    const offered = this.#host.use(invitations);
    const outcome = await makeAccount(request, rules, (name, password) =>
      offered.register({ token, name, password, address }),
    );
    if ("account" in outcome) {
      const [path] = this.#host.gather(chatPath, outcome.account);
      if (path !== undefined) return redirect(path);
      return this.#pages.reply(accountMadePage(outcome.account, request.headers["user-agent"]));
    }
    if (outcome.problem.condition === "item-not-found") return this.#unknown();
    const invitation = await offered.lookUp(token);
    if (invitation === undefined) return this.#unknown();
    return this.#page(request, invitation, outcome);
  }

  #page(request: HttpRequest, invitation: Invitation, outcome?: Outcome): HttpReply {
    const links = this.#host.use(invitations).links(invitation, request.rest);
    const refused = outcome !== undefined && "problem" in outcome ? outcome : undefined;
    const told: Shown = {
      invitation,
      uri: links.uri,
      url: links.landingUrl,
      agent: request.headers["user-agent"],
      secure: request.secure,
      name: refused?.name,
      problem: refused?.problem,
    };
    return this.#pages.reply(shown(told));
  }

  #unknown(): HttpReply {
    const [chat] = this.#host.gather(chatPath, undefined);
    return this.#pages.reply(goodForNothing(this.#host.domain, chat));
  }
}
