import { resolve } from "node:path";
import type { DomainAccounts } from "./auth.ts";
import type { Config, ConfigInput, DomainConfig, ModuleOptions } from "./config.ts";
import { describeConfig, type ModuleSchemas } from "./describe.ts";
import { nearest } from "./nearest.ts";
import { ConfigError, type ConfigProblem, problemsOf } from "./problems.ts";
import { configSchema } from "./schema.ts";

/** How a configuration is to be read. */
export interface ResolveOptions {
  /** The folder that relative paths start from; default: the current one. */
  readonly base?: string;
  /** The modules there are, with the schemas of their options; without it names are not checked. */
  readonly modules?: ModuleSchemas;
}

/**
 * Checks a configuration, gives defaults to what it leaves out and makes its paths absolute.
 * One that is already resolved comes back as it is.
 *
 * @throws ConfigError with everything that is wrong.
 */
export function resolveConfig(
  input: ConfigInput | Config = {},
  options: ResolveOptions = {},
): Config {
  if (isResolved(input)) return input;
  const { config, problems } = checkConfig(input, options);
  if (config === undefined) throw new ConfigError(problems);
  return config;
}

/** As {@link resolveConfig}, but takes anything and gives the problems back. */
export function checkConfig(
  input: unknown,
  { base = process.cwd(), modules }: ResolveOptions = {},
): { readonly config: Config | undefined; readonly problems: readonly ConfigProblem[] } {
  const read = configSchema.safeParse(input);
  const problems = read.success
    ? []
    : problemsOf(read.error.issues, input, [], describeConfig(modules));
  if (modules !== undefined) problems.push(...moduleProblems(input, modules));
  if (!read.success || problems.length > 0) return { config: undefined, problems };
  return { config: withAbsolutePaths(read.data, base), problems };
}

function isResolved(input: ConfigInput | Config): input is Config {
  return input.modules instanceof Map;
}

/** Looks into the options of modules even where other parts of the configuration are wrong. */
function moduleProblems(input: unknown, schemas: ModuleSchemas): ConfigProblem[] {
  const entries = group(group(input)?.["modules"]);
  return Object.entries(entries ?? {}).flatMap(([name, options]): ConfigProblem[] => {
    if (name.includes("/")) return [];
    const path = ["modules", name];
    const schema = schemas.get(name);
    if (schema === undefined) {
      const near = nearest(name, schemas.keys());
      const hint = near === undefined ? "" : `; did you mean "${near}"?`;
      return [{ path: ["modules"], key: name, text: `unknown module "${name}"${hint}` }];
    }
    if (group(options) === undefined) return [];
    const read = schema.safeParse(options);
    if (read.success) return [];
    return problemsOf(read.error.issues, options, path, describeConfig(schemas));
  });
}

function withAbsolutePaths(config: Config, base: string): Config {
  const absolute = (path: string): string => resolve(base, path);
  const domain = ({ name, tls, auth }: DomainConfig): DomainConfig => ({
    name,
    ...(tls !== undefined && { tls: { cert: absolute(tls.cert), key: absolute(tls.key) } }),
    ...(auth !== undefined && { auth: withAbsoluteCa(auth, absolute) }),
  });
  const moduleEntry = ([name, options]: [string, ModuleOptions | false]) =>
    [name.includes("/") ? absolute(name) : name, options] as const;
  return {
    ...config,
    data: absolute(config.data),
    auth: withAbsoluteCa(config.auth, absolute),
    domains: config.domains.map(domain),
    modules: new Map([...config.modules].map(moduleEntry)),
  };
}

function withAbsoluteCa<A extends DomainAccounts>(auth: A, absolute: (path: string) => string): A {
  const { ldap, certificates } = auth;
  return {
    ...auth,
    ...(ldap?.ca !== undefined && { ldap: { ...ldap, ca: absolute(ldap.ca) } }),
    ...(certificates && { certificates: { ...certificates, ca: absolute(certificates.ca) } }),
  };
}

function group(value: unknown): { readonly [key: string]: unknown } | undefined {
  const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
  return isGroup ? (value as { readonly [key: string]: unknown }) : undefined;
}
