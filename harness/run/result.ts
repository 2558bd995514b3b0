/**
 * What a run comes to: one object, the same for every kind of cluster, printed by `--json` and kept as `result.json`.
 *
 * @module
 */
import { type HistoryEvent, unlessVacuous, type Validity, type Verdict, worse } from "../../checker/mod.ts";
import { historyBytes } from "./history_file.ts";
import { sha256 } from "./sha256.ts";
import { countOperations, type OperationCounts } from "./recorder.ts";
import type { Driven } from "./drive.ts";
import type { RunOutcome } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import type { RunSetup } from "./setup.ts";
import type { Target } from "./target.ts";

/** The result of a run. */
export interface RunResult {
  /** The worst of all checks. */
  readonly valid: Validity;
  /** The seed. */
  readonly seed: number;
  /** How many nodes there were at first. */
  readonly nodes: number;
  /** The nemesis as it was asked for. */
  readonly nemesis: string;
  /** What clients did. */
  readonly workload: string;
  /** How they read, where the target has a choice. */
  readonly reads?: string;
  /** The system under test, as `--target` takes it. */
  readonly target: string;
  /** How their operations ended. */
  readonly operations: OperationCounts;
  /** Each check by its name. */
  readonly checks: Readonly<Record<string, Verdict>>;
  /** How often each fault struck. */
  readonly faults: Readonly<Record<string, number>>;
  /** What happened inside, counted. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Milliseconds of the cluster's clock. */
  readonly virtual_ms: number;
  /** Milliseconds of real time, judging included. */
  readonly wall_ms: number;
  /** SHA-256 of `history.jsonl`. */
  readonly history_sha256: string;
  /** The command that does it again. */
  readonly replay: string;
}

/** What a result is made of. */
export interface ResultParts {
  /** The system that was under test. */
  readonly target: Target;
  /** What the run was. */
  readonly setup: RunSetup;
  /** The nemesis as it was asked for. */
  readonly nemesis: string;
  /** What it left behind. */
  readonly driven: Driven;
  /** The command that does it again. */
  readonly replay: string;
}

/** A result, and the history that it is of. */
export interface JudgedRun {
  /** The result. */
  readonly result: RunResult;
  /** What happened. */
  readonly events: readonly HistoryEvent[];
  /** The content of `history.jsonl`. */
  readonly history: Uint8Array;
  /** What was done, and when. */
  readonly schedule: Schedule;
}

/** Judges a run. `wallMs` is read when all is judged. */
export function judgeRun(parts: ResultParts, wallMs: () => number): JudgedRun {
  const { target, setup, driven: { outcome, workload, checks: clusterChecks, counts, time } } = parts;
  const operations = countOperations(outcome.events);
  const checks: Record<string, Verdict> = {
    ...unlessNothing(workload.judge(outcome.events), operations),
    ...clusterChecks,
    liveness: livenessOf(outcome),
    exercised: exercised(outcome, setup),
  };
  const history = historyBytes(outcome.events);
  const result = {
    valid: Object.values(checks).reduce<Validity>((valid, check) => worse(valid, check.valid), true),
    seed: setup.seed,
    nodes: setup.nodes,
    nemesis: parts.nemesis,
    workload: setup.workload,
    ...target.tells?.(setup.system),
    operations,
    checks,
    faults: Object.fromEntries([...outcome.faults].map(([name, { struck }]) => [name, struck]).sort()),
    coverage: counts,
    virtual_ms: Math.round(time / 1e6),
    target: setup.target,
    history_sha256: sha256(history),
    replay: parts.replay,
  };
  const { history_sha256, replay, ...rest } = result;
  return {
    result: { ...rest, wall_ms: wallMs(), history_sha256, replay },
    events: outcome.events,
    history,
    schedule: outcome.schedule,
  };
}

/** What a workload's judges say; where there was nothing that could be wrong, that nobody can tell. */
function unlessNothing(
  verdicts: Readonly<Record<string, Verdict>>,
  operations: OperationCounts,
): Record<string, Verdict> {
  return Object.fromEntries(
    Object.entries(verdicts).map(([name, verdict]) => {
      const { valid, reason } = unlessVacuous({ operations, ...verdict });
      return [
        name,
        valid === verdict.valid ? verdict : { ...verdict, valid, ...(reason === undefined ? {} : { reason }) },
      ];
    }),
  );
}

/** The names of the checks that found a violation. */
export function failedChecks({ checks }: Pick<RunResult, "checks">): string[] {
  return Object.entries(checks).filter(([, verdict]) => verdict.valid === false).map(([name]) => name);
}

/** A healed majority must serve again, and when all is healed every last read must be answered. */
function livenessOf({ liveness, finalReads }: RunOutcome): Verdict {
  if (liveness.valid !== true || finalReads.answered === finalReads.asked) return liveness;
  const silent = finalReads.asked - finalReads.answered;
  return { ...liveness, valid: false, reason: `all was healed, but ${silent} of the last reads were never answered` };
}

/** Nothing is reported as checked that did not happen. */
function exercised(outcome: RunOutcome, setup: RunSetup): Verdict {
  if (outcome.succeeded === 0) {
    return {
      valid: "unknown",
      reason: "no operation succeeded while the clients were at work, so nothing was checked",
    };
  }
  const struck = [...outcome.faults.values()].some((count) => count.struck > 0);
  if (setup.kinds.length > 0 && !struck) {
    return { valid: "unknown", reason: "the nemesis never struck, so nothing was survived" };
  }
  return { valid: true };
}
