/**
 * Repeats and shrinks recorded runs.
 *
 * @module
 */
import { breaksCheck, drive, type Driven, type InTurns } from "../run/drive.ts";
import type { RunOptions } from "../run/options.ts";
import { failedChecks, type JudgedRun } from "../run/result.ts";
import { type RunFile, runFile } from "../run/run_file.ts";
import { type RunSetup, setupOf } from "../run/setup.ts";
import type { Moment } from "../moment.ts";
import type { Target } from "../run/target.ts";
import { judgeDriven, type Origin } from "../run/run_once.ts";
import { type Candidate, shrink } from "./shrink.ts";

/** A run that was repeated. */
export interface Replayed {
  readonly judged: JudgedRun;
  readonly driven: Driven;
  /** Every event inside the nodes, in their order. */
  readonly moments: readonly Moment[];
}

/** Repeats a recorded run; `null` if it was aborted. */
export async function replayRun(
  target: Target,
  { setup, schedule }: Candidate,
  replay: string,
  how: InTurns = {},
): Promise<Replayed | null> {
  const began = performance.now();
  const moments: Moment[] = [];
  const driven = await drive(target, setup, { ...how, schedule, record: (moment) => void moments.push(moment) });
  if (driven === null) return null;
  return { judged: judgeDriven(setup, driven, { target, nemesis: "recorded", replay, began }), driven, moments };
}

/** The result of shrinking a seed. */
export interface Shrunk {
  /** The smallest failing run, or `null` if the seed does not fail. */
  readonly file: RunFile | null;
  /** The original run. */
  readonly original: JudgedRun;
  /** How many runs were tried. */
  readonly tries: number;
  /** In real time, where runs differ: the smallest run as it failed; `null` in virtual time. */
  readonly failing: Replayed | null;
}

/** The options of shrinking a seed. */
interface ShrinkSeedOptions extends InTurns {
  /** The command of the run. */
  readonly origin: string;
  /** In real time: how often a smaller run is tried before it counts as one that does not fail; once if left out. */
  readonly triesEach?: number;
  /** Called before each try; `true` ends the shrinking. */
  readonly isOver: () => boolean;
  /** Called before each try with the best run so far, and the number of tries. */
  readonly onTry: (best: Candidate, tries: number) => void;
}

/** Shrinks the run of a seed; `null` if it was aborted. */
export async function shrinkSeed(
  target: Target,
  options: RunOptions,
  { origin, triesEach = 1, isOver, onTry, ...how }: ShrinkSeedOptions,
): Promise<Shrunk | null> {
  const told: Origin = { target, nemesis: options.nemesis, replay: origin, began: performance.now() };
  const setup = setupOf(target, options);
  const isReal = target.time(setup.system) === "real";
  const moments: Moment[] = [];
  const driven = await drive(target, setup, isReal ? { ...how, record: (moment) => void moments.push(moment) } : how);
  if (driven === null) return null;
  const original = judgeDriven(setup, driven, told);
  const failed = failedChecks(original.result)[0];
  if (failed === undefined) return { file: null, original, tries: 1, failing: null };
  if (isReal) {
    const first: Replayed = { judged: original, driven, moments };
    return await shrinkReal(target, setup, { first, failed, options: { origin, triesEach, isOver, onTry, ...how } });
  }
  // A check of the cluster may fail in the middle of a run; a history and the proof of life fail only at the end.
  const isClusters = Object.hasOwn(driven.checks, failed);
  let tries = 1;
  let smallest: Candidate = { setup, schedule: driven.outcome.schedule };
  const fails = async (candidate: Candidate): Promise<boolean> => {
    onTry(smallest, tries++);
    const { schedule } = candidate;
    if (isClusters) return await breaksCheck(target, candidate.setup, failed, { ...how, schedule });
    const again = await drive(target, candidate.setup, { ...how, schedule });
    return again !== null && failedChecks(judgeDriven(candidate.setup, again, told).result).includes(failed);
  };
  const isAborted = (): boolean => how.signal?.aborted === true;
  const best = await shrink(smallest, {
    fails,
    isOver: () => isOver() || isAborted(),
    onProgress: (candidate) => smallest = candidate,
  });
  const again = await drive(target, best.setup, { ...how, schedule: best.schedule });
  if (again === null) return null;
  const { result } = judgeDriven(best.setup, again, told);
  const expected = { valid: result.valid, failed: failedChecks(result), history_sha256: result.history_sha256 };
  const file = runFile({ origin, setup: best.setup, schedule: again.outcome.schedule, expected });
  return { file, original, tries, failing: null };
}

/**
 * Shrinks a run in real time. A second run of the same schedule differs from the first. So each smaller run is tried
 * several times, and the run that failed is kept as it was.
 */
async function shrinkReal(
  target: Target,
  setup: RunSetup,
  { first, failed, options }: { first: Replayed; failed: string; options: ShrinkSeedOptions },
): Promise<Shrunk | null> {
  const { origin, triesEach = 1, isOver, onTry, ...how } = options;
  let tries = 1;
  let smallest: Candidate = { setup, schedule: first.driven.outcome.schedule };
  let failing = first, latest = first;
  const isEnough = (): boolean => isOver() || how.signal?.aborted === true;
  const best = await shrink(smallest, {
    async fails(candidate) {
      for (let i = 0; i < triesEach && (i === 0 || !isEnough()); i++) {
        onTry(smallest, tries++);
        const again = await replayRun(target, candidate, origin, how);
        if (again === null) return false;
        latest = again;
        if (failedChecks(again.judged.result).includes(failed)) return true;
      }
      return false;
    },
    isOver: isEnough,
    onProgress(candidate) {
      smallest = candidate;
      failing = latest;
    },
  });
  const { result } = failing.judged;
  const expected = { valid: result.valid, failed: failedChecks(result), history_sha256: result.history_sha256 };
  const file = runFile({ origin, setup: best.setup, schedule: failing.driven.outcome.schedule, expected });
  return { file, original: first.judged, tries, failing };
}
