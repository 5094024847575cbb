import type { AnyModule, Host, ModuleRef } from "./host.ts";

/** A module that is set up, and how it is undone. */
interface Loaded {
  readonly module: AnyModule;
  readonly options: unknown;
  readonly offer: unknown;
  readonly scope: ModuleScope;
}

/** The host as one module sees it, with everything it registered. */
export interface ModuleScope {
  readonly host: Host;
  /** Undoes all that the module registered, latest first. */
  undo(): void;
}

/** Loads, unloads and reloads the modules of one host, while its sessions live. */
export class ModuleLoader {
  readonly #loaded: Map<string, Loaded> = new Map();
  readonly #scope: (module: AnyModule, offers: (ref: ModuleRef<unknown>) => unknown) => ModuleScope;

  /** @param scope makes the host that a module gets. */
  constructor(
    scope: (module: AnyModule, offers: (ref: ModuleRef<unknown>) => unknown) => ModuleScope,
  ) {
    this.#scope = scope;
  }

  /** Names of the loaded modules, in the order they were set up. */
  get names(): string[] {
    return [...this.#loaded.keys()];
  }

  has(name: string): boolean {
    return this.#loaded.has(name);
  }

  /** What a loaded module offers to others, or undefined if it is not loaded. */
  offer<A>(ref: ModuleRef<A>): A | undefined {
    return this.#loaded.get(ref.name)?.offer as A | undefined;
  }

  /**
   * Sets a module up.
   * @param options as the configuration has them; checked by the module's schema.
   * @throws Error if it is loaded, if a module it requires is not, or for options it does not know.
   */
  async load(module: AnyModule, options: unknown): Promise<void> {
    const { name } = module;
    if (this.#loaded.has(name)) throw new Error(`the module ${name} is loaded already`);
    for (const required of module.requires) {
      if (!this.#loaded.has(required.name)) {
        throw new Error(`the module ${name} requires ${required.name}, which is not loaded`);
      }
    }
    const read = module.options.safeParse(options);
    if (!read.success) {
      const problems = read.error.issues.map((i) => `${[name, ...i.path].join(".")}: ${i.message}`);
      throw new Error(`the options of the module ${name} are wrong: ${problems.join("; ")}`);
    }
    const scope = this.#scope(module, (ref) => this.#offerOf(module, ref));
    try {
      const offer = await module.setup(scope.host, read.data as never);
      this.#loaded.set(name, { module, options, offer, scope });
    } catch (error) {
      scope.undo();
      throw error;
    }
  }

  /** Undoes a module. @throws Error if it is not loaded, or if a loaded module requires it. */
  unload(name: string): void {
    const loaded = this.#get(name);
    const dependent = this.#dependents(name)[0];
    if (dependent) throw new Error(`${name} cannot be unloaded: ${dependent.module.name} needs it`);
    loaded.scope.undo();
    this.#loaded.delete(name);
  }

  /** Sets a module up again, and those that require it; slots on sessions keep their values. */
  async reload(name: string, options: unknown): Promise<void> {
    const again = [{ ...this.#get(name), options }, ...this.#dependents(name)];
    for (const { module } of again.toReversed()) this.unload(module.name);
    for (const { module, options } of again) await this.load(module, options);
  }

  /** Undoes everything, latest first. */
  unloadAll(): void {
    for (const name of this.names.toReversed()) this.unload(name);
  }

  #get(name: string): Loaded {
    const loaded = this.#loaded.get(name);
    if (loaded === undefined) throw new Error(`the module ${name} is not loaded`);
    return loaded;
  }

  /** The modules that need this one, directly or not, in the order they were set up. */
  #dependents(name: string): Loaded[] {
    const needed = new Set([name]);
    return [...this.#loaded.values()].filter(({ module }) => {
      const depends = module.requires.some((required) => needed.has(required.name));
      if (depends) needed.add(module.name);
      return depends;
    });
  }

  #offerOf(module: AnyModule, ref: ModuleRef<unknown>): unknown {
    if (!module.requires.some((required) => required.name === ref.name)) {
      throw new Error(`${module.name} uses ${ref.name} without listing it in \`requires\``);
    }
    return this.#get(ref.name).offer;
  }
}
