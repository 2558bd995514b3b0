/**
 * One run: clients and a nemesis over a cluster, everything that happens written down; then the proof of life, the
 * healing and the last reads.
 *
 * It knows nothing of what kind of cluster it drives, nor of what time is. It judges nothing but liveness, which no
 * history shows.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Clock } from "../../server/clock.ts";
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

/** What a run is made of. */
export interface RunParts {
  /** The cluster's clock. */
  readonly clock: Clock;
  /** What is driven. */
  readonly cluster: Cluster;
  /** What clients do. */
  readonly workload: Workload;
  /** What clients ask, and when. */
  readonly operations: OperationSource;
  /** What the nemesis does, and when. */
  readonly faults: FaultSource;
  /** How many clients there are. */
  readonly concurrency: number;
  /** How long clients and nemesis are at work, in nanoseconds. */
  readonly timeLimit: number;
  /** What can be expected of the cluster. */
  readonly limits: Limits;
  /** Whether everything is read a last time. */
  readonly finalReads: boolean;
  /** Picks among `count` things, the same for the same seed and purpose: which majority is healed. */
  readonly pick: (purpose: string, count: number) => number;
}

/** What a run leaves behind. */
export interface RunOutcome {
  /** The history. */
  readonly events: readonly HistoryEvent[];
  /** Whether a healed cluster served again. */
  readonly liveness: LivenessVerdict;
  /** By kind and shape of fault: `partition:ring`. */
  readonly faults: ReadonlyMap<string, FaultCount>;
  /** What was done, and when: enough to do it again. */
  readonly schedule: Schedule;
  /** Whether every key was read a last time. */
  readonly finalReads: FinalReadCount;
  /** How many operations of clients succeeded while they were at work. */
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

  /** `done` hears what happened; an error is that of a cluster that could not be started. */
  constructor(parts: RunParts, done: (error: Error | null, outcome: RunOutcome | null) => void) {
    const { clock, cluster, workload, faults, concurrency, timeLimit, limits } = parts;
    const recorder = this.#recorder = new Recorder(clock);
    this.#parts = parts;
    this.#done = done;
    const { requestTimeout } = limits;
    this.#clients = new Clients({ clock, cluster, workload, recorder, concurrency, requestTimeout });
    this.#strikes = new Strikes({ clock, cluster, faults, recorder, timeLimit });
  }

  /** Starts the cluster, and then everything else. */
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

  /** Ends the run at once: no proof of life, no last reads. What happened so far is the outcome. */
  abort(reason: string): void {
    if (this.#isOver) return;
    this.#recorder.record({ process: "nemesis", type: "info", f: "abort", value: reason });
    this.#strikes.end();
    this.#isWorking = false;
    this.#stop({ valid: "unknown", reason: `the run was ended: ${reason}`, majority: [], ticks: 0 }, NO_READS);
  }

  /** Gives the run up: nobody wants its outcome. `done` hears when the cluster has stopped. */
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

  /** No more operations and faults: the rest of the run is about what is left of the cluster. */
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
