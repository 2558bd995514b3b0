/**
 * The targets by the names of `--target`; each is loaded only when it is asked for.
 *
 * @module
 */
import type { Target } from "../run/target.ts";

/** Why a target cannot be had. The message is one line, for people. */
export class TargetError extends Error {
  override name = "TargetError";
}

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  sim: async () => (await import("./ours/sim.ts")).sim,
  live: async () => (await import("./ours/live.ts")).live,
  maelstrom: async () => (await import("./maelstrom/target.ts")).maelstrom,
};

/** The names of `--target`, the default first. */
export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/**
 * The target that `--target` names.
 *
 * @throws {TargetError} If there is none.
 */
export function loadTarget(name: string): Promise<Target> {
  if (Object.hasOwn(TARGETS, name)) return TARGETS[name]!();
  throw new TargetError(`--target takes one of ${TARGET_NAMES.join(", ")}, but was given ${JSON.stringify(name)}`);
}
