/** What owners ask about their nodes: XEP-0060 (1.30.0) §8.2 to §8.9. */
import { Jid, type PubSubOwner, pubsubOwner, quoted, StanzaError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import type { IqAnswer, IqRequest } from "../../iq.ts";
import { bounds, type Context, done } from "./context.ts";
import { configForm, readConfig } from "./engine/config.ts";
import { checkOwner } from "./engine/engine.ts";
import { configureNode, deleteNode, purgeNode } from "./engine/manage.ts";
import { setAffiliations, setSubscriptions } from "./engine/members.ts";

type Asked<K extends PubSubOwner["kind"]> = Extract<PubSubOwner, { readonly kind: K }>;

/** Answers an owner. @throws StanzaError `forbidden` for anyone else. */
export function answerOwner(
  context: Context,
  { query, iq }: IqRequest<PubSubOwner>,
): Maybe<Element | IqAnswer | undefined> {
  checkOwner(context.request);
  return iq.type === "get" ? tell(context, query) : change(context, query);
}

function tell({ pep, account, request }: Context, query: PubSubOwner): Element {
  const { space } = request;
  switch (query.kind) {
    case "configure": {
      const form = configForm(space.get(query.node).config);
      return pubsubOwner.write({ kind: "configure", node: query.node, form });
    }
    case "default":
      return pubsubOwner.write({ kind: "default", form: configForm(pep.engine.defaults) });
    case "subscriptions": {
      const { subscribers } = space.get(query.node);
      const subscriptions = [...subscribers.values()].map((jid) => ({
        jid,
        state: "subscribed" as const,
      }));
      return pubsubOwner.write({ kind: "subscriptions", node: query.node, subscriptions });
    }
    case "affiliations": {
      const listed = [...space.get(query.node).affiliations].map(([jid, affiliation]) => ({
        jid: Jid.parse(jid),
        affiliation,
      }));
      const affiliations = [{ jid: account, affiliation: "owner" as const }, ...listed];
      return pubsubOwner.write({ kind: "affiliations", node: query.node, affiliations });
    }
    case "delete":
    case "purge":
      throw wrongType(query.kind, "set");
  }
}

function change(context: Context, query: PubSubOwner): IqAnswer | undefined {
  const { pep, request } = context;
  const { engine } = pep;
  switch (query.kind) {
    case "configure":
      return configured(context, query);
    case "delete":
      return done(context, deleteNode(engine, request, query));
    case "purge":
      return done(context, purgeNode(engine, request, query.node));
    case "subscriptions":
      return done(context, setSubscriptions(engine, request, query.node, query.subscriptions));
    case "affiliations":
      return done(context, setAffiliations(engine, request, query.node, query.affiliations));
    case "default":
      throw wrongType(query.kind, "get");
  }
}

/** §8.2.4: a form that is cancelled changes nothing. */
function configured(context: Context, { node, form }: Asked<"configure">): IqAnswer | undefined {
  const { pep, request } = context;
  request.space.get(node);
  if (form === undefined) {
    throw new StanzaError("bad-request", `the configuration of ${quoted(node)} needs a data form`);
  }
  if (form.type === "cancel") return undefined;
  const config = readConfig(form, bounds(pep));
  return done(context, configureNode(pep.engine, request, { node, config }));
}

function wrongType(kind: string, type: string): StanzaError {
  return new StanzaError("bad-request", `<${kind}/> is asked by an IQ of type ${type}`);
}
