/**
 * Makes a simulated run in the browser, taking turns with the page.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Moment } from "../moment.ts";
import type { RunOptions } from "../run/options.ts";
import { runOnce } from "../run/run_once.ts";
import { sim } from "../targets/ours/sim.ts";
import type { PageData } from "../report/page/data.ts";
import { runPage } from "../report/page/page.ts";

/** The progress of a run, and its page when it is over. */
interface SimulatedRun {
  readonly page: PageData;
  /** How many times as fast as real time it ran. */
  readonly speed: number;
}

/**
 * Makes a run; `null` if it was stopped.
 *
 * @param onTurn Called several times a second with the progress, from 0 to 1.
 */
export async function simulated(
  options: RunOptions,
  signal: AbortSignal,
  onTurn: (share: number) => void,
): Promise<SimulatedRun | null> {
  const moments: Moment[] = [];
  const began = performance.now();
  const judged = await runOnce(sim, options, {
    command: "npx -y deno@2.9.6 run harness/main.ts",
    signal,
    record: (moment) => void moments.push(moment),
    onTurn: (time) => onTurn(Math.min(1, time / 1e9 / options.timeLimit)),
  });
  if (judged === null) return null;
  const { result, events, schedule } = judged;
  const speed = result.virtual_ms / Math.max(1, performance.now() - began);
  return { page: runPage({ result, events, schedule, moments }), speed };
}
