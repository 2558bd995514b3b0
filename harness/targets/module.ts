/**
 * Loads a user's module: its default export, or the reason why there is none.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { TargetError } from "../run/target_error.ts";
import { placesOf } from "./error_places.ts";

/** How long a module may take to load, in milliseconds. */
const LOAD_TIMEOUT_MS = 30_000;

/**
 * The default export of the module that a flag names.
 *
 * @param flag The flag, for people: `--target`.
 * @param expected What it should be: `a target`.
 * @param timeoutMs How long its top-level `await` may take.
 * @throws {TargetError} If there is none.
 */
export async function defaultExport(
  flag: string,
  path: string,
  expected: string,
  timeoutMs: number = LOAD_TIMEOUT_MS,
): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file)) throw new TargetError(`${flag} ${path}: there is no such file`);
  let module: { readonly default?: unknown };
  try {
    module = await inTime(import(pathToFileURL(file).href), timeoutMs);
  } catch (error) {
    throw new TargetError(`${flag} ${path}: the module cannot be loaded: ${reasonOf(error, file)}`);
  }
  if (module.default !== undefined) return module.default;
  throw new TargetError(`${flag} ${path}: the module has no default export, but ${expected} was expected`);
}

/** Waits for a module; rejects if a top-level `await` in it does not end. */
async function inTime<Module>(loading: Promise<Module>, timeoutMs: number): Promise<Module> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const what = `it has not ended its top-level await within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new Error(what)), timeoutMs);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a module cannot be loaded, in one line, with the place in the user's files if the runtime tells it. */
function reasonOf(error: unknown, file: string): string {
  const { name, message } = (error ?? {}) as { readonly name?: string; readonly message?: string };
  if (typeof message !== "string") return `it threw ${inspect(error, { depth: 1, breakLength: Infinity })}`;
  const [reason = ""] = message.split("\n");
  if (/[/\\]\S+:\d+/.test(reason)) return reason;
  const places = placesOf(error);
  // An error of syntax may be in a file that the module imports.
  const isSyntax = name === "BuildMessage" || name === "SyntaxError" || /SyntaxError|strip-only/.test(reason);
  const place = places.find((each) => each.startsWith(`${file}:`)) ?? (isSyntax ? places[0] : undefined);
  return place === undefined ? reason : `${reason} (${place})`;
}
