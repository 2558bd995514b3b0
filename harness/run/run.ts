/**
 * One run: clients and a nemesis work on a cluster, and all events are recorded; then come the proof of life, the
 * healing, and the last reads.
 *
 * A run knows neither the kind of cluster nor the kind of time. It judges only liveness, which a history does not show.
 * Around it, `run_once.ts` makes one run of a target and its verdict, `drive.ts` opens the cluster and moves the clock,
 * and `result.ts` judges what was recorded.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Clock } from "../../server/mod.ts";
import type { FaultSource } from "../nemesis/nemesis.ts";
import type { Workload } from "../workloads/workload.ts";
import { Clients } from "./clients.ts";
import { type FinalReadCount, readAll } from "./final_reads.ts";
import type { OperationSource, ScheduledOperation } from "./generator.ts";
import { type LivenessParts, type LivenessVerdict, proveLife } from "./liveness.ts";
import { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";
import { type FaultCount, Strikes } from "./strikes.ts";
import type { Cluster, Limits } from "./target.ts";

/** The parts of a run. */
export interface RunParts {
  /** The cluster's clock. */
  readonly clock: Clock;
  /** The cluster under test. */
  readonly cluster: Cluster;
  /** The workload. */
  readonly workload: Workload;
  /** The source of operations. */
  readonly operations: OperationSource;
  /** The source of faults. */
  readonly faults: FaultSource;
  /** How many clients there are. */
  readonly concurrency: number;
  /** How long clients and nemesis work, in nanoseconds. */
  readonly timeLimit: number;
  /** What may be expected of the cluster. */
  readonly limits: Limits;
  /** Whether there are last reads. */
  readonly finalReads: boolean;
  /**
   * Picks one of `count` things, for example which majority is healed. The same seed and purpose give the same choice.
   */
  readonly pick: (purpose: string, count: number) => number;
}

/** The outcome of a run. */
export interface RunOutcome {
  /** The history. */
  readonly events: readonly HistoryEvent[];
  /** Whether a healed cluster served again. */
  readonly liveness: LivenessVerdict;
  /** How often each fault struck, by kind and shape: `partition:ring`. */
  readonly faults: ReadonlyMap<string, FaultCount>;
  /** The operations and faults, with their times: enough to repeat the run. */
  readonly schedule: Schedule;
  /** How many last reads there were, and how many were answered. */
  readonly finalReads: FinalReadCount;
  /** How many operations succeeded while clients and nemesis worked. */
  readonly succeeded: number;
}

const NO_READS: FinalReadCount = { asked: 0, answered: 0 };

/** A run from the cluster's start to its stop. */
export class Run {
  readonly #parts: RunParts;
  readonly #done: (error: Error | null, outcome: RunOutcome | null) => void;
  readonly #recorder: Recorder;
  readonly #clients: Clients;
  readonly #strikes: Strikes;
  readonly #asked: ScheduledOperation[] = [];
  #began = 0;
  #succeeded = 0;
  #isWorking = false;
  #isOver = false;

  /** Calls `done` with the outcome, or with an error if the cluster could not be started. */
  constructor(parts: RunParts, done: (error: Error | null, outcome: RunOutcome | null) => void) {
    const { clock, cluster, workload, faults, concurrency, timeLimit, limits } = parts;
    const recorder = this.#recorder = new Recorder(clock);
    this.#parts = parts;
    this.#done = done;
    const { requestTimeout } = limits;
    this.#clients = new Clients({ clock, cluster, workload, recorder, concurrency, requestTimeout });
    this.#strikes = new Strikes({ clock, cluster, faults, recorder, timeLimit });
  }

  /** Starts the cluster, then clients and nemesis. */
  start(): void {
    const { clock, cluster, timeLimit } = this.#parts;
    cluster.start((error) => {
      if (this.#isOver) return;
      if (error !== null) {
        this.#isOver = true;
        return cluster.stop(() => this.#done(error, null));
      }
      this.#began = clock.now();
      this.#isWorking = true;
      this.#awaitOperation();
      this.#strikes.start();
      clock.after(timeLimit, () => this.#endWork());
    });
  }

  /** Ends the run at once, without proof of life and last reads. The events so far are the outcome. */
  abort(reason: string): void {
    if (this.#isOver) return;
    this.#recorder.record({ process: "nemesis", type: "info", f: "abort", value: reason });
    this.#strikes.end();
    this.#isWorking = false;
    this.#stop({ valid: "unknown", reason: `the run was ended: ${reason}`, majority: [], ticks: 0 }, NO_READS);
  }

  /** Gives the run up without an outcome. Calls `done` when the cluster has stopped. */
  cancel(done: () => void): void {
    this.#isWorking = false;
    this.#strikes.end();
    if (this.#isOver) return done();
    this.#isOver = true;
    this.#parts.cluster.stop(done);
  }

  #awaitOperation(): void {
    const { clock, operations, timeLimit } = this.#parts;
    const at = operations.nextAt();
    if (at === null || at >= timeLimit) return;
    clock.after(Math.max(0, this.#began + at - clock.now()), () => {
      if (!this.#isWorking) return;
      this.#ask();
      this.#awaitOperation();
    });
  }

  #ask(): void {
    const { cluster, operations } = this.#parts;
    const planned = operations.take(this.#clients.isFree, cluster.nodes());
    if (planned === null) return;
    this.#asked.push(planned);
    this.#clients.perform(planned.client, planned.operation, planned.node, ({ type }) => {
      if (type === "ok") this.#succeeded++;
      operations.ended(planned, type);
    });
  }

  /** Ends operations and faults; the rest of the run examines the state of the cluster. */
  #endWork(): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    this.#strikes.end();
    const { clock, cluster, limits, pick, workload } = this.#parts;
    const note = (f: string, value: string): void => {
      this.#recorder.record({ process: "nemesis", type: "info", f, value });
    };
    const prove: LivenessParts["prove"] = (node, kind, done) => {
      this.#clients.prove(node, workload.proof(kind, this.#recorder.events), done);
    };
    proveLife({ clock, cluster, limits, pick, note, prove }, (liveness) => {
      if (this.#isOver) return;
      const everyone = cluster.nodes();
      cluster.restore(everyone, () => {
        note("heal all", `all of ${everyone.join(" ")}`);
        this.#clients.whenQuiet(() => this.#readAll(liveness));
      });
    });
  }

  #readAll(liveness: LivenessVerdict): void {
    const { clock, cluster, workload, limits: { requestTimeout }, finalReads } = this.#parts;
    if (!finalReads) return this.#stop(liveness, NO_READS);
    const clients = this.#clients, recorder = this.#recorder;
    readAll(
      { clock, cluster, workload, clients, recorder, requestTimeout, serves: liveness.valid === true },
      (count) => this.#stop(liveness, count),
    );
  }

  #stop(liveness: LivenessVerdict, finalReads: FinalReadCount): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.cluster.stop(() =>
      this.#done(null, {
        events: this.#recorder.events,
        liveness,
        faults: this.#strikes.counts,
        schedule: { operations: this.#asked, faults: this.#strikes.schedule },
        finalReads,
        succeeded: this.#succeeded,
      })
    );
  }
}
