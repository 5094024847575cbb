import {
  type Config,
  type InvitationMade,
  type Ports,
  selfMadeFiles,
  VERSION,
} from "@rookery/server";
import { addressText } from "./listening.ts";

/** What there is to say of a server that has started. */
export interface Started {
  readonly config: Config;
  /** How to name the configuration in further commands; undefined if they find it. */
  readonly configOption: string | undefined;
  readonly ports: Ports;
  /** The address of the web of the main domain; undefined if there is none. */
  readonly web: string | undefined;
  /** SHA-256 of the certificate of a domain, as `AB:CD:…`. */
  readonly fingerprint: (domain: string) => string | undefined;
  /** Some account exists. */
  readonly hasUsers: boolean;
  /** For the first account, which administers the server; undefined if there is one, or none is to be. */
  readonly firstInvitation: Pick<InvitationMade, "url" | "uri"> | undefined;
}

/** What `rookery start` prints: what is there, and what to do next. */
export function welcome(started: Started): string {
  const { config } = started;
  const names = config.domains.map(({ name }) => name);
  const paragraphs = [
    `Rookery ${VERSION} serves ${names.join(", ")}.`,
    facts(started),
    ...config.domains.flatMap(({ name, tls }) =>
      tls === undefined ? [selfMade(name, started)] : [],
    ),
    nextSteps(started),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function facts({ config, ports, web }: Started): string {
  const { c2s, c2sTls, component } = config.listen;
  const listed = (uses: typeof c2s, real: readonly number[]): string =>
    uses.map((address, i) => addressText({ ...address, port: real[i] ?? address.port })).join(", ");
  const lines = [
    c2s.length > 0 && `  Clients (STARTTLS)    ${listed(c2s, ports.c2s)}`,
    c2sTls.length > 0 && `  Clients (direct TLS)  ${listed(c2sTls, ports.c2sTls)}`,
    component.length > 0 && `  Components            ${listed(component, ports.component)}`,
    web !== undefined && `  Web                   ${web}`,
    config.storage === "memory"
      ? "  Data                  in memory: forgotten when the server stops"
      : `  Data                  ${config.data}`,
  ];
  return lines.filter((line) => line !== false).join("\n");
}

function selfMade(domain: string, { config, fingerprint }: Started): string {
  return [
    `The certificate of ${domain} is self-made: clients ask whether to trust it. It is the right one`,
    "if they show this SHA-256 fingerprint:",
    `  ${fingerprint(domain) ?? "(none)"}`,
    ...(config.storage === "memory"
      ? []
      : [`Clients that want a file: ${selfMadeFiles(config.data, domain).cert}`]),
  ].join("\n");
}

function nextSteps(started: Started): string {
  const { config, ports, hasUsers } = started;
  const [main] = config.domains;
  const domain = main?.name ?? "localhost";
  const accounts = (main?.auth ?? config.auth).accounts ?? "internal";
  const isOurs = accounts === "internal";
  const name = hasUsers || !isOurs ? "NAME" : "romeo";
  const lines = isOurs
    ? toMakeUsers(started, `${name}@${domain}`)
    : [`The users of ${domain} are those of ${ELSEWHERE[accounts]} (auth.accounts).`];
  const port = ports.c2s[0] ?? ports.c2sTls[0];
  if (port !== undefined) {
    lines.push(
      "Then connect with any XMPP client:",
      `  address ${name}@${domain}, server ${domain}, port ${port}`,
    );
  }
  return lines.join("\n");
}

const ELSEWHERE = { ldap: "its directory", http: "the program it asks by HTTP" } as const;

function toMakeUsers(started: Started, address: string): string[] {
  const { configOption, hasUsers, firstInvitation } = started;
  const option = configOption === undefined ? "" : ` -c ${configOption}`;
  return [
    ...(firstInvitation
      ? [
          "Make the first account, which administers the server, with this invitation:",
          ...(firstInvitation.url === undefined
            ? []
            : [`  ${firstInvitation.url}  (in a browser)`]),
          `  ${firstInvitation.uri}  (in a client)`,
          "Or make a user, in another terminal:",
        ]
      : [hasUsers ? "To make another user:" : "Now make a user, in another terminal:"]),
    `  npx rookery user add ${address}${option}`,
  ];
}
