/**
 * The result of a run: one object, the same for every kind of cluster. `--json` prints it, and `result.json` contains
 * it.
 *
 * @module
 */
import {
  type HistoryEvent,
  MisfitError,
  UnknownOperationError,
  unlessVacuous,
  type Validity,
  type Verdict,
  worse,
} from "../../checker/mod.ts";
import type { Workload } from "../workloads/workload.ts";
import { historyBytes } from "./history_file.ts";
import { sha256 } from "./sha256.ts";
import { countErrors, countOperations, type OperationCounts } from "./recorder.ts";
import type { Driven } from "./drive.ts";
import type { RunOutcome } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import type { RunSetup } from "./setup.ts";
import type { Target } from "./target.ts";

/** The result of a run. */
export interface RunResult {
  /** The worst verdict of all checks. */
  readonly valid: Validity;
  /** The seed. */
  readonly seed: number;
  /** How many nodes there were at first. */
  readonly nodes: number;
  /** The nemesis, as it was asked for. */
  readonly nemesis: string;
  /** The workload. */
  readonly workload: string;
  /** How clients read, if the target has a choice. */
  readonly reads?: string;
  /** The system under test, as given by `--target`. */
  readonly target: string;
  /** How many operations ended in each way. */
  readonly operations: OperationCounts;
  /** The most frequent errors of operations, and how often each occurred. */
  readonly errors: Readonly<Record<string, number>>;
  /** Each check by its name. */
  readonly checks: Readonly<Record<string, Verdict>>;
  /** How often each fault struck. */
  readonly faults: Readonly<Record<string, number>>;
  /** Counters of events inside the nodes. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Milliseconds of the cluster's clock. */
  readonly virtual_ms: number;
  /** Milliseconds of real time, judging included. */
  readonly wall_ms: number;
  /** SHA-256 of `history.jsonl`. */
  readonly history_sha256: string;
  /** The command that repeats the run. */
  readonly replay: string;
}

/** The parts of a result. */
export interface ResultParts {
  /** The system that was under test. */
  readonly target: Target;
  /** The setup of the run. */
  readonly setup: RunSetup;
  /** The nemesis, as it was asked for. */
  readonly nemesis: string;
  /** The result of driving it. */
  readonly driven: Driven;
  /** The command that repeats the run. */
  readonly replay: string;
}

/** A result, with its history. */
export interface JudgedRun {
  /** The result. */
  readonly result: RunResult;
  /** The events. */
  readonly events: readonly HistoryEvent[];
  /** The content of `history.jsonl`. */
  readonly history: Uint8Array;
  /** The operations and faults, with their times. */
  readonly schedule: Schedule;
}

/** Judges a run. `wallMs` is called after everything was judged. */
export function judgeRun(parts: ResultParts, wallMs: () => number): JudgedRun {
  const { target, setup, driven: { outcome, workload, checks: clusterChecks, counts, time } } = parts;
  const operations = countOperations(outcome.events);
  const checks: Record<string, Verdict> = {
    ...unknownIfVacuous(judgedBy(workload, outcome.events), operations),
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
    errors: countErrors(outcome.events),
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

/**
 * The verdicts of a workload's judges. An answer that does not fit the workload, such as a text in place of a list, is
 * no violation of what the model promises: the system or its client is at fault, and nothing can be judged.
 */
function judgedBy(workload: Workload, events: readonly HistoryEvent[]): Readonly<Record<string, Verdict>> {
  try {
    return workload.judge(events);
  } catch (error) {
    if (!(error instanceof MisfitError) && !(error instanceof UnknownOperationError)) throw error;
    const { event } = error.place;
    const { node, f } = events.find(({ index }, position) => (index ?? position) === event) ?? {};
    const where = node === undefined ? "" : `; node ${node} answered ${f} so`;
    return { [workload.name]: { valid: "unknown", reason: `${error.message}${where}` } };
  }
}

/** The verdicts of a workload's judges; `"unknown"` if nothing happened that could have been wrong. */
function unknownIfVacuous(
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

/** A healed majority must serve again, and after all is healed every last read must be answered. */
function livenessOf({ liveness, finalReads, events }: RunOutcome): Verdict {
  if (liveness.valid !== true || finalReads.answered === finalReads.asked) return liveness;
  const silent = finalReads.asked - finalReads.answered;
  const last = events.findLast(({ type, process }) => process !== "nemesis" && (type === "fail" || type === "info"));
  const said = last?.error === undefined ? "" : `; the last answer of node ${last.node}: ${last.error}`;
  return {
    ...liveness,
    valid: false,
    reason: `all faults were healed, but ${silent} of ${finalReads.asked} last reads had no answer${said}`,
  };
}

/** The verdict is `"unknown"` if the run did not exercise what it was meant to. */
function exercised(outcome: RunOutcome, setup: RunSetup): Verdict {
  if (outcome.succeeded === 0) {
    return {
      valid: "unknown",
      reason: "no operation succeeded during the run, so nothing was checked",
    };
  }
  const struck = [...outcome.faults.values()].some((count) => count.struck > 0);
  if (setup.kinds.length > 0 && !struck) {
    return { valid: "unknown", reason: "the nemesis applied no fault, so nothing was tested" };
  }
  return { valid: true };
}
