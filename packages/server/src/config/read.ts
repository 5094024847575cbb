import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Config } from "./config.ts";
import type { ModuleSchemas } from "./describe.ts";
import { ConfigError, type ConfigProblem } from "./problems.ts";
import { checkConfig } from "./resolve.ts";
import { type LocatedYaml, readYaml } from "./yaml.ts";

/** The variables of the environment, as `process.env`. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file it came from; undefined where all is default. */
  readonly file: string | undefined;
}

/**
 * Reads the configuration from a YAML file, strictly. Relative paths in it start from its folder.
 *
 * @param path undefined: no file, everything has its default, relative to the current folder.
 * @param env `ROOKERY_DATA` overrides `data`; if relative, it starts from the current folder.
 * @param modules as in `resolveConfig`.
 * @throws ConfigError with everything that is wrong, each with its line and column.
 */
export async function readConfig(
  path: string | undefined,
  env: Environment,
  modules?: ModuleSchemas,
): Promise<LoadedConfig> {
  const yaml = path === undefined ? undefined : readYaml(await readText(path));
  if (yaml !== undefined && yaml.problems.length > 0) throw new ConfigError(yaml.problems, path);
  const { config, problems } = checkConfig(yaml?.value ?? {}, {
    ...(path !== undefined && { base: dirname(resolve(path)) }),
    ...(modules !== undefined && { modules }),
  });
  if (config === undefined) throw new ConfigError(located(problems, yaml), path);
  const data = env["ROOKERY_DATA"];
  return {
    config: data === undefined || data === "" ? config : { ...config, data: resolve(data) },
    file: path === undefined ? undefined : resolve(path),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (error) {
    throw new ConfigError([{ path: [], text: whyUnreadable(error) }], path);
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "no permission to read the file";
    case "EISDIR":
      return "this is a folder, not a file";
    case "ERR_ENCODING_INVALID_ENCODED_DATA":
      return "the file is not UTF-8";
    default:
      return `the file can not be read (${error instanceof Error ? error.message : "unknown reason"})`;
  }
}

function located(
  problems: readonly ConfigProblem[],
  yaml: LocatedYaml | undefined,
): ConfigProblem[] {
  if (yaml === undefined) return [...problems];
  return problems
    .map((problem) => ({ ...problem, ...yaml.locate(problem.path, problem.key) }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}
