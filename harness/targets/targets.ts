/**
 * The targets by the names of `--target`; each is loaded only when it is asked for.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Target } from "../run/target.ts";
import { TargetError } from "../run/target_error.ts";

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  sim: async () => (await import("./ours/sim.ts")).sim,
  live: async () => (await import("./ours/live.ts")).live,
  etcd: async () => (await import("./etcd/etcd.ts")).etcd,
  maelstrom: async () => (await import("./maelstrom/target.ts")).maelstrom,
};

/** The names of `--target`, the default first. */
export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/**
 * The target that `--target` names: one of `TARGET_NAMES`, or the path of a module whose default export is one.
 *
 * @throws {TargetError} If there is none.
 */
export async function loadTarget(name: string): Promise<Target> {
  if (Object.hasOwn(TARGETS, name)) return await TARGETS[name]!();
  if (/[./\\]/.test(name)) return await loadModule(name);
  throw new TargetError(
    `--target takes one of ${TARGET_NAMES.join(", ")}, or the path of a module, but was given ${JSON.stringify(name)}`,
  );
}

async function loadModule(path: string): Promise<Target> {
  const file = resolve(path);
  if (!existsSync(file)) throw new TargetError(`--target ${path}: there is no such file`);
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    const [reason] = String((error as Error).message ?? error).split("\n");
    throw new TargetError(`--target ${path}: the module cannot be loaded: ${reason}`);
  }
  if (module.default === undefined) {
    throw new TargetError(`--target ${path}: the module has no default export, but a target was expected`);
  }
  const why = whyNoTarget(module.default);
  if (why === null) return module.default as Target;
  throw new TargetError(
    `--target ${path}: its default export is no target (${why}): ` +
      "what defineProcesses or defineNodes returns was expected",
  );
}

/** What a value lacks to be a target; `null` if it is one. */
function whyNoTarget(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return `it is a ${value === null ? "null" : typeof value}`;
  const target = value as Partial<Record<keyof Target, unknown>>;
  if (typeof target.name !== "string") return "it has no name";
  for (const verb of ["setup", "time", "limits", "open"] as const) {
    if (typeof target[verb] !== "function") return `it has no function ${verb}`;
  }
  if (!Array.isArray(target.faults)) return "it has no list of faults";
  if (typeof target.flags !== "object" || target.flags === null) return "it has no flags";
  const workloads = Object.entries(target.workloads ?? {});
  if (workloads.length === 0) return "it has no workloads";
  const wrong = workloads.find(([, make]) => typeof make !== "function");
  return wrong === undefined ? null : `its workload ${wrong[0]} is no function`;
}
