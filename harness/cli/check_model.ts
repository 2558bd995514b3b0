/**
 * Loads a user's own model from the path of its module.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyModel } from "../../checker/mod.ts";
import { isPath } from "./check_flags.ts";
import { UsageError } from "./flags.ts";

/** The model that `--model` names, if it is the path of a module. */
export async function ownModel(name: string | undefined): Promise<AnyModel | undefined> {
  return name !== undefined && isPath(name) ? await loadModel(name) : undefined;
}

/**
 * Loads a module that exports a model as its `default` or as `model`, or a function that returns one.
 *
 * @throws {UsageError} If the module cannot be loaded, or exports no model.
 */
async function loadModel(path: string): Promise<AnyModel> {
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new UsageError(`--model ${path} cannot be loaded: ${why}`);
  }
  const exported = module["default"] ?? module["model"];
  const model = typeof exported === "function" ? exported() : exported;
  const problem = problemOf(model);
  if (problem !== undefined) throw new UsageError(`--model ${path}: ${problem}`);
  return model as AnyModel;
}

/** Why a value is not a model; undefined if it is one. */
function problemOf(model: unknown): string | undefined {
  if (typeof model !== "object" || model === null) {
    return "expected the module to export a model as default or as model, or a function that returns one";
  }
  if ("kind" in model && model.kind === "register") return undefined;
  if (!("name" in model) || typeof model.name !== "string") return 'its model has no "name"';
  if (!("initial" in model)) return `its model ${model.name} has no "initial" state`;
  if (!("step" in model) || typeof model.step !== "function") return `its model ${model.name} has no function "step"`;
  return undefined;
}
