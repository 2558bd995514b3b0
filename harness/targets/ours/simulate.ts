/**
 * Simulated runs of our server, for programs. A run is a pure function of its options, which include the seed.
 *
 * @module
 */
import type { RunOptions } from "../../run/options.ts";
import type { JudgedRun } from "../../run/result.ts";
import { runAtOnce } from "../../run/run_once.ts";
import type { Moment } from "../../moment.ts";
import { sim } from "./sim.ts";

/**
 * One simulated run and its verdict.
 *
 * @param command How this program is started; used in the command that repeats the run.
 * @param record Called with every event inside the nodes.
 * @throws {RangeError} If the simulator does not support what the options ask for.
 */
export function simulateAndJudge(
  options: RunOptions,
  command: string,
  record?: (moment: Moment) => void,
): JudgedRun {
  return runAtOnce(sim, options, command, record === undefined ? {} : { record });
}
