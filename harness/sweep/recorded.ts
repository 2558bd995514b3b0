/**
 * Recorded runs in the simulator: making one again, and shrinking one.
 *
 * @module
 */
import type { RunOptions } from "../run/options.ts";
import type { JudgedRun } from "../run/result.ts";
import { type RunFile, runFile } from "../run/run_file.ts";
import { setupOf } from "../run/setup.ts";
import { type Candidate, shrink } from "./shrink.ts";
import { breaksInvariant, judgeSimulated, simulate, type Simulated } from "../sim/simulate.ts";
import type { TraceLine } from "../sim/trace.ts";

/** A run that was made again. */
export interface Replayed {
  readonly judged: JudgedRun;
  readonly simulated: Simulated;
  /** Every event inside the nodes, in their order. */
  readonly trace: readonly TraceLine[];
}

/** Runs a recorded run again. */
export function replayRun(candidate: Candidate, nemesis: string, command: string): Replayed {
  const began = performance.now();
  const trace: TraceLine[] = [];
  const { setup, schedule } = candidate;
  const simulated = simulate(setup, { schedule, trace: (line) => void trace.push(line) });
  return { judged: judgeSimulated(setup, simulated, nemesis, command, began), simulated, trace };
}

/** What shrinking a seed came to. */
export interface Shrunk {
  /** The smallest failing run, or `null` if the seed does not fail. */
  readonly file: RunFile | null;
  /** The run before anything was left out. */
  readonly original: JudgedRun;
  /** How many runs were tried. */
  readonly tries: number;
}

/**
 * Shrinks the run of a seed.
 *
 * @param origin The command of the run.
 * @param isOver Asked before each try.
 * @param onTry Hears before each try the best so far, and how many runs were tried.
 */
export function shrinkSeed(
  options: RunOptions,
  origin: string,
  isOver: () => boolean,
  onTry: (best: Candidate, tries: number) => void,
): Shrunk {
  const began = performance.now();
  const setup = setupOf(options);
  const simulated = simulate(setup);
  const original = judgeSimulated(setup, simulated, options.nemesis, origin, began);
  const failed = failedChecks(original)[0];
  if (failed === undefined) return { file: null, original, tries: 1 };
  let tries = 1;
  let smallest: Candidate = { setup, schedule: simulated.outcome.schedule };
  const fails = (candidate: Candidate): boolean => {
    onTry(smallest, tries++);
    // An invariant shows in the middle of a run, a history and the proof of life only at its end.
    if (failed === "safety") return breaksInvariant(candidate.setup, { schedule: candidate.schedule });
    return failedChecks(judgeCandidate(candidate, options.nemesis, origin)).includes(failed);
  };
  const best = shrink(smallest, { fails, isOver, onProgress: (candidate) => smallest = candidate });
  const again = simulate(best.setup, { schedule: best.schedule });
  const { result } = judgeSimulated(best.setup, again, options.nemesis, origin, began);
  const file = runFile({
    origin,
    setup: best.setup,
    schedule: again.outcome.schedule,
    expected: { valid: result.valid, failed: failedChecks({ result }), history_sha256: result.history_sha256 },
  });
  return { file, original, tries };
}

function judgeCandidate({ setup, schedule }: Candidate, nemesis: string, origin: string): JudgedRun {
  return judgeSimulated(setup, simulate(setup, { schedule }), nemesis, origin, 0);
}

/** The names of the checks that found a violation. */
export function failedChecks({ result }: Pick<JudgedRun, "result">): string[] {
  return Object.entries(result.checks).filter(([, verdict]) => verdict.valid === false).map(([name]) => name);
}
