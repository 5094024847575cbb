/** The web chat at `/`: Converse.js, from us alone, for the domain that is asked. */
import {
  defineModule,
  type Host,
  type HttpReply,
  type HttpRequest,
  html,
  type Module,
  type NoOptions,
} from "@rookery/server";
import { chatPath, registrationPath } from "../contract.ts";
import { Pages } from "../pages/page.ts";
import { Assets } from "./assets.ts";
import { etagOf, isKnown } from "./etag.ts";
import { insecurePage } from "./insecure-page.ts";
import { chatPage } from "./page.ts";
import { chatPolicy } from "./policy.ts";

const FILES = "/chat/";

export const chatModule: Module<NoOptions, void> = defineModule({
  name: "web-chat",
  implements: [],

  setup(host) {
    const assets = Assets.find();
    const pages = Pages.load();
    host.on(chatPath, (account) => [
      account === undefined ? "/" : `/#welcome=${encodeURIComponent(account.local)}`,
    ]);
    host.http("GET", "/", (request) =>
      request.secure
        ? chat(host, assets, request)
        : pages.reply(insecurePage(host.domain, host.webUrl("/"))),
    );
    host.http("GET", FILES, (request) => assets.reply(request));
  },
});

function chat(host: Host, { revision }: Assets, { url, headers }: HttpRequest): HttpReply {
  const webUrl = host.webUrl("/");
  const configured = webUrl === undefined ? url : new URL(webUrl);
  const page = chatPage({
    domain: host.domain.domain,
    files: `${FILES}${revision}`,
    hosts: [...new Set([url.hostname, configured.hostname])],
    registration: host.gather(registrationPath, undefined)[0],
  });
  const etag = `"${etagOf(page)}"`;
  const more = {
    "cache-control": "no-cache", // to be asked for again, and mostly answered by 304
    etag,
    "content-security-policy": chatPolicy(
      configured.origin === url.origin ? undefined : configured.origin,
    ),
  };
  if (isKnown(headers["if-none-match"], etag)) return { status: 304, headers: more };
  return html(page, 200, more);
}
