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
import { type Clock, SECOND, type Timer } from "../../server/clock.ts";
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

/** How a run is to be made beside what is in its setup. */
export interface DriveOptions {
  /** Takes the place of what the seed would draw. */
  readonly schedule?: Schedule;
  /** Hears every event inside the nodes. */
  readonly record?: (moment: Moment) => void;
  /** Hears at once why a run was ended early. */
  readonly onAbort?: (reason: string) => void;
}

/** What a run that others have a turn beside is to do. */
export interface InTurns extends DriveOptions {
  /** When it is their turn; several times a second if left out. */
  readonly turns?: Turns;
  /** Hears at each turn how far the run has come, in nanoseconds of virtual time. */
  readonly onTurn?: (time: number) => void;
  /** Ends the run in its middle. */
  readonly signal?: AbortSignal;
}

/** What a run leaves behind. */
export interface Driven {
  /** What the run recorded. */
  readonly outcome: RunOutcome;
  /** The clients, who know how to judge it. */
  readonly workload: Workload;
  /** What only the cluster itself can tell. */
  readonly checks: Readonly<Record<string, Verdict>>;
  /** What happened inside, counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** How long it took, in nanoseconds of its clock. */
  readonly time: number;
  /** How many events a virtual clock went through; 0 in real time. */
  readonly steps: number;
}

/** The clock is looked at after so many events of a run: some milliseconds. */
const STEPS_A_LOOK = 10_000;
/** Nodes that may join in a run whose nemesis changes the members. */
const SPARE_NODES = 4;

/** A run that has begun. */
interface Running {
  readonly run: Run;
  readonly cluster: Cluster;
  readonly isOver: () => boolean;
  /** What it has left behind when it is over; throws the error of a cluster that could not be started. */
  readonly end: () => Driven;
}

/** Drives a run of any target; `null` if it was aborted. */
export function drive(target: Target, setup: RunSetup, options: InTurns = {}): Promise<Driven | null> {
  return target.time(setup.system) === "virtual"
    ? driveVirtual(target, setup, options)
    : driveReal(target, setup, options);
}

/**
 * Drives a run in virtual time to its end, without a turn for anybody else.
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

/** Whether a run fails a check of its cluster; it is left at the first breach, where the cluster notices that. */
export async function breaksCheck(
  target: Target,
  setup: RunSetup,
  check: string,
  options: InTurns = {},
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

/** Steps until the run is over, or aborted; others have their turns. */
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
  if (!queue.step()) throw new Error("The run stands still: it is not over, but nothing is due any more");
}

/** Waits until nobody holds the queue, or the run is aborted. */
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

/** Gives a run up, and waits until its cluster has stopped. */
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
  const { schedule, record = null, onAbort } = options;
  const random = createRandom(seed);
  const workload = workloadOf(target, setup);
  const cluster = target.open(setup.system, {
    clock,
    seed,
    nodes,
    spares: kinds.some(({ kind }) => kind === "member") ? SPARE_NODES : 0,
    record,
    abort(reason) {
      onAbort?.(reason);
      run.abort(reason);
    },
  });
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

/** The runtime's clock for one run, with whose end its timers end. */
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

  /** Cancels every timer, so that none keeps the process. */
  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
