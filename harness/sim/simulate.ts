/**
 * A whole run in the simulator: a pure function of its options, the seed among them.
 *
 * @module
 */
import { createRandom } from "../../raft/mod.ts";
import { SECOND } from "../../server/clock.ts";
import { drawnOperations, recordedOperations } from "../run/generator.ts";
import { drawnFaults, recordedFaults } from "../nemesis/nemesis.ts";
import { flagsOf, type RunOptions } from "../run/options.ts";
import { type JudgedRun, judgeRun } from "../run/result.ts";
import { run, type RunOutcome } from "../run/run.ts";
import type { Schedule } from "../run/schedule.ts";
import { type RunSetup, setupOf } from "../run/setup.ts";
import { createWorkload } from "../workloads/workloads.ts";
import type { Workload } from "../workloads/workload.ts";
import { SimCluster } from "./cluster.ts";
import { Coverage, type CoverageCounts } from "./coverage.ts";
import { EventQueue } from "./event_queue.ts";
import { finish, hashSeed, mixText } from "./hash.ts";
import { Invariants } from "./invariants/invariants.ts";
import type { SafetyVerdict } from "./invariants/world.ts";
import type { Trace } from "./trace.ts";
import type { Turns } from "./turns.ts";

/** A client waits this long for an answer. */
const REQUEST_TIMEOUT = SECOND;
/** A healed majority may take this many ticks to serve again: twenty times the longest election timeout. */
const LIVENESS_TICKS = 400;

/** What a simulated run leaves behind. */
export interface Simulated {
  /** What the run recorded. */
  readonly outcome: RunOutcome;
  /** The clients, who know how to judge it. */
  readonly workload: Workload;
  /** What the invariants found. */
  readonly safety: SafetyVerdict;
  /** What happened inside, counted. */
  readonly coverage: CoverageCounts;
  /** How long it took, in virtual nanoseconds. */
  readonly virtualTime: number;
  /** How many events the simulator went through. */
  readonly steps: number;
  /** How many messages were sent between nodes and clients. */
  readonly messages: number;
}

/** How a run is to be made beside what is in its setup. */
export interface SimulateOptions {
  /** Takes the place of what the seed would draw. */
  readonly schedule?: Schedule;
  /** Hears every event inside the nodes. */
  readonly trace?: Trace;
}

/** A run that has begun. */
interface Running {
  readonly queue: EventQueue;
  readonly invariants: Invariants;
  readonly isOver: () => boolean;
  /** What it has left behind when it is over. */
  readonly end: () => Simulated;
}

/** Runs a simulated cluster from its first start to its last read. */
export function simulate(setup: RunSetup, options: SimulateOptions = {}): Simulated {
  const { queue, isOver, end } = begin(setup, options);
  while (!isOver() && queue.step());
  return end();
}

/** Whether a run breaks an invariant; it is left at the first breach. */
export function breaksInvariant(setup: RunSetup, options: SimulateOptions = {}): boolean {
  const { queue, invariants, isOver, end } = begin(setup, options);
  while (!isOver() && !invariants.isBroken && queue.step());
  return invariants.isBroken || end().safety.valid === false;
}

function begin(setup: RunSetup, { schedule, trace }: SimulateOptions): Running {
  const { seed } = setup;
  const { tickLength, alignedTicks, compactionBytes, snapshotStepBytes, ...others } = setup.cluster;
  const { forwardTimeoutTicks, hasFront, maxSessions, ...raft } = others;
  const random = createRandom(seed);
  const queue = new EventQueue();
  const coverage = new Coverage();
  const invariants = new Invariants(() => queue.now(), coverage, raft);
  const cluster = new SimCluster({
    queue,
    seed,
    nodes: setup.nodes,
    reads: setup.reads,
    tickLength,
    alignedTicks,
    raft,
    compactionBytes,
    snapshotStepBytes,
    forwardTimeoutTicks,
    hasFront,
    maxSessions,
    invariants,
    ...(trace === undefined ? {} : { trace }),
  });
  const workload = createWorkload(setup.workload, setup.workloadOptions);
  const faults = schedule !== undefined ? recordedFaults(schedule.faults) : drawnFaults(random.split("nemesis"), {
    kinds: setup.kinds,
    interval: setup.interval * SECOND,
    severity: setup.severity,
  });
  const operations = schedule !== undefined
    ? recordedOperations(schedule.operations)
    : drawnOperations(random.split("clients"), workload, setup);
  const pickSeed = hashSeed(seed, "pick");

  let ended: { error: Error | null; outcome: RunOutcome | null } | null = null;
  run({
    clock: queue,
    cluster,
    workload,
    operations,
    faults,
    concurrency: setup.concurrency,
    timeLimit: Math.floor(setup.timeLimit * SECOND),
    requestTimeout: REQUEST_TIMEOUT,
    livenessTicks: LIVENESS_TICKS,
    isolatesOthers: !raft.checkQuorum || !raft.preVote,
    finalReads: setup.finalReads,
    pick: (purpose, count) => finish(mixText(pickSeed, purpose)) % count,
  }, (error, outcome) => {
    ended = { error, outcome };
  });
  const end = (): Simulated => {
    const { error, outcome } = ended as unknown as { error: Error | null; outcome: RunOutcome };
    if (error !== null) throw error;
    compareStates(cluster, invariants);
    return {
      outcome,
      workload,
      safety: invariants.verdict(),
      coverage: coverage.counts(),
      virtualTime: queue.now(),
      steps: queue.steps,
      messages: cluster.network.counts.sent,
    };
  };
  return { queue, invariants, isOver: () => ended !== null, end };
}

/** Replicas that have applied the same prefix of the log must hold the same state. */
function compareStates(cluster: SimCluster, invariants: Invariants): void {
  const states = new Map<number, { id: number; state: Uint8Array }>();
  for (const { id, replica } of cluster.members.values()) {
    if (replica === null) continue;
    const { appliedIndex } = replica.node;
    const state = replica.machine.snapshot();
    const other = states.get(appliedIndex);
    if (other === undefined) states.set(appliedIndex, { id, state });
    else if (other.state.length !== state.length || other.state.some((byte, i) => byte !== state[i])) {
      invariants.broken(
        `state machine safety: nodes ${other.id} and ${id} have applied up to ${appliedIndex} and hold different states`,
      );
    }
  }
}

/** One simulated run and its verdict; `command` is how this program is started, for the command that runs it again. */
export function simulateAndJudge(options: RunOptions, command: string, trace?: Trace): JudgedRun {
  const began = performance.now();
  const setup = setupOf(options);
  const simulated = simulate(setup, trace === undefined ? {} : { trace });
  return judgeSimulated(setup, simulated, options.nemesis, `${command} ${flagsOf(options)}`, began);
}

/** The clock is looked at after so many events of a run: some milliseconds. */
const STEPS_A_LOOK = 10_000;

/** What a run that others have a turn beside is to do. */
export interface InTurns {
  /** When it is their turn. */
  readonly turns: Turns;
  /** Hears at each turn how far the run has come, in virtual nanoseconds. */
  readonly onTurn?: (virtualTime: number) => void;
  /** Ends the run in its middle. */
  readonly signal?: AbortSignal;
  /** Hears every event inside the nodes. */
  readonly trace?: Trace;
}

/** As `simulateAndJudge`, but others have their turns meanwhile; `null` if it was aborted in one of them. */
export async function simulateAndJudgeInTurns(
  options: RunOptions,
  command: string,
  { turns, onTurn, signal, trace }: InTurns,
): Promise<JudgedRun | null> {
  const began = performance.now();
  const setup = setupOf(options);
  const { queue, isOver, end } = begin(setup, trace === undefined ? {} : { trace });
  for (let steps = 1; !isOver() && queue.step(); steps++) {
    if (steps % STEPS_A_LOOK !== 0 || !turns.isOver) continue;
    onTurn?.(queue.now());
    await turns.pass();
    if (signal?.aborted) return null;
  }
  return judgeSimulated(setup, end(), options.nemesis, `${command} ${flagsOf(options)}`, began);
}

/** The verdict on a simulated run that began at `began` of real time. */
export function judgeSimulated(
  setup: RunSetup,
  simulated: Simulated,
  nemesis: string,
  replay: string,
  began: number,
): JudgedRun {
  const { outcome, workload, safety, coverage, virtualTime } = simulated;
  return judgeRun(
    { setup, nemesis, outcome, workload, clusterChecks: { safety }, coverage, virtualTime, replay },
    () => Math.round(performance.now() - began),
  );
}
