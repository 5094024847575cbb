import { Jid } from "@rookery/protocol";
import * as z from "zod";
import type {
  AccountsConfig,
  AccountsInput,
  AccountsKind,
  DomainAccounts,
  LdapConfig,
} from "./auth.ts";

/** A domain, prepared. */
const domainName = z.string().transform((text, context) => {
  const jid = Jid.tryParse(text);
  if (jid !== undefined && jid.local === "" && jid.isBare) return jid.domain;
  context.addIssue({ code: "custom", message: `"${text}" is not a domain name` });
  return z.NEVER;
});

const seconds = z.number().min(0);
const filePath = z.string().min(1, { error: "a path is missing" });

const backend = {
  timeoutSeconds: z
    .number()
    .min(0.1)
    .max(60)
    .prefault(5)
    .describe("How long it may take to answer; then clients are told to try again later."),
  connections: z
    .int()
    .min(1)
    .max(1000)
    .prefault(10)
    .describe(
      "Requests to it at once; ten times as many wait, and further ones are told to try later.",
    ),
  cacheSeconds: seconds
    .prefault(60)
    .describe(
      "How long it is believed that there is, or is not, an account. 0: asked for each message. Passwords are never remembered.",
    ),
  unencrypted: z
    .boolean()
    .prefault(false)
    .describe("Passwords may go to it without TLS: only where nobody else is on the way."),
} as const;

const ldap = z.strictObject({
  url: url(["ldap:", "ldaps:"], "ldaps://ldap.example.org").describe(
    "Address of the directory: ldaps://host or ldap://host.",
  ),
  startTls: z.boolean().prefault(false).describe("Begin TLS on ldap:// (RFC 4513 §3)."),
  ca: filePath
    .optional()
    .describe(
      "PEM file with the authorities that its certificate may come from. Left out: those of the system.",
    ),
  userDn: z
    .string()
    .refine((text) => text.includes("{user}"), { error: "a name of an entry with {user} in it" })
    .optional()
    .describe(
      "The entry of an account, as uid={user},ou=people,dc=example,dc=org; {domain} may stand there as well. Left out: it is searched for below base.",
    ),
  bindDn: z
    .string()
    .min(1)
    .optional()
    .describe("The entry of the service account that searches. Left out: anonymously."),
  bindPassword: z.string().min(1).optional().describe("The password of the service account."),
  base: z.string().min(1).optional().describe("The entry below which accounts are searched for."),
  attribute: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, { error: "the name of an attribute, such as uid" })
    .prefault("uid")
    .describe("The attribute that has the user name, as in sAMAccountName."),
  filter: z
    .string()
    .refine((text) => text.includes("{user}"), { error: "a filter with {user} in it" })
    .optional()
    .describe(
      "What else an entry must be, as (&(uid={user})(memberOf=cn=chat,ou=groups,dc=example,dc=org)). Left out: that the attribute is the user name.",
    ),
  ...backend,
});

const http = z.strictObject({
  url: url(["http:", "https:"], "https://accounts.example.org/check").describe(
    "Asked whether a password is right, with user, domain and password.",
  ),
  existsUrl: url(["http:", "https:"], "https://accounts.example.org/exists")
    .optional()
    .describe(
      "Asked whether there is an account, with user and domain. Left out: there is one from its first login on.",
    ),
  method: z
    .enum(["POST", "GET"])
    .prefault("POST")
    .describe(
      "How it is asked: by a form in the body, or in the query of the URL, which may end up in logs.",
    ),
  secret: z
    .string()
    .min(8, { error: "a secret has 8 characters at least" })
    .optional()
    .describe("Sent as `Authorization: Bearer …`, so that it knows who asks."),
  ...backend,
});

const bearer = z.strictObject({
  issuer: url(["http:", "https:"], "https://login.example.org").describe(
    "Who issues tokens: the `iss` in them, exactly, and where its metadata are.",
  ),
  audience: z.string().min(1).describe("Whom tokens have to be for: the `aud` in them."),
  jwks: url(["http:", "https:"], "https://login.example.org/keys")
    .optional()
    .describe("URL of the issuer's keys. Left out: its metadata tells."),
  claim: z
    .string()
    .min(1)
    .prefault("preferred_username")
    .describe(
      "The claim that has the user name, or an address at the domain; of `email` only one that is verified.",
    ),
  scope: z.string().min(1).optional().describe("What clients are told to ask the issuer for."),
  createAccounts: z
    .boolean()
    .prefault(false)
    .describe(
      "Whoever has a good token gets an account, without a password, if there is none yet.",
    ),
  clockSkewSeconds: seconds
    .max(600)
    .prefault(60)
    .describe("How far the issuer's clock may be from this one."),
  cacheSeconds: z
    .number()
    .min(1)
    .prefault(600)
    .describe(
      "How long keys of the issuer are believed. New ones are looked for when a token has one.",
    ),
  timeoutSeconds: z
    .number()
    .min(0.1)
    .max(60)
    .prefault(5)
    .describe("How long the issuer may take to answer."),
});

const certificates = z.strictObject({
  ca: filePath.describe(
    "PEM file with the authorities that may say who a client is, those between the root and the clients included.",
  ),
  email: z
    .boolean()
    .prefault(false)
    .describe(
      "An e-mail address in a certificate stands for the account of the same address, if there is no XMPP address in it.",
    ),
});

const guests = z.strictObject({
  enabled: z.boolean().describe("Whether guests may come in."),
  reach: z
    .array(domainName)
    .prefault([])
    .describe("Domains that guests reach beside this one and those below it."),
});

type Written<K extends keyof AccountsInput> = NonNullable<AccountsInput[K]>;
type Read<K extends keyof AccountsConfig> = NonNullable<AccountsConfig[K]>;

type AccountsShape = {
  readonly [K in Exclude<keyof AccountsInput, "accounts">]: z.ZodOptional<
    z.ZodType<Read<K>, Written<K>>
  >;
};

/** The options of where accounts come from: of the server, and of each domain that has its own. */
export const accountsShape: AccountsShape = {
  ldap: ldap.optional().describe("The directory, for accounts: ldap."),
  http: http.optional().describe("The program that knows passwords, for accounts: http."),
  bearer: bearer
    .optional()
    .describe("Single sign-on: clients log in with a token of this issuer too (OAUTHBEARER)."),
  certificates: certificates
    .optional()
    .describe("Clients log in with a certificate too (EXTERNAL, XEP-0178)."),
  guests: guests
    .optional()
    .describe("Guests, who have no account and leave nothing behind (ANONYMOUS, XEP-0175)."),
};

export const accountsKind: z.ZodType<AccountsKind, AccountsKind> = z.enum([
  "internal",
  "ldap",
  "http",
]);

/** `auth` of one domain: what stands there goes before that of the server. */
export const domainAuth: z.ZodType<DomainAccounts, AccountsInput> = z.strictObject({
  accounts: accountsKind.optional().describe("Where the accounts of this domain come from."),
  ...accountsShape,
});

/** A rule that no single value shows, broken. */
interface Broken {
  readonly path: readonly string[];
  readonly text: string;
}

/** What is wrong with the accounts of a domain: what is chosen and not described, or in the clear. */
export function* brokenAccounts(config: AccountsConfig): Iterable<Broken> {
  const { accounts, ldap, http, bearer } = config;
  if (accounts !== "internal" && config[accounts] === undefined) {
    yield { path: ["accounts"], text: `accounts: ${accounts} needs auth.${accounts} with a url` };
  }
  if (ldap !== undefined) yield* brokenLdap(ldap);
  if (http !== undefined) {
    const encrypted = [http.url, http.existsUrl ?? http.url].every(isSafe);
    if (!encrypted && !http.unencrypted)
      yield { path: ["http", "url"], text: inTheClear("https://") };
  }
  for (const key of ["issuer", "jwks"] as const) {
    const value = bearer?.[key];
    if (value === undefined || isSafe(value)) continue;
    const text = `"${value}" is not encrypted, so that anyone on the way could issue tokens; use https://`;
    yield { path: ["bearer", key], text };
  }
}

function* brokenLdap(ldap: LdapConfig): Iterable<Broken> {
  const encrypted = ldap.startTls || isSafe(ldap.url);
  if (!encrypted && !ldap.unencrypted) {
    yield { path: ["ldap", "url"], text: inTheClear("ldaps:// or startTls: true") };
  }
  if (ldap.startTls && ldap.url.startsWith("ldaps:")) {
    yield { path: ["ldap", "startTls"], text: "startTls is for ldap://; ldaps:// has TLS already" };
  }
  if (ldap.userDn === undefined && ldap.base === undefined) {
    const text = "either userDn or base is needed, to find the entry of an account";
    yield { path: ["ldap"], text };
  }
  if ((ldap.bindDn === undefined) !== (ldap.bindPassword === undefined)) {
    yield { path: ["ldap", "bindDn"], text: "bindDn and bindPassword go together" };
  }
}

function inTheClear(instead: string): string {
  return `passwords would go there in the clear; use ${instead}, or unencrypted: true where nobody else is on the way`;
}

/** With TLS, or to this very machine. */
function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:" || protocol === "ldaps:") return true;
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function url(protocols: readonly string[], example: string): z.ZodString {
  return z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol) && parsed.hostname !== "";
    },
    { error: `a URL such as ${example}`, abort: true },
  );
}
