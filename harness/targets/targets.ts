/**
 * The targets by their names for `--target`; each is loaded only when needed.
 *
 * @module
 */
import type { Target } from "../run/target.ts";
import { TargetError } from "../run/target_error.ts";
import { defaultExport } from "./module.ts";

/** Loads a target; `app` is the path of a state machine, for targets that take one. */
type Load = (app: string | undefined) => Promise<Target>;

const TARGETS: Readonly<Record<string, Load>> = {
  sim: async (app) => {
    const { sim, simOf } = await import("./ours/sim.ts");
    return app === undefined ? sim : simOf(await (await import("./ours/load_app.ts")).loadApp(app));
  },
  live: async (app) => {
    const { live, liveOf } = await import("./ours/live.ts");
    return app === undefined ? live : liveOf(await (await import("./ours/load_app.ts")).loadApp(app));
  },
  etcd: async () => (await import("./etcd/etcd.ts")).etcd,
  maelstrom: async () => (await import("./maelstrom/target.ts")).maelstrom,
};

/** The names of `--target`, the default first. */
export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/**
 * Loads the target that `--target` names: one of `TARGET_NAMES`, or the path of a module whose default export is a
 * target.
 *
 * @param app The value of `--app`, if given.
 * @throws {TargetError} If there is no such target.
 */
export async function loadTarget(name: string, app?: string): Promise<Target> {
  if (Object.hasOwn(TARGETS, name)) return await TARGETS[name]!(app);
  if (/[./\\]/.test(name)) return await loadModule(name);
  throw new TargetError(
    `--target takes one of ${TARGET_NAMES.join(", ")}, or the path of a module, but was given ${JSON.stringify(name)}`,
  );
}

/** The targets of this package that have a flag with this name. */
export async function targetsWithFlag(flag: string): Promise<string[]> {
  const named = await Promise.all(TARGET_NAMES.map(async (name) => [name, await TARGETS[name]!(undefined)] as const));
  return named.filter(([, { flags }]) => Object.hasOwn(flags, flag)).map(([name]) => name);
}

async function loadModule(path: string): Promise<Target> {
  const found = await defaultExport("--target", path, "a target");
  const why = whyNoTarget(found);
  if (why === null) return found as Target;
  throw new TargetError(
    `--target ${path}: its default export is not a target (${why}): ` +
      "expected the result of defineProcesses or defineNodes",
  );
}

const FLAG_TYPES: readonly unknown[] = ["boolean", "string", "strings", "integer", "number"];

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
  const flag = Object.entries(target.flags).find(([, each]) => !FLAG_TYPES.includes(each?.type));
  if (flag !== undefined) return `its flag ${flag[0]} has none of the types ${FLAG_TYPES.join(", ")}`;
  const workloads = Object.entries(target.workloads ?? {});
  if (workloads.length === 0) return "it has no workloads";
  const wrong = workloads.find(([, make]) => typeof make !== "function");
  return wrong === undefined ? null : `its workload ${wrong[0]} is no function`;
}
