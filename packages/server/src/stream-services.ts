import { Jid } from "@rookery/protocol";
import type { ParserLimits } from "@rookery/xml";
import { LoginFailures } from "./accounts/throttle.ts";
import type { Clock, Random } from "./clock.ts";
import { ComponentDomain } from "./components/component-domain.ts";
import type { Config } from "./config/config.ts";
import type { Limits } from "./config/limits.ts";
import type { Log } from "./log.ts";
import type { Router } from "./router.ts";
import type { SessionTable } from "./sessions/table.ts";
import type { Storage } from "./storage/api.ts";
import type { C2sServices } from "./streams/c2s-services.ts";
import type { ComponentEntry, ComponentServices } from "./streams/component.ts";
import { featuresOf } from "./streams/features/index.ts";
import { KeepAlive } from "./streams/keep-alive.ts";
import type { Resumption } from "./streams/stream-management/resumption.ts";
import type { VirtualHost } from "./virtual-host.ts";

/** What streams are made from. */
export interface StreamParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly router: Router;
  readonly storage: Storage;
  readonly sessions: SessionTable;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly components: ReadonlyMap<string, ComponentDomain>;
  readonly resumption: Resumption;
}

/** What the streams of clients need. */
export function c2sServices({
  config,
  clock,
  random,
  log,
  storage,
  sessions,
  hosts,
  resumption,
}: StreamParts): C2sServices {
  const { limits, auth } = config;
  return {
    mainDomain: mainDomain(config),
    clock,
    random,
    log: log.part("c2s"),
    limits,
    progress: storage.progress,
    stanzaLimits: parserLimits(limits, limits.stanzaBytes),
    auth,
    throttle: new LoginFailures({ clock, limits, log: log.part("login") }),
    sessions,
    resumption,
    streams: new Set(),
    keepAlive: new KeepAlive(clock, {
      idleSeconds: limits.idleSeconds,
      answerSeconds: limits.idleAnswerSeconds,
    }),
    host: (name) => hosts.get(prepared(name) ?? ""),
    features: featuresOf,
  };
}

/** What the streams of components need. */
export function componentServices(parts: StreamParts): ComponentServices {
  const { config, clock, random, log, router, components } = parts;
  return {
    mainDomain: mainDomain(config),
    clock,
    random,
    log: log.part("component"),
    limits: config.limits,
    progress: parts.storage.progress,
    stanzaLimits: parserLimits(config.limits, config.limits.stanzaBytes),
    streams: new Set(),
    component: (name) => entryOf(prepared(name) ?? "", config, components),
    route: (stanza) => router.route(stanza),
  };
}

/** The domains of the configured components, each claimed from the router. */
export function openComponents({
  config,
  clock,
  router,
}: Pick<StreamParts, "config" | "clock" | "router">): Map<string, ComponentDomain> {
  const { componentQueueBytes, componentQueueSeconds } = config.limits;
  const components = new Map<string, ComponentDomain>();
  for (const name of config.components.keys()) {
    const domain = new ComponentDomain(name, {
      clock,
      queueBytes: componentQueueBytes,
      queueSeconds: componentQueueSeconds,
      refuse: (stanza, error) => router.refuse(stanza, error),
    });
    router.claim(name, domain);
    components.set(name, domain);
  }
  return components;
}

function entryOf(
  name: string,
  config: Config,
  components: ReadonlyMap<string, ComponentDomain>,
): ComponentEntry | undefined {
  const domain = components.get(name);
  const configured = config.components.get(name);
  return domain && configured && { domain, secret: configured.secret };
}

function mainDomain({ domains }: Config): Jid {
  return Jid.parse(domains[0]?.name ?? "");
}

/** The canonical form of a domain as a client writes it. */
function prepared(domain: string): string | undefined {
  const jid = Jid.tryParse(domain);
  return jid?.local === "" && jid.isBare ? jid.domain : undefined;
}

/** Bounds on what a parser reads. */
export function parserLimits(limits: Limits, bytes: number): ParserLimits {
  return {
    bytes,
    depth: limits.stanzaDepth,
    elements: limits.stanzaElements,
    attributes: limits.attributes,
    namespaces: limits.namespaces,
  };
}
