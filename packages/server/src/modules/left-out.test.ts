/**
 * For tests that are not about a module but need it, or need it to be away. Every module can be
 * deleted, and all tests of the others still pass (`npm run check:modules`).
 */
import { builtInModules } from "./index.ts";

/** As options of a test: skips it where one of these modules is not there. */
export function needing(...names: readonly string[]): { readonly skip: string | false } {
  const missing = names.filter((name) => !isThere(name));
  return { skip: missing.length > 0 && `there is no module ${missing.join(", ")}` };
}

/** As `modules` of a configuration: without these, which name only what is there. */
export function leavingOut(...names: readonly string[]): { readonly [name: string]: false } {
  return Object.fromEntries(names.filter(isThere).map((name) => [name, false]));
}

function isThere(name: string): boolean {
  return builtInModules.some((module) => module.name === name);
}
