/**
 * Runs the nemesis: injects a fault when it is due, heals it when its time is over, and counts.
 *
 * @module
 */
import type { Clock, Timer } from "../../server/mod.ts";
import { type Fault, faultName, sufferingOf } from "../nemesis/faults.ts";
import type { Strike } from "../nemesis/kind.ts";
import type { FaultSource, ScheduledFault } from "../nemesis/nemesis.ts";
import type { Recorder } from "./recorder.ts";
import type { Cluster } from "./target.ts";

/** The parts that the nemesis needs. */
interface StrikesOptions {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly faults: FaultSource;
  readonly recorder: Recorder;
  /** How long the nemesis works, in nanoseconds. */
  readonly timeLimit: number;
}

/** How often a kind of fault struck, and how often it found no victim. */
export interface FaultCount {
  /** How often it took effect. */
  struck: number;
  /** How often it did not. */
  missed: number;
}

/** The faults of a run. */
export class Strikes {
  readonly #options: StrikesOptions;
  /** The counts by kind and shape: `partition:ring`. */
  readonly counts: Map<string, FaultCount> = new Map();
  /** The injected faults with their times. */
  readonly schedule: ScheduledFault[] = [];
  /** Faults that have struck and wait to be healed. */
  readonly #healings = new Map<ScheduledFault, Timer>();
  #began = 0;
  #isWorking = false;

  constructor(options: StrikesOptions) {
    this.#options = options;
  }

  /** Begins at the current time. */
  start(): void {
    this.#began = this.#options.clock.now();
    this.#isWorking = true;
    this.#await();
  }

  /** Ends all strikes and healings: whatever is faulty stays faulty. */
  end(): void {
    this.#isWorking = false;
    for (const timer of this.#healings.values()) timer.cancel();
    this.#healings.clear();
  }

  #await(): void {
    const { clock, cluster, faults, timeLimit } = this.#options;
    const at = faults.nextAt();
    if (at === null || at >= timeLimit) return;
    clock.after(Math.max(0, this.#began + at - clock.now()), () => {
      if (!this.#isWorking) return;
      cluster.look((view) => {
        const planned = faults.take(view);
        if (planned !== null && this.#isWorking) this.#strike(planned);
        this.#await();
      });
    });
  }

  #strike(planned: ScheduledFault): void {
    const { clock, cluster, recorder } = this.#options;
    const { fault, lasts } = planned;
    // Even a fault that does not strike may have an effect, such as a membership change that was proposed and then
    // truncated.
    this.schedule.push(planned);
    inject(cluster, fault, ({ struck, detail }) => {
      this.#count(fault, struck);
      recorder.record({ process: "nemesis", type: "info", f: fault.kind, value: detail });
      if (!struck || lasts === null) return;
      this.#healings.set(planned, clock.after(lasts, () => this.#heal(planned)));
    });
  }

  #count(fault: Fault, struck: boolean): void {
    const name = faultName(fault);
    const count = this.counts.get(name) ?? { struck: 0, missed: 0 };
    this.counts.set(name, count);
    if (struck) count.struck++;
    else count.missed++;
  }

  #heal(planned: ScheduledFault): void {
    if (!this.#healings.delete(planned) || !this.#isWorking) return;
    const { cluster, recorder } = this.#options;
    const { fault } = planned;
    sufferingOf(cluster.suffers, fault)?.heal(fault, ({ struck, detail }) => {
      if (struck) recorder.record({ process: "nemesis", type: "info", f: `heal ${fault.kind}`, value: detail });
    });
  }
}

/** Injects a fault into a cluster. A fault that the cluster does not suffer does not strike. */
function inject(cluster: Cluster, fault: Fault, done: (strike: Strike) => void): void {
  const suffering = sufferingOf(cluster.suffers, fault);
  if (suffering === null) done({ struck: false, detail: `${fault.kind} is not supported by this cluster` });
  else suffering.inject(fault, done);
}
