import { pathToFileURL } from "node:url";
import type { Config } from "./config/config.ts";
import type { AnyModule } from "./host.ts";
import { builtInModules } from "./modules/index.ts";

/** The modules that a configuration asks for: the built-in ones it does not leave out, then its own. */
export async function chosenModules(
  config: Config,
): Promise<readonly { readonly module: AnyModule; readonly options: unknown }[]> {
  const chosen: { module: AnyModule; options: unknown }[] = [];
  for (const module of builtInModules) {
    const options = config.modules.get(module.name);
    if (options !== false) chosen.push({ module, options: options ?? {} });
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
