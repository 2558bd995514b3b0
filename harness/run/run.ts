/**
 * One run: clients and a nemesis over a cluster, everything that happens written down; then the proof of life, the healing and the last reads.
 *
 * It knows nothing of what kind of cluster it drives, nor of what time is. It judges nothing but liveness, which no history shows.
 *
 * @module
 */
import type { HistoryEvent } from "../../checker/mod.ts";
import type { Cluster } from "./cluster.ts";
import { type Clock, SECOND, type Timer } from "../../server/clock.ts";
import type { OperationSource, ScheduledOperation } from "./generator.ts";
import { type LivenessVerdict, proveLife } from "./liveness.ts";
import { faultName } from "../nemesis/faults.ts";
import type { FaultSource, ScheduledFault } from "../nemesis/nemesis.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Completion, Invocation, Workload } from "../workloads/workload.ts";

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
  /** How long a client waits for an answer, in nanoseconds. */
  readonly requestTimeout: number;
  /** How many ticks a healed majority may take to serve again. */
  readonly livenessTicks: number;
  /** Whether the others can reach a healed majority no more than it reaches them; `false` if left out. */
  readonly isolatesOthers?: boolean;
  /** Whether everything is read a last time. */
  readonly finalReads: boolean;
  /** Picks among `count` things, the same for the same seed and purpose: which majority is healed. */
  readonly pick: (purpose: string, count: number) => number;
}

/** How often a fault of a kind struck, and how often it found nothing to strike. */
export interface FaultCount {
  /** How often it took effect. */
  struck: number;
  /** How often it did not. */
  missed: number;
}

/** What a run leaves behind. */
export interface RunOutcome {
  /** The history. */
  readonly events: readonly HistoryEvent[];
  /** Whether a healed majority served again. */
  readonly liveness: LivenessVerdict;
  /** By kind and shape of fault: `partition:ring`. */
  readonly faults: ReadonlyMap<string, FaultCount>;
  /** What was done, and when: enough to do it again. */
  readonly schedule: Schedule;
  /** Whether every key was read a last time. */
  readonly finalReads: { readonly asked: number; readonly answered: number };
}

/** A client: one logical process after another, one operation at a time. */
interface Client {
  readonly slot: number;
  process: number;
  isBusy: boolean;
  sequence: number;
}

/** How long a client lets pass before it asks again under its session, in nanoseconds. */
const RETRY_AFTER = SECOND / 2;
/** How often it asks again. */
const RETRIES = 5;
/** How often a last read is tried. */
const FINAL_READ_ATTEMPTS = 20;

/** Runs to the end and hands over what happened; an error is that of a cluster that could not be started. */
export function run(parts: RunParts, done: (error: Error | null, outcome: RunOutcome | null) => void): void {
  const { clock, cluster, workload, operations, faults } = parts;
  const recorder = new Recorder(clock);
  const clients: Client[] = [];
  const faultCounts = new Map<string, FaultCount>();
  const schedule = { operations: [] as ScheduledOperation[], faults: [] as ScheduledFault[] };
  /** Faults that have struck and wait for their healing. */
  const healings = new Map<ScheduledFault, Timer>();
  let start = 0;
  let nextProcess = parts.concurrency;
  let openOperations = 0;
  let whenQuiet: (() => void) | null = null;
  let working = true;

  cluster.start((error) => {
    if (error !== null) return done(error, null);
    start = clock.now();
    for (let slot = 0; slot < parts.concurrency; slot++) {
      clients.push({ slot, process: slot, isBusy: false, sequence: 0 });
    }
    awaitOperation();
    awaitFault();
    clock.after(parts.timeLimit, endWork);
  });

  function awaitOperation(): void {
    const at = operations.nextAt();
    if (at === null || at >= parts.timeLimit) return;
    clock.after(Math.max(0, start + at - clock.now()), () => {
      if (!working) return;
      const nodes = cluster.nodes();
      const planned = operations.take((slot) => !clients[slot]!.isBusy, nodes);
      if (planned !== null) {
        const client = clients[planned.client]!;
        if (!client.isBusy && nodes.includes(planned.node)) {
          schedule.operations.push(planned);
          perform(client, planned.operation, planned.node, (completion) => {
            operations.ended(planned, completion.type);
          });
        }
      }
      awaitOperation();
    });
  }

  /** Asks, records, and waits for the answer; `then` is called when the operation has ended in the history. */
  function perform(client: Client, operation: Invocation, node: number, then: (completion: Completion) => void): void {
    client.isBusy = true;
    openOperations++;
    const process = client.process;
    const { f, key } = operation;
    record({ process, type: "invoke", f, key, value: operation.value });
    const asked = workload.request(operation);
    const request = workload.retries
      ? { operation: asked, session: { client: process, sequence: ++client.sequence } }
      : { operation: asked };
    let attempt = 0;
    /** Whether an earlier attempt may still take effect. */
    let uncertain = false;
    let ended = false;
    let timer: Timer | null = null;

    const end = (reply: ClientReply): void => {
      ended = true;
      timer?.cancel();
      const completion = workload.complete(operation, reply);
      const { type, value, error, actual } = completion;
      record({ process, type, f, key, value, error, actual });
      client.isBusy = false;
      openOperations--;
      if (type === "info") {
        client.process = nextProcess++;
        client.sequence = 0;
      }
      then(completion);
      if (openOperations === 0 && whenQuiet !== null) {
        const quiet = whenQuiet;
        whenQuiet = null;
        quiet();
      }
    };
    const attemptAt = (target: number): void => {
      const number = ++attempt;
      timer = clock.after(workload.retries ? RETRY_AFTER : parts.requestTimeout, () => {
        uncertain = true;
        if (!ended && number === attempt) again({ type: "info", error: "timeout" });
      });
      cluster.invoke(target, process, request, (reply) => {
        if (ended) return;
        if (reply.type === "ok" || (reply.type === "fail" && reply.actual !== undefined)) return end(reply);
        if (reply.type === "info") uncertain = true;
        if (number === attempt) again(reply);
      });
    };
    /** The attempt brought no answer: the next one under the same session, or the end. */
    const again = (reply: ClientReply): void => {
      timer?.cancel();
      if (!workload.retries || attempt > RETRIES) {
        return end(reply.type === "fail" && uncertain ? { type: "info", error: reply.error } : reply);
      }
      timer = clock.after(RETRY_AFTER / 4, () => {
        const nodes = cluster.nodes();
        if (nodes.length === 0) return end({ type: "info", error: "no node is left" });
        attemptAt(nodes[parts.pick(`retry ${process} ${client.sequence} ${attempt}`, nodes.length)]!);
      });
    };
    attemptAt(node);
  }

  function awaitFault(): void {
    const at = faults.nextAt();
    if (at === null || at >= parts.timeLimit) return;
    clock.after(Math.max(0, start + at - clock.now()), () => {
      if (!working) return;
      cluster.look((view) => {
        const planned = faults.take(view);
        if (planned !== null && working) strike(planned);
        awaitFault();
      });
    });
  }

  function strike(planned: ScheduledFault): void {
    const { fault } = planned;
    const name = faultName(fault);
    // Also what does not strike may leave its traces: a change of the members that was proposed, and cut off.
    schedule.faults.push(planned);
    cluster.inject(fault, ({ struck, detail }) => {
      let count = faultCounts.get(name);
      if (count === undefined) faultCounts.set(name, count = { struck: 0, missed: 0 });
      if (struck) count.struck++;
      else count.missed++;
      record({ process: "nemesis", type: "info", f: fault.kind, value: detail });
      if (!struck || planned.lasts === null) return;
      healings.set(planned, clock.after(planned.lasts, () => heal(planned)));
    });
  }

  function heal(planned: ScheduledFault): void {
    if (!healings.delete(planned) || !working) return;
    cluster.heal(planned.fault, ({ struck, detail }) => {
      if (struck) record({ process: "nemesis", type: "info", f: `heal ${planned.fault.kind}`, value: detail });
    });
  }

  /** No more operations and faults: the rest of the run is about what is left of the cluster. */
  function endWork(): void {
    working = false;
    for (const timer of healings.values()) timer.cancel();
    proveLife({
      clock,
      cluster,
      livenessTicks: parts.livenessTicks,
      isolatesOthers: parts.isolatesOthers ?? false,
      pick: parts.pick,
      note: (f, value) => record({ process: "nemesis", type: "info", f, value }),
    }, (liveness) => {
      const everyone = cluster.nodes();
      cluster.restore(everyone, () => {
        record({ process: "nemesis", type: "info", f: "heal all", value: `all of ${everyone.join(" ")}` });
        afterQuiet(() => readAll(liveness));
      });
    });
  }

  /** Waits until no operation is open. */
  function afterQuiet(action: () => void): void {
    if (openOperations === 0) action();
    else whenQuiet = action;
  }

  function readAll(liveness: LivenessVerdict): void {
    const reads = parts.finalReads ? workload.finalReads() : [];
    let answered = 0;
    const next = (i: number, attempt: number): void => {
      const nodes = cluster.nodes();
      if (i === reads.length || nodes.length === 0) {
        return cluster.stop(() =>
          done(null, {
            events: recorder.events,
            liveness,
            faults: faultCounts,
            schedule,
            finalReads: { asked: reads.length, answered },
          })
        );
      }
      const client = clients[i % clients.length]!;
      const node = nodes[(i + attempt) % nodes.length]!;
      perform(client, reads[i]!, node, (completion) => {
        if (completion.type === "ok") answered++;
        else if (attempt < FINAL_READ_ATTEMPTS) return void clock.after(RETRY_AFTER, () => next(i, attempt + 1));
        next(i + 1, 0);
      });
    };
    next(0, 0);
  }

  function record(event: Recorded): void {
    recorder.record(event);
  }
}
