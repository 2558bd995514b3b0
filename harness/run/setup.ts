/**
 * What a run is in every detail: what its options leave open is set here, by custom or, in a swarm, drawn from the seed.
 *
 * A swarm (Groce and others, "Swarm Testing", 2012) finds more than a run with every fault at once: faults that are left out let others go further.
 *
 * @module
 */
import { createRandom, type Random } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/clock.ts";
import { FAULT_KINDS } from "../nemesis/faults.ts";
import { SEVERITY, type Severity } from "../nemesis/kind.ts";
import { type FaultSpec, parseNemesis } from "../nemesis/spec.ts";
import { DEFAULT_NODES, type RunOptions } from "./options.ts";
import type { ReadMode } from "../../server/replica/client.ts";
import type { WorkloadOptions } from "../workloads/workload.ts";
import { ALL_WORKLOADS, WORKLOAD_NAMES } from "../workloads/workloads.ts";

/** A run in every detail. It can be written as JSON. */
export interface RunSetup {
  /** The seed of what is drawn while it runs. */
  readonly seed: number;
  /** How many nodes there are at first. */
  readonly nodes: number;
  /** How many clients there are. */
  readonly concurrency: number;
  /** Seconds for which clients and nemesis are at work. */
  readonly timeLimit: number;
  /** The workload's name. */
  readonly workload: string;
  /** How it draws its operations. */
  readonly workloadOptions: WorkloadOptions;
  /** Operations a second, of all clients together. */
  readonly rate: number;
  /** Whether operations come in waves. */
  readonly bursts: boolean;
  /** How reads are done. */
  readonly reads: ReadMode;
  /** The faults that the nemesis draws from. */
  readonly kinds: readonly FaultSpec[];
  /** Seconds from one fault to the next. */
  readonly interval: number;
  /** How hard they strike. */
  readonly severity: Severity;
  /** How the nodes are set. */
  readonly cluster: ClusterSetup;
  /** Whether everything is read a last time; without it a run is shorter, and proves less. */
  readonly finalReads: boolean;
}

/** How the nodes of a simulated cluster are set. */
export interface ClusterSetup {
  /** A node's clock ticks this often, in nanoseconds. */
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants, as on machines whose clocks are set alike. */
  readonly alignedTicks: boolean;
  /** The core's option of that name. */
  readonly electionTimeoutTicks: number;
  /** The core's option of that name. */
  readonly heartbeatIntervalTicks: number;
  /** The core's option of that name. */
  readonly preVote: boolean;
  /** The core's option of that name. Without it a leader that is heard, but hears nobody, leads on. */
  readonly checkQuorum: boolean;
  /** A node compacts its log after this many bytes of commands. */
  readonly compactionBytes: number;
  /** A store writes this many bytes of its snapshot in one step, at least. */
  readonly snapshotStepBytes: number;
  /** Entries that are kept behind a snapshot. */
  readonly keepEntries: number;
  /** The core's option of that name. */
  readonly snapshotChunkBytes: number;
  /** The core's option of that name. */
  readonly maxAppendBytes: number;
  /** The core's option of that name. */
  readonly maxInflightAppends: number;
  /** The core's option of that name. */
  readonly maxInflightBytes: number;
  /** The core's option of that name. */
  readonly maxUncommittedBytes: number;
  /** The core's option of that name. */
  readonly maxPendingReads: number;
  /** A replica waits so many ticks for the answer to what it has forwarded. */
  readonly forwardTimeoutTicks: number;
  /** Whether each node writes for its clients under a session of its own, and tries again for them, as live nodes do. */
  readonly hasFront: boolean;
  /** How many sessions a replica remembers. */
  readonly maxSessions: number;
}

/**
 * A tick is 25 ms, and a leader shows itself every second one; with ten ticks to an election timeout it is missed after 250 to 500 ms.
 * A run is too short for compaction by itself: it comes with a fault.
 */
const CLUSTER: ClusterSetup = {
  tickLength: 25 * MILLISECOND,
  alignedTicks: false,
  electionTimeoutTicks: 10,
  heartbeatIntervalTicks: 2,
  preVote: true,
  checkQuorum: true,
  compactionBytes: 2 ** 40,
  snapshotStepBytes: 262_144,
  keepEntries: 0,
  snapshotChunkBytes: 262_144,
  maxAppendBytes: 1_048_576,
  maxInflightAppends: 256,
  maxInflightBytes: 16_777_216,
  maxUncommittedBytes: 67_108_864,
  maxPendingReads: 65_536,
  forwardTimeoutTicks: 500,
  hasFront: false,
  maxSessions: 10_000,
};

/** Linearizable without an entry in the log, as live nodes read too. */
const DEFAULT_READS: ReadMode = "index";

/** Leases hold while no clock runs more than 1.8 times as fast as another (raft/config.ts); 1.3 up and 1.3 down make 1.69. */
const LEASE_CLOCK_FACTOR = 1.3;

/** The run that options ask for. */
export function setupOf(options: RunOptions): RunSetup {
  const spec = parseNemesis(options.nemesis);
  const { seed, concurrency, timeLimit, rate, keys } = options;
  const random = createRandom(seed).split("setup");
  const workload = options.workload === ALL_WORKLOADS ? pick(random, WORKLOAD_NAMES) : options.workload;
  const known = { seed, concurrency, timeLimit, workload, finalReads: true };
  if (spec === "swarm") return { ...known, ...drawSwarm(random, options, workload) };
  const reads = options.reads ?? DEFAULT_READS;
  return {
    ...known,
    nodes: options.nodes ?? DEFAULT_NODES,
    workloadOptions: { keys, skew: 1, readShare: options.readShare ?? 0.5 },
    rate,
    bursts: false,
    reads,
    kinds: spec,
    interval: options.nemesisInterval,
    severity: severityFor(reads),
    cluster: CLUSTER,
  };
}

/** Clock faults stay within what leases are promised, where reads depend on them. */
function severityFor(reads: ReadMode): Severity {
  return reads === "lease" ? { ...SEVERITY, clockFactor: LEASE_CLOCK_FACTOR, clockWithinLease: true } : SEVERITY;
}

type Drawn = Omit<RunSetup, "seed" | "concurrency" | "timeLimit" | "workload" | "finalReads">;

/**
 * What an option may be in a swarm: often what is usual, and now and then so small, or so large, that its bound is met all the time. What is drawn of one
 * says nothing of another.
 */
function drawSwarm(random: Random, options: RunOptions, workload: string): Drawn {
  const reads = options.reads ?? pick(random, ["log", "index", "index", "lease", "lease"] as const);
  const severity = severityFor(reads);
  const electionTimeoutTicks = pick(random, ELECTION_TIMEOUTS);
  const elections = drawElections(random, severity);
  const maxAppendBytes = pick(random, [CLUSTER.maxAppendBytes, CLUSTER.maxAppendBytes, 200]);
  // Hundreds of small appends under way, of which the network reorders most, would be refused and sent again without end.
  const inflights = maxAppendBytes === CLUSTER.maxAppendBytes ? [CLUSTER.maxInflightAppends, 64, 2, 1] : [8, 2, 1];
  return {
    nodes: options.nodes ?? pick(random, [3, 3, 4, 5, 5, 5, 5, 6]),
    workloadOptions: {
      keys: pick(random, [options.keys, options.keys, 1]),
      skew: 1 + random.below(3),
      readShare: options.readShare ?? pick(random, [0.2, 0.5, 0.8, 0.97]),
    },
    rate: options.rate * pick(random, [0.25, 0.5, 1, 1, 1.5]),
    bursts: random.below(4) === 0,
    reads,
    kinds: drawKinds(random, severity, elections.checkQuorum),
    interval: options.nemesisInterval * pick(random, [0.1, 0.25, 0.5, 1, 1, 2]),
    severity: { ...severity, loss: pick(random, [0.05, 0.3, 0.6]) },
    cluster: {
      ...CLUSTER,
      ...elections,
      alignedTicks: random.below(4) === 0,
      electionTimeoutTicks,
      heartbeatIntervalTicks: 1 + random.below(3),
      compactionBytes: pick(random, [CLUSTER.compactionBytes, 20_000, 2_000, 200]),
      snapshotStepBytes: pick(random, [CLUSTER.snapshotStepBytes, 40]),
      keepEntries: pick(random, [0, 0, 3, 20]),
      snapshotChunkBytes: pick(random, [CLUSTER.snapshotChunkBytes, 1_024, 64]),
      maxAppendBytes,
      maxInflightAppends: pick(random, inflights),
      maxInflightBytes: pick(random, [CLUSTER.maxInflightBytes, CLUSTER.maxInflightBytes, 500]),
      maxUncommittedBytes: pick(random, [CLUSTER.maxUncommittedBytes, CLUSTER.maxUncommittedBytes, 2_000]),
      maxPendingReads: pick(random, [CLUSTER.maxPendingReads, CLUSTER.maxPendingReads, 8, 1]),
      forwardTimeoutTicks: pick(random, [CLUSTER.forwardTimeoutTicks, CLUSTER.forwardTimeoutTicks, 20]),
      ...drawSessions(random, workload),
    },
  };
}

/** Who keeps sessions: the clients of a workload that does, and they are never forgotten; or the nodes, which begin another when they were. */
function drawSessions(random: Random, workload: string): Pick<ClusterSetup, "hasFront" | "maxSessions"> {
  const hasFront = random.below(3) === 0 && workload !== "session";
  return { hasFront, maxSessions: hasFront ? pick(random, [CLUSTER.maxSessions, 3]) : CLUSTER.maxSessions };
}

/** Of these a lease's half leaves clocks as much room as `LEASE_CLOCK_FACTOR` takes, and more. */
const ELECTION_TIMEOUTS = [10, 10, 10, 20, 8, 5];

/**
 * How elections are held: as they are by default, without pre-votes, or as in the paper's body, without a leader's own check of its quorum too. Leases
 * need that check.
 */
function drawElections(random: Random, severity: Severity): Pick<ClusterSetup, "preVote" | "checkQuorum"> {
  switch (random.below(8)) {
    case 0:
    case 1:
      return { preVote: false, checkQuorum: true };
    case 2:
      return { preVote: false, checkQuorum: severity.clockWithinLease };
    default:
      return { preVote: true, checkQuorum: true };
  }
}

/**
 * Each kind with an even chance, and one at least that always finds somebody to strike.
 * With leases nothing is paused: who wakes up has missed ticks, which leases do not survive. Without the check of the quorum no members are changed: voters
 * that are loyal to nobody would be disturbed by whoever was removed, for as long as that one runs.
 */
function drawKinds(random: Random, severity: Severity, checkQuorum: boolean): FaultSpec[] {
  const kinds = FAULT_KINDS.filter((kind) =>
    (kind !== "pause" || !severity.clockWithinLease) && (kind !== "member" || checkQuorum)
  );
  const sure = pick(random, ["partition", "kill", "packets", "clock"] as const);
  return kinds.filter((kind) => random.below(2) === 0 || kind === sure).map((kind) => ({ kind, shape: null }));
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}
