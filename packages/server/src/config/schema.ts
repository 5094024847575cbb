import { Jid } from "@rookery/protocol";
import * as z from "zod";
import { readListenAddress, writeListenAddress } from "./addresses.ts";
import { accountsOf } from "./auth.ts";
import { accountsKind, accountsShape, brokenAccounts, domainAuth } from "./auth-schema.ts";
import type {
  ComponentConfig,
  Config,
  ConfigInput,
  ListenAddress,
  ModuleOptions,
} from "./config.ts";
import { LIMITS, type LimitDefinition, type LimitName } from "./limits.ts";
import { isNetwork } from "./networks.ts";
import { RESERVED_NAMES } from "./reserved.ts";

type Context = z.core.$RefinementCtx;
type Limit = z.ZodPrefault<z.ZodNumber>;

/** A JID in text, prepared; an account, so with a localpart and without a resourcepart. */
const account = z.string().transform((text, context) => {
  const jid = readJid(text, context);
  if (jid === undefined || (jid.local !== "" && jid.isBare)) return jid ?? z.NEVER;
  return refuse(context, `"${text}" is not the address of an account; write user@domain`);
});

/** The localpart of an account, prepared. */
const localpart = z.string().transform((text, context) => {
  const jid = Jid.tryParse(`${text}@example.org`);
  if (jid !== undefined && jid.local !== "" && jid.isBare) return jid.local;
  return refuse(context, `"${text}" is no user name; write what stands before the @`);
});

const domainName = z.string().transform((text, context) => {
  const jid = readJid(text, context);
  if (jid === undefined || (jid.local === "" && jid.isBare)) return jid?.domain ?? z.NEVER;
  return refuse(context, `"${text}" is not a domain name; write for example example.org`);
});

const path = z.string().min(1, { error: "a path is missing" });

const tlsFiles = z.strictObject({
  cert: path.describe("PEM file with the certificate and those between it and the root."),
  key: path.describe("PEM file with the private key, not encrypted."),
});

const domain = z.strictObject({
  name: domainName.describe("The domain: what stands after the @ of its accounts."),
  auth: domainAuth
    .optional()
    .describe("Where the accounts of this domain come from, if not from where those of others do."),
  tls: tlsFiles
    .optional()
    .describe(
      "The certificate of the domain. Left out: the server makes one itself, which clients have to be told to trust.",
    ),
});

const LISTEN_FORM = `a port, "host:port", a list of them, or false`;

const listenEntry = z.union([z.number(), z.string()], { error: LISTEN_FORM });

const listen = z
  .union([listenEntry, z.array(listenEntry), z.literal(false)], { error: LISTEN_FORM })
  .transform((input, context) => {
    const addresses: ListenAddress[] = [];
    for (const [index, entry] of (input === false ? [] : [input].flat()).entries()) {
      const address = readListenAddress(entry);
      if (typeof address !== "string") addresses.push(address);
      else refuse(context, address, Array.isArray(input) ? [index] : []);
    }
    return addresses;
  })
  .meta({ form: LISTEN_FORM });

/** What can be listened on, in the order in which clashes are looked for. */
const LISTENERS = ["c2s", "c2sTls", "component", "http", "https"] as const;

/** An http(s) address without query, in its canonical form and without slashes at its end. */
const webUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    return refuse(
      context,
      `"${text}" is no web address; write for example https://chat.example.org`,
    );
  }
  return url.href.replace(/\/+$/, "");
});

/** RFC 6454 §6.2, or "*". */
const origin = z.string().transform((text, context) => {
  if (text === "*") return text;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
    return url.origin;
  }
  return refuse(context, `"${text}" is no origin; write for example https://chat.example.org`);
});

const network = z.string().transform((text, context) => {
  if (isNetwork(text)) return text;
  return refuse(context, `"${text}" is no address; write for example 127.0.0.1 or 10.0.0.0/8`);
});

const storage = z.enum(["memory", "sqlite"], {
  error: ({ input }) =>
    // not quoted: such an address may hold a password
    typeof input === "string" && /^postgres(ql)?:/i.test(input)
      ? `the driver for PostgreSQL is not there yet; use "sqlite"`
      : undefined,
});

const moduleOptions = z.union([z.boolean(), z.record(z.string(), z.unknown())], {
  error: "options, true, or false to leave the module out",
});

const modules = z
  .record(z.string(), moduleOptions)
  .transform((entries, context): ReadonlyMap<string, ModuleOptions | false> => {
    const named = new Map<string, ModuleOptions | false>();
    for (const [name, options] of Object.entries(entries)) {
      if (!/^(?:\.{0,2}\/.+|[a-z][a-z0-9-]*)$/.test(name)) {
        refuse(context, `"${name}" is neither the name of a module nor a path such as ./my.ts`, [
          name,
        ]);
      }
      named.set(name, options === true ? {} : options);
    }
    return named;
  })
  .meta({ form: "module name or path → its options, true or false" });

const component = z.strictObject({
  secret: z
    .string()
    .min(8, { error: "a secret has 8 characters at least", abort: true })
    .describe("What the component proves that it knows."),
});

const components = z
  .record(z.string(), component)
  .transform((entries, context): ReadonlyMap<string, ComponentConfig> => {
    const named = new Map<string, ComponentConfig>();
    for (const [text, config] of Object.entries(entries)) {
      const jid = readJid(text, context);
      if (jid === undefined) continue;
      if (jid.local !== "" || !jid.isBare)
        refuse(context, `"${text}" is not a domain name`, [text]);
      else if (named.has(jid.domain)) refuse(context, `"${jid.domain}" is named twice`, [text]);
      else named.set(jid.domain, config);
    }
    return named;
  })
  .meta({ form: "domain → { secret }" });

const limits = z.strictObject(
  Object.fromEntries(
    Object.entries(LIMITS).map(([name, definition]) => [name, limit(definition)]),
  ) as { [name in LimitName]: Limit },
);

/** Reads a {@link ConfigInput}: unknown keys are errors, what is left out gets its default. */
export const configSchema: z.ZodType<Config, ConfigInput> = z
  .strictObject({
    domains: z
      .array(domain)
      .min(1, { error: "at least one domain is needed" })
      .prefault([{ name: "localhost" }])
      .describe("The domains served here; the first is the main one."),
    data: path
      .prefault("./data")
      .describe(
        "Folder for everything the server keeps, readable by its user only. The environment variable ROOKERY_DATA overrides it.",
      ),
    storage: storage
      .prefault("sqlite")
      .describe("Where accounts and messages are kept; memory forgets them when the server stops."),
    listen: z
      .strictObject({
        c2s: listen.prefault(5222).describe("Clients, with STARTTLS (RFC 6120 §5)."),
        c2sTls: listen.prefault(5223).describe("Clients, with TLS from the first byte (XEP-0368)."),
        component: listen
          .prefault(false)
          .describe(
            "External components (XEP-0114). The connection is not encrypted: name an address that only they reach, such as 127.0.0.1:5347.",
          ),
        http: listen
          .prefault(5280)
          .describe(
            "Web in the clear (WebSocket, BOSH, web chat). Passwords are taken there from this machine, and from trusted proxies that say TLS was used.",
          ),
        https: listen
          .prefault(5443)
          .describe("Web with TLS, with the certificates of the domains."),
      })
      .prefault({})
      .describe("Where connections are accepted. Port 0 takes any free port."),
    web: z
      .strictObject({
        url: webUrl
          .optional()
          .describe(
            "Where clients reach the web of this server from outside, such as https://chat.example.org. Left out: the domain, with the port of listen.https.",
          ),
        origins: z
          .array(origin)
          .prefault([])
          .describe(
            'Origins of which pages may connect, such as https://chat.example.net, beside the server\'s own; "*" stands for all.',
          ),
      })
      .prefault({})
      .describe("How the web of the server is reached."),
    proxies: z
      .strictObject({
        trusted: z
          .array(network)
          .prefault([])
          .describe(
            "Addresses and networks of your own reverse proxies, such as 127.0.0.1 or 10.0.0.0/8. They are believed about who their clients are (Forwarded, X-Forwarded-For, PROXY protocol); nobody else is.",
          ),
        protocol: z
          .array(z.enum(LISTENERS))
          .prefault([])
          .describe(
            "Listeners on which trusted proxies begin each connection with the PROXY protocol, such as c2s. There they must; others never do.",
          ),
      })
      .prefault({})
      .describe("Reverse proxies and load balancers in front of the server."),
    tls: z
      .strictObject({
        maxVersion: z
          .enum(["TLSv1.2", "TLSv1.3"])
          .prefault("TLSv1.3")
          .describe(
            "The newest version of TLS that is spoken. TLSv1.2 is for tests of old clients.",
          ),
      })
      .prefault({})
      .describe("How connections are encrypted. Nothing older than TLS 1.2 is spoken (RFC 9325)."),
    auth: z
      .strictObject({
        requireTls: z.boolean().prefault(true).describe("Clients must use TLS before they log in."),
        plainWithoutTls: z
          .boolean()
          .prefault(false)
          .describe(
            "Clients may send their password in the clear, without TLS: only for tests, and only with requireTls: false.",
          ),
        channelBinding: z
          .union([z.literal("auto"), z.boolean()], { error: "auto, true or false" })
          .prefault("auto")
          .describe(
            "Offer SCRAM bound to the TLS connection (-PLUS, RFC 5802 §6). auto: to all, but on TLS 1.3 only by SASL2 (XEP-0388), since clients that know nothing newer than SASL, slixmpp 1.8 among them, try a binding there that TLS 1.3 does not have, and could not log in. true: by SASL on TLS 1.3 too. false: never.",
          )
          .meta({ form: "auto, true or false" }),
        resourceConflict: z
          .enum(["replace", "rename", "refuse"])
          .prefault("replace")
          .describe(
            "When a client asks for a resource that is connected: replace the older client, rename the new one's resource, or refuse the new one (RFC 6120 §7.7.2.2).",
          ),
        accounts: accountsKind
          .prefault("internal")
          .describe(
            "Where accounts come from: internal (this server keeps them), ldap (a directory) or http (a program of yours). Of those from elsewhere the server never has a password.",
          ),
        ...accountsShape,
        reserved: z
          .array(localpart)
          .prefault([...RESERVED_NAMES])
          .describe("User names that only administrators may make accounts of."),
      })
      .prefault({})
      .describe("How clients log in."),
    registration: z
      .enum(["open", "invite", "closed"])
      .prefault("invite")
      .describe(
        "Who may make an account on the domains served here: anyone, those who have an invitation, or administrators alone.",
      ),
    components: components
      .prefault({})
      .describe(
        "External components by the domain they speak for, each with its secret (XEP-0114).",
      ),
    limits: limits.prefault({}).describe("Bounds on what clients may ask of the server."),
    modules: modules
      .prefault({})
      .describe("Options of modules; those that are not named run with their defaults."),
    admins: z.array(account).prefault([]).describe("Accounts that may administer the server."),
    log: z
      .strictObject({
        level: z
          .enum(["debug", "info", "warn", "error"])
          .prefault("info")
          .describe("The least important lines that are written."),
      })
      .prefault({})
      .describe("What the server says about its work."),
  })
  .superRefine(crossCheck);

/** What no single value shows. */
function crossCheck(config: Config, context: Context): void {
  const names = new Set<string>();
  for (const [index, { name }] of config.domains.entries()) {
    if (names.has(name)) refuse(context, `the domain ${name} is named twice`, ["domains", index]);
    names.add(name);
  }
  for (const { path, text } of brokenAccounts(config.auth)) {
    refuse(context, text, ["auth", ...path]);
  }
  for (const [index, { auth: own }] of config.domains.entries()) {
    if (own === undefined) continue;
    for (const { path, text } of brokenAccounts(accountsOf(config.auth, own))) {
      refuse(context, text, ["domains", index, "auth", ...path]);
    }
  }
  for (const [index, admin] of config.admins.entries()) {
    if (names.has(admin.domain)) continue;
    const served = [...names].join(", ");
    refuse(context, `${admin.toString()} is on no domain served here (${served})`, [
      "admins",
      index,
    ]);
  }
  for (const domain of config.components.keys()) {
    if (!names.has(domain)) continue;
    refuse(context, `${domain} is served here, so no component can speak for it`, [
      "components",
      domain,
    ]);
  }
  if (config.auth.plainWithoutTls && config.auth.requireTls) {
    refuse(context, "auth.plainWithoutTls has no effect unless auth.requireTls is false", [
      "auth",
      "plainWithoutTls",
    ]);
  }
  if (config.proxies.protocol.length > 0 && config.proxies.trusted.length === 0) {
    refuse(context, "proxies.protocol has no effect unless proxies.trusted names the proxies", [
      "proxies",
      "protocol",
    ]);
  }
  const taken = new Map<string, string>();
  for (const name of LISTENERS) {
    for (const address of config.listen[name]) {
      if (address.port === 0) continue;
      const text = writeListenAddress(address);
      const other = taken.get(text);
      if (other !== undefined) {
        refuse(context, `${text} is already taken by listen.${other}`, ["listen", name]);
      }
      taken.set(text, name);
    }
  }
}

function limit({ default: usual, unit, min, off, doc }: LimitDefinition): Limit {
  const form = off ? `a whole number from ${min}, or 0 for off` : `a whole number from ${min}`;
  const sensible = (value: number): boolean =>
    Number.isSafeInteger(value) && (value >= min || (off && value === 0));
  return z
    .number({ error: form })
    .refine(sensible, { error: form })
    .prefault(usual)
    .meta({ description: doc, unit, form });
}

function readJid(text: string, context: Context): Jid | undefined {
  try {
    return Jid.parse(text);
  } catch (error) {
    const reason = error instanceof Error && error.message !== "" ? `: ${error.message}` : "";
    refuse(context, `"${text}" is not an address${reason}`);
    return undefined;
  }
}

function refuse(context: Context, message: string, path: (string | number)[] = []): never {
  context.addIssue({ code: "custom", message, path });
  return z.NEVER;
}
