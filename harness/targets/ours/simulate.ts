/**
 * Simulated runs of our server, for programs: a whole run is a pure function of its options, the seed among them.
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
 * @param command How this program is started, for the command that makes the run again.
 * @param record Hears every event inside the nodes.
 * @throws {RangeError} If the simulator does not have what the options ask for.
 */
export function simulateAndJudge(
  options: RunOptions,
  command: string,
  record?: (moment: Moment) => void,
): JudgedRun {
  return runAtOnce(sim, options, command, record === undefined ? {} : { record });
}
