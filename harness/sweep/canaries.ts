/**
 * Runs clusters that are known to be faulty before a sweep: a judge that detects nothing would find no violation in any
 * seed.
 *
 * @module
 */
import { drive } from "../run/drive.ts";
import type { RunOptions } from "../run/options.ts";
import { judgeDriven } from "../run/run_once.ts";
import { type RunSetup, setupOf } from "../run/setup.ts";
import type { Canary, Target } from "../run/target.ts";

/** How many seeds a canary gets to be caught. */
const SEEDS = 5;

/** A faulty cluster that no check noticed. */
export class UnnoticedError extends Error {
  override name = "UnnoticedError";
}

/**
 * Runs the canaries of a target. Returns how many were caught.
 *
 * @throws {UnnoticedError} If one was not caught: then the checks cannot be trusted.
 */
export async function runCanaries(target: Target, options: RunOptions, signal: AbortSignal): Promise<number> {
  const canaries = target.canaries ?? [];
  for (const canary of canaries) {
    if (signal.aborted) return 0;
    if (await isCaught(target, options, canary)) continue;
    throw new UnnoticedError(`The checks do not notice ${canary.about}, so their verdicts on other runs prove nothing`);
  }
  return canaries.length;
}

async function isCaught(target: Target, options: RunOptions, { run, worsen, check }: Canary): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const drawn = setupOf(target, { ...options, nodes: 5, readShare: null, ...run, seed });
    const setup: RunSetup = { ...drawn, ...worsen };
    const driven = await drive(target, setup, {});
    if (driven === null) return true;
    const { result } = judgeDriven(setup, driven, { target, nemesis: "", replay: "", began: 0 });
    if (result.checks[check]?.valid === false) return true;
  }
  return false;
}
