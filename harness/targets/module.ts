/**
 * Loads a user's module: its default export, or the reason why there is none.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TargetError } from "../run/target_error.ts";

/**
 * The default export of the module that a flag names.
 *
 * @param flag The flag, for people: `--target`.
 * @param expected What it should be: `a target`.
 * @throws {TargetError} If there is none.
 */
export async function defaultExport(flag: string, path: string, expected: string): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file)) throw new TargetError(`${flag} ${path}: there is no such file`);
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    const [reason] = String((error as Error).message ?? error).split("\n");
    throw new TargetError(`${flag} ${path}: the module cannot be loaded: ${reason}`);
  }
  if (module.default !== undefined) return module.default;
  throw new TargetError(`${flag} ${path}: the module has no default export, but ${expected} was expected`);
}
