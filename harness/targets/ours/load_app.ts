/**
 * Loads the state machine that `--app` names.
 *
 * @module
 */
import { TargetError } from "../../run/target_error.ts";
import { defaultExport } from "../module.ts";
import type { App } from "./app.ts";

/** The required functions of a state machine. */
const VERBS = ["apply", "isRead", "read", "snapshot", "restore"] as const;

/**
 * Loads a user's app.
 *
 * @throws {TargetError} If the module cannot be loaded, or its default export is not an app.
 */
export async function loadApp(path: string): Promise<App> {
  const found = await defaultExport("--app", path, "an app");
  const why = whyNoApp(found);
  if (why === null) return found as App;
  throw new TargetError(`--app ${path}: its default export is not an app: ${why}`);
}

/** What a value lacks to be an app; `null` if it is one. */
function whyNoApp(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return `it is a ${value === null ? "null" : typeof value}`;
  const app = value as Partial<Record<keyof App, unknown>>;
  for (const verb of ["machine", "encode"] as const) {
    if (typeof app[verb] !== "function") return `it has no function ${verb}`;
  }
  const workloads = Object.entries(app.workloads ?? {});
  if (workloads.length === 0) return "it has no workloads";
  const wrong = workloads.find(([, make]) => typeof make !== "function");
  if (wrong !== undefined) return `its workload ${wrong[0]} is no function`;
  let machine: unknown;
  try {
    machine = (app as App).machine();
  } catch (error) {
    return `its machine cannot be made: ${String((error as Error).message).split("\n")[0]}`;
  }
  const missing = VERBS.find((verb) => typeof (machine as Record<string, unknown> | null)?.[verb] !== "function");
  return missing === undefined ? null : `its machine has no function ${missing}`;
}
