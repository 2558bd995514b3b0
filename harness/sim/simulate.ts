/**
 * A whole run in the simulator: a pure function of its options, the seed among them.
 *
 * @module
 */
import { createRandom } from "../../raft/mod.ts";
import { MILLISECOND, SECOND } from "../clock.ts";
import { drawnOperations } from "../generator.ts";
import { drawnFaults } from "../nemesis/nemesis.ts";
import { SEVERITY } from "../nemesis/draw.ts";
import { parseNemesis } from "../nemesis/spec.ts";
import type { RunOptions } from "../options.ts";
import { type JudgedRun, judgeRun } from "../result.ts";
import { run, type RunOutcome } from "../run.ts";
import { createWorkload } from "../workloads/workloads.ts";
import type { Workload } from "../workloads/workload.ts";
import { SimCluster } from "./cluster.ts";
import { Coverage, type CoverageCounts } from "./coverage.ts";
import { EventQueue } from "./event_queue.ts";
import { finish, hashSeed, mixText } from "./hash.ts";
import { Invariants, type SafetyVerdict } from "./invariants.ts";

/** A node's clock ticks every 25 ms; with ten ticks to an election timeout, a leader is missed after 250 to 500 ms. */
const TICK = 25 * MILLISECOND;
/** A leader shows itself every 50 ms. */
const HEARTBEAT_TICKS = 2;
/** A client waits this long for an answer. */
const REQUEST_TIMEOUT = SECOND;
/** A healed majority may take this many ticks to serve again: 10 s, twenty times the longest election timeout. */
const LIVENESS_TICKS = 400;

/** What a simulated run leaves behind. */
export interface Simulated {
  readonly outcome: RunOutcome;
  readonly workload: Workload;
  /** What the invariants found. */
  readonly safety: SafetyVerdict;
  readonly coverage: CoverageCounts;
  readonly virtualTime: number;
  /** How many events the simulator went through. */
  readonly steps: number;
  /** How many messages were sent between nodes and clients. */
  readonly messages: number;
}

/** Runs a simulated cluster from its first start to its last read. */
export function simulate(options: RunOptions): Simulated {
  const { seed } = options;
  const random = createRandom(seed);
  const queue = new EventQueue();
  const coverage = new Coverage();
  const invariants = new Invariants(() => queue.now(), coverage);
  const cluster = new SimCluster({
    queue,
    seed,
    nodes: options.nodes,
    reads: options.reads,
    tickLength: TICK,
    raft: { electionTimeoutTicks: 10, heartbeatIntervalTicks: HEARTBEAT_TICKS },
    compactionBytes: Infinity,
    invariants,
  });
  const workload = createWorkload(options.workload, { keys: options.keys, skew: 1, readShare: 0.5 });
  const spec = parseNemesis(options.nemesis);
  if (spec === "swarm") throw new RangeError("not yet");
  const faults = drawnFaults(random.split("nemesis"), {
    kinds: spec,
    interval: options.nemesisInterval * SECOND,
    severity: SEVERITY,
  });
  const operations = drawnOperations(random.split("clients"), workload, {
    rate: options.rate,
    concurrency: options.concurrency,
    bursts: false,
  });
  const pickSeed = hashSeed(seed, "pick");

  let ended: { error: Error | null; outcome: RunOutcome | null } | null = null;
  run({
    clock: queue,
    cluster,
    workload,
    operations,
    faults,
    concurrency: options.concurrency,
    timeLimit: Math.floor(options.timeLimit * SECOND),
    requestTimeout: REQUEST_TIMEOUT,
    livenessTicks: LIVENESS_TICKS,
    pick: (purpose, count) => finish(mixText(pickSeed, purpose)) % count,
  }, (error, outcome) => {
    ended = { error, outcome };
  });
  while (ended === null && queue.step());
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
export function simulateAndJudge(options: RunOptions, command: string): JudgedRun {
  const began = performance.now();
  const { outcome, workload, safety, coverage, virtualTime } = simulate(options);
  return judgeRun(
    { options, outcome, workload, clusterChecks: { safety }, coverage, virtualTime, command },
    () => Math.round(performance.now() - began),
  );
}
