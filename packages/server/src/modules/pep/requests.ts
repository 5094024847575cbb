/** Requests about the nodes of accounts: XEP-0060 (1.30.0) §5 to §8, by the profile of XEP-0163. */
import {
  type PubSubAnswer,
  type PubSubOwner,
  type PubSubRequest,
  pubsubAnswer,
  pubsubOwner,
  pubsubRequest,
  pubsubUnsupported,
  StanzaError,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Element } from "@rookery/xml";
import type { Maybe } from "../../hooks.ts";
import { type IqAnswer, type IqRequest, notOffered } from "../../iq.ts";
import { bounds, type Context, done } from "./context.ts";
import { type ConfigChange, readConfig, readPublishOptions } from "./engine/config.ts";
import { createNode } from "./engine/manage.ts";
import { affiliationsOf, subscribe, subscriptionsOf, unsubscribe } from "./engine/members.ts";
import { publish, retract } from "./engine/publish.ts";
import { retrieve } from "./engine/retrieve.ts";
import { giveLastItem } from "./last-items.ts";
import type { Notifier } from "./notify.ts";
import { answerOwner } from "./owner-requests.ts";
import { inBackground, type PepService } from "./service.ts";

type Answer = Element | IqAnswer | undefined;
type Asked<K extends PubSubRequest["kind"]> = Extract<PubSubRequest, { readonly kind: K }>;

/** Answers requests to accounts. */
export function answerRequests(pep: PepService, notifier: Notifier): void {
  for (const type of ["get", "set"] as const) {
    pep.host.iq("account", type, pubsubRequest, (request) =>
      asked(pep, request, (context) => answer({ ...context, notifier }, request)),
    );
    pep.host.iq("account", type, pubsubOwner, (request: IqRequest<PubSubOwner>) =>
      asked(pep, request, (context) => answerOwner({ ...context, notifier }, request)),
    );
  }
}

/**
 * Answers a request; to one who does not see the account's presence, what is refused looks as if
 * there was no such account: neither it nor its nodes are to be found by asking.
 */
function asked(
  pep: PepService,
  { account, iq }: IqRequest<unknown>,
  work: (context: Omit<Context, "notifier">) => Maybe<Answer>,
): Maybe<Answer> {
  const hide = (error: unknown): Maybe<never> => {
    if (!(error instanceof StanzaError)) throw error;
    return after(pep.host.maySeePresence(account, iq.from), (sees) => {
      throw sees ? error : notOffered(iq);
    });
  };
  try {
    const answered = after(pep.request(account, iq.from), (request) =>
      work({ pep, account, request }),
    );
    return answered instanceof Promise ? answered.catch(hide) : answered;
  } catch (error) {
    return hide(error);
  }
}

function answer(context: Context, { query, iq }: IqRequest<PubSubRequest>): Maybe<Answer> {
  const { pep, request } = context;
  checkType(query.kind, iq.type);
  switch (query.kind) {
    case "publish":
      return published(context, query);
    case "items":
      return after(retrieve(pep.engine, request, query), ({ items, page }) =>
        pubsubAnswer.write({ kind: "items", node: query.node, items, page }),
      );
    case "retract":
      return after(retract(pep.engine, request, query), (change) => done(context, change));
    case "create":
      return created(context, query);
    case "subscribe":
      return subscribed(context, query);
    case "unsubscribe":
      return done(context, unsubscribe(pep.engine, request, query));
    case "subscriptions":
      return listed(context, {
        kind: "subscriptions",
        node: query.node,
        subscriptions: subscriptionsOf(request, query.node),
      });
    case "affiliations":
      return listed(context, {
        kind: "affiliations",
        node: query.node,
        affiliations: affiliationsOf(request, query.node),
      });
    case "options":
      throw pubsubUnsupported("subscription-options", "subscriptions have no options here");
    case "default":
      throw pubsubUnsupported("retrieve-default-sub", "subscriptions have no options here");
  }
}

const GETS: ReadonlySet<PubSubRequest["kind"]> = new Set([
  "items",
  "subscriptions",
  "affiliations",
  "default",
]);

function checkType(kind: PubSubRequest["kind"], type: string): void {
  if (kind === "options" || GETS.has(kind) === (type === "get")) return;
  throw new StanzaError("bad-request", `<${kind}/> is not asked by an IQ of type ${type}`);
}

function published(context: Context, query: Asked<"publish">): IqAnswer {
  const { pep, request } = context;
  const { node, items, options } = query;
  const conditions: ConfigChange = options ? readPublishOptions(options, bounds(pep)) : {};
  const change = publish(pep.engine, request, { node, items, conditions });
  const result = (id: string): Element =>
    pubsubAnswer.write({ kind: "publish", node, itemIds: [id] });
  return {
    ...done(context, change),
    result: change.id === undefined ? undefined : result(change.id),
  };
}

function created(context: Context, query: Asked<"create">): IqAnswer {
  const { pep, request } = context;
  const config = query.configure ? readConfig(query.configure, bounds(pep)) : {};
  const change = createNode(pep.engine, request, { node: query.node, config });
  const result = pubsubAnswer.write({ kind: "create", node: change.node });
  return { ...done(context, change), result };
}

function subscribed(
  { pep, account, request }: Context,
  query: Asked<"subscribe">,
): Maybe<IqAnswer> {
  const { jid, node = "" } = query;
  return after(subscribe(pep.engine, request, query), ({ committed }) => ({
    result: pubsubAnswer.write({
      kind: "subscription",
      subscription: { node, jid, state: "subscribed" },
    }),
    committed,
    afterwards: () =>
      inBackground(pep.host, "the last item was not sent", () =>
        giveLastItem(pep, account, request.space.get(node), jid),
      ),
  }));
}

/** To strangers, having nothing looks like no account. */
function listed({ pep, account, request }: Context, answer: PubSubAnswer): Maybe<Element> {
  const isEmpty =
    (answer.kind === "subscriptions" && answer.subscriptions.length === 0) ||
    (answer.kind === "affiliations" && answer.affiliations.length === 0);
  return after(!isEmpty || pep.host.maySeePresence(account, request.asker), (told) => {
    if (!told) throw new StanzaError("service-unavailable");
    return pubsubAnswer.write(answer);
  });
}
