import { existsSync } from "node:fs";
import { type Environment, type LoadedConfig, readConfig, schemasOf } from "@rookery/server";
import { webModules } from "@rookery/web";

const USUAL_FILE = "rookery.yaml";

/**
 * Reads the configuration that a command works with.
 *
 * @param file as named on the command line; without it `rookery.yaml` in the current folder is
 *   read if it is there, and otherwise everything has its default.
 * @throws ConfigError
 */
export function loadConfiguration(
  file: string | undefined,
  env: Environment,
): Promise<LoadedConfig> {
  const path = file ?? (existsSync(USUAL_FILE) ? USUAL_FILE : undefined);
  return readConfig(path, env, schemasOf(webModules));
}
