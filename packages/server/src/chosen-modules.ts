import { pathToFileURL } from "node:url";
import type { Config } from "./config/config.ts";
import type { AnyModule } from "./host.ts";
import { builtInModules } from "./modules/index.ts";

/**
 * The modules that a configuration asks for: the built-in ones it does not leave out, then those of the
 * program, then its own.
 * @param more those of the program.
 */
export async function chosenModules(
  config: Config,
  more: readonly AnyModule[] = [],
): Promise<readonly { readonly module: AnyModule; readonly options: unknown }[]> {
  const chosen: { module: AnyModule; options: unknown }[] = [];
  const leftOut = (name: string): boolean => config.modules.get(name) === false;
  // who leaves out invitations did not ask for the page that shows them
  const possible = more.filter(({ requires }) => !requires.some(({ name }) => leftOut(name)));
  for (const module of [...builtInModules, ...possible]) {
    if (leftOut(module.name)) continue;
    chosen.push({ module, options: config.modules.get(module.name) ?? {} });
  }
  for (const [name, options] of config.modules) {
    if (!name.includes("/") || options === false) continue;
    chosen.push({ module: await importModule(name), options });
  }
  return chosen;
}

/** A module of the operator's own: the default export of a file. */
async function importModule(path: string): Promise<AnyModule> {
  const { default: module } = (await import(pathToFileURL(path).href)) as {
    readonly default?: Partial<AnyModule>;
  };
  if (typeof module?.name === "string" && typeof module.setup === "function") {
    return module as AnyModule;
  }
  throw new Error(`"${path}" has no module as its default export; make one with defineModule`);
}
