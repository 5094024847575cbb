/**
 * HTTP File Upload: XEP-0363 (1.2.0). A service of its own gives places for uploads; files come and
 * go over the web of the server.
 */
import { domainToASCII } from "node:url";
import {
  discoInfo,
  discoItems,
  Jid,
  StanzaError,
  UPLOAD_NS,
  UPLOAD_PURPOSE_NS,
  uploadRequest,
} from "@rookery/protocol";
import { defineModule, type Host, type Module } from "../../host.ts";
import { accountRemoved } from "../../im/contract.ts";
import { disco, discoItemsOf } from "../disco/contract.ts";
import { Cleaning } from "./cleaning.ts";
import { Folder } from "./folder.ts";
import { options, type UploadOptions } from "./options.ts";
import { Receiving } from "./receiving.ts";
import { Records } from "./records.ts";
import { SlotRequests } from "./requests.ts";
import { purposes } from "./retention.ts";
import { Serving } from "./serving.ts";
import { Slots } from "./slots.ts";

const NAME = "HTTP File Upload";

export const uploadModule: Module<UploadOptions, void> = defineModule({
  name: "upload",
  implements: [{ xep: 363, version: "1.2.0", status: "complete" }],
  requires: [disco],
  options,

  async setup(host, chosen) {
    if (chosen.url === undefined && host.webUrl("/") === undefined) {
      host.log.info("files cannot be uploaded, as no web is served (listen.https)");
      return;
    }
    const service = host.service(Jid.of("", `${chosen.service}.${host.domain.domain}`));
    if (service === undefined) {
      const name = `${chosen.service}.${host.domain.domain}`;
      host.log.warn(`${name} is something else already, so files cannot be uploaded`);
      return;
    }
    const records = await Records.open(host);
    const folder = await Folder.open(host.folder());
    const { clock, random, limits } = host;
    const slots = new Slots(clock, random, limits.uploadSlotSeconds * 1000);
    const cleaning = new Cleaning(host, records, folder);
    await cleaning.start();

    const path = `/upload/${pathName(host)}/`;
    const address = (rest: string): string => {
      const whole = `${path}${rest}`;
      return chosen.url === undefined ? (host.webUrl(whole) ?? whole) : `${chosen.url}${whole}`;
    };
    const requests = new SlotRequests(host, { slots, records, folder, options: chosen, address });
    service.iq("get", uploadRequest, (request) => requests.answer(request));
    const receiving = new Receiving(host, { slots, records, folder });
    host.http("PUT", path, (request) => receiving.put(request), {
      cors: "configured",
      everyDomain: true,
    });
    const serving = new Serving(host, records, folder);
    // no cookie and no address is trusted: who knows where a file is may have it, pages too
    host.http("GET", path, (request) => serving.get(request), { cors: "any", everyDomain: true });

    service.iq("get", discoInfo, ({ query }) => {
      if (query.node !== undefined) throw new StanzaError("item-not-found");
      return discoInfo.write({
        identities: [{ category: "store", type: "file", name: NAME }],
        features: [
          discoInfo.ns,
          discoItems.ns,
          UPLOAD_NS,
          ...purposes(chosen).map((purpose) => `${UPLOAD_PURPOSE_NS}#${purpose}`),
        ],
        forms: [
          {
            type: "result",
            fields: [
              { var: "FORM_TYPE", type: "hidden", values: [UPLOAD_NS] },
              { var: "max-file-size", values: [String(limits.uploadFileBytes)] },
            ],
          },
        ],
      });
    });
    service.iq("get", discoItems, ({ query }) => {
      if (query.node !== undefined) throw new StanzaError("item-not-found");
      return discoItems.write({ items: [] });
    });
    host.on(discoItemsOf, ({ target, node }) =>
      target === "host" && node === undefined ? [{ jid: service.domain, name: NAME }] : [],
    );
    host.on(accountRemoved, (account) => {
      slots.cancel(account);
      cleaning
        .removed(account)
        .catch((error: unknown) =>
          host.log.error("the uploaded files of an account could not be removed", { error }),
        );
    });
  },
});

/** The domain as one part of a path. */
function pathName({ domain }: Host): string {
  const ascii = domainToASCII(domain.domain) || domain.domain;
  return /^[a-z0-9.-]+$/.test(ascii) ? ascii : Buffer.from(domain.domain).toString("hex");
}
