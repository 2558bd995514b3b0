/**
 * Drives a run from a cluster's start to its stop: one driver for virtual time and real time.
 *
 * In virtual time the driver steps an event queue. A cluster may hold the queue while its processes compute; the
 * driver then waits in real time. In real time the runtime's timers move everything.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import { createRandom } from "../../raft/mod.ts";
import { type Clock, SECOND, type Timer } from "../../server/mod.ts";
import { createLiveClock } from "../../server/live_clock.ts";
import { drawnFaults, recordedFaults } from "../nemesis/nemesis.ts";
import { EventQueue } from "../sim/event_queue.ts";
import { finish, hashSeed, mixText } from "../sim/hash.ts";
import { Turns } from "../sim/turns.ts";
import type { Workload } from "../workloads/workload.ts";
import { drawnOperations, recordedOperations } from "./generator.ts";
import { Run, type RunOutcome } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { type RunSetup, workloadOf } from "./setup.ts";
import type { Moment } from "../moment.ts";
import type { Cluster, Target } from "./target.ts";
import { reportingViews } from "./view_moments.ts";

/** The options of a run that are not part of its setup. */
export interface DriveOptions {
  /** Replaces the schedule that the seed would give. */
  readonly schedule?: Schedule;
  /** Called with every event inside the nodes. */
  readonly record?: (moment: Moment) => void;
  /** The folder that keeps what processes write to their outputs, in files `node-1.log` and so on. */
  readonly logs?: string;
  /** Called at once with the reason if the run is ended early. */
  readonly onAbort?: (reason: string) => void;
}

/** The options of a run that gives other code its turn. */
export interface InTurns extends DriveOptions {
  /** When it is the turn of others. Default: several times a second. */
  readonly turns?: Turns;
  /** Called at each turn with the virtual time that the run has reached, in nanoseconds. */
  readonly onTurn?: (time: number) => void;
  /** Aborts the run. */
  readonly signal?: AbortSignal;
}

/** The result of a run. */
export interface Driven {
  /** The recordings of the run. */
  readonly outcome: RunOutcome;
  /** The workload, which judges it. */
  readonly workload: Workload;
  /** The verdicts of the cluster itself. */
  readonly checks: Readonly<Record<string, Verdict>>;
  /** Counters of events inside the cluster. */
  readonly counts: Readonly<Record<string, number>>;
  /** How long it took, in nanoseconds of its clock. */
  readonly time: number;
  /** How many events the virtual clock ran; 0 in real time. */
  readonly steps: number;
}

/** After this many events of a run, which take some milliseconds, the real time is checked. */
const STEPS_A_LOOK = 10_000;
/** How many nodes may join in a run whose nemesis changes the members. */
const SPARE_NODES = 4;

/** A run that has begun. */
interface Running {
  readonly run: Run;
  readonly cluster: Cluster;
  readonly isOver: () => boolean;
  /** Its result, when it is over. Throws the error if the cluster could not be started. */
  readonly end: () => Driven;
}

/** Drives a run of any target; `null` if it was aborted. */
export function drive(target: Target, setup: RunSetup, options: InTurns = {}): Promise<Driven | null> {
  return target.time(setup.system) === "virtual"
    ? driveVirtual(target, setup, options)
    : driveReal(target, setup, options);
}

/**
 * Drives a run in virtual time to its end, without giving other code a turn.
 *
 * @throws {TypeError} If the target needs real time.
 */
export function driveAtOnce(target: Target, setup: RunSetup, options: DriveOptions = {}): Driven {
  if (target.time(setup.system) !== "virtual") throw new TypeError(`The target ${target.name} needs real time`);
  const queue = new EventQueue();
  const running = begin(target, setup, queue, options);
  while (!running.isOver()) {
    if (queue.isHeld) throw new TypeError(`The target ${target.name} waits for processes`);
    step(queue);
  }
  return running.end();
}

/** Whether a run fails a check of its cluster. The run ends at the first breach, if the cluster notices it at once. */
export async function breaksCheck(
  target: Target,
  setup: RunSetup,
  check: string,
  options: InTurns,
): Promise<boolean> {
  const queue = new EventQueue();
  const running = begin(target, setup, queue, options);
  const { cluster, run } = running;
  const isBroken = (): boolean => cluster.isBroken?.() ?? false;
  await stepUntil(queue, () => running.isOver() || isBroken(), options);
  if (running.isOver()) return running.end().checks[check]?.valid === false;
  await stopped(run, queue);
  return isBroken();
}

async function driveVirtual(target: Target, setup: RunSetup, options: InTurns): Promise<Driven | null> {
  const queue = new EventQueue();
  const running = begin(target, setup, queue, options);
  await stepUntil(queue, running.isOver, options);
  if (running.isOver()) return running.end();
  await stopped(running.run, queue);
  return null;
}

/** Steps until the run is over or aborted, and gives other code its turns. */
async function stepUntil(queue: EventQueue, isOver: () => boolean, options: InTurns): Promise<void> {
  const { turns = new Turns(), onTurn, signal } = options;
  for (let steps = 1; !isOver() && signal?.aborted !== true; steps++) {
    if (queue.isHeld) await released(queue, signal);
    else step(queue);
    if (steps % STEPS_A_LOOK !== 0 || !turns.isOver) continue;
    onTurn?.(queue.now());
    await turns.pass();
  }
}

function step(queue: EventQueue): void {
  if (!queue.step()) throw new Error("The run is not over, but its event queue is empty");
}

/** Waits until no cluster holds the queue, or the run is aborted. */
function released(queue: EventQueue, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal?.removeEventListener("abort", end);
      resolve();
    };
    signal?.addEventListener("abort", end);
    queue.whenReleased(end);
  });
}

/** Gives up a run, and waits until its cluster has stopped. */
async function stopped(run: Run, queue: EventQueue): Promise<void> {
  let isStopped = false;
  run.cancel(() => isStopped = true);
  while (!isStopped) {
    if (queue.isHeld || !queue.step()) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function driveReal(target: Target, setup: RunSetup, options: InTurns): Promise<Driven | null> {
  const { signal } = options;
  const clock = new RunClock();
  return new Promise<Driven | null>((resolve, reject) => {
    const running = begin(target, setup, clock, options, () => {
      try {
        resolve(running.end());
      } catch (error) {
        reject(error);
      }
    });
    const abort = (): void => running.run.cancel(() => resolve(null));
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
  }).finally(() => clock.close());
}

function begin(
  target: Target,
  setup: RunSetup,
  clock: Clock,
  options: DriveOptions,
  onOver: () => void = () => {},
): Running {
  const { seed, nodes, kinds, concurrency, finalReads } = setup;
  const { schedule, record = null, logs, onAbort } = options;
  const random = createRandom(seed);
  const workload = workloadOf(target, setup);
  const open = (recording: DriveOptions["record"] | null): Cluster =>
    target.open(setup.system, {
      clock,
      seed,
      nodes,
      spares: kinds.some(({ kind }) => kind === "member") ? SPARE_NODES : 0,
      record: recording ?? null,
      ...(logs === undefined ? {} : { logs }),
      abort(reason) {
        onAbort?.(reason);
        run.abort(reason);
      },
    });
  const cluster = record === null ? open(null) : reportingViews(clock, record, open);
  const interval = setup.interval * SECOND;
  const pickSeed = hashSeed(seed, "pick");
  let ended: { error: Error | null; outcome: RunOutcome | null } | null = null;
  const run = new Run({
    clock,
    cluster,
    workload,
    operations: schedule !== undefined
      ? recordedOperations(schedule.operations)
      : drawnOperations(random.split("clients"), workload, setup),
    faults: schedule !== undefined
      ? recordedFaults(schedule.faults)
      : drawnFaults(random.split("nemesis"), { kinds, interval, severity: setup.severity }),
    concurrency,
    timeLimit: Math.floor(setup.timeLimit * SECOND),
    limits: target.limits(setup.system),
    finalReads,
    pick: (purpose, count) => finish(mixText(pickSeed, purpose)) % count,
  }, (error, outcome) => {
    ended = { error, outcome };
    onOver();
  });
  run.start();
  const end = (): Driven => {
    const { error, outcome } = ended!;
    if (error !== null) throw error;
    return drivenOf(outcome!, workload, cluster, clock);
  };
  return { run, cluster, isOver: () => ended !== null, end };
}

function drivenOf(outcome: RunOutcome, workload: Workload, cluster: Cluster, clock: Clock): Driven {
  const events: readonly HistoryEvent[] = outcome.events;
  return {
    outcome,
    workload,
    checks: cluster.checks(events),
    counts: cluster.counts(),
    time: clock.now(),
    steps: clock instanceof EventQueue ? clock.steps : 0,
  };
}

/** The runtime's clock for one run. Its timers end with the run. */
class RunClock implements Clock {
  readonly #clock = createLiveClock();
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#clock.now();
  }

  after(delay: number, action: () => void): Timer {
    const timer = this.#clock.after(delay, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  /** Cancels every timer, so that none keeps the process alive. */
  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
