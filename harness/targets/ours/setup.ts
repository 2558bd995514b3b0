/**
 * How our own server is set in one run: as usual, or in a swarm drawn from the seed.
 *
 * @module
 */
import type { Random } from "../../../raft/mod.ts";
import { MILLISECOND } from "../../../server/clock.ts";
import { READ_MODES, type ReadMode } from "../../../server/replica/client.ts";
import type { FaultKind } from "../../nemesis/faults.ts";
import { SEVERITY, type Severity } from "../../nemesis/kind.ts";
import type { FlagSpec } from "../../run/flag.ts";
import { firstMisshapen } from "../../run/shape.ts";
import type { SetupRequest } from "../../run/target.ts";

/** Our server in one run. */
export interface OursSetup {
  /** How reads are done. */
  readonly reads: ReadMode;
  /** The module of the state machine, as `--app` takes it; `null` for our store. */
  readonly app: string | null;
  /** The workload, which decides the client's language. */
  readonly workload: string;
  /** Whether clients keep sessions, and ask again under them. */
  readonly clientsHaveSessions: boolean;
  /** How the nodes are set. */
  readonly cluster: ClusterSetup;
}

/** How the nodes are set. */
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
  /** The core's option of that name. */
  readonly keepBytes: number;
  /** The core's option of that name. */
  readonly maxKeepBytes: number;
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
  readonly maxUnsyncedBytes: number;
  /** The core's option of that name. */
  readonly maxApplyBytes: number;
  /** The core's option of that name. */
  readonly maxPendingReads: number;
  /** A replica waits so many ticks for the answer to what it has forwarded. */
  readonly forwardTimeoutTicks: number;
  /** Inputs that come within so many nanoseconds are one batch; 0: each input is a batch of its own. */
  readonly batchTime: number;
  /** Longest command in bytes. */
  readonly maxCommandBytes: number;
  /** Most requests of a kind that wait at a node. */
  readonly maxWaiting: number;
  /** A node's own session tries a write again after so many ticks without an answer. */
  readonly retryTicks: number;
  /** A node gives a write up after so many ticks: a client waits for a second, which are forty. */
  readonly frontTimeoutTicks: number;
  /** How many sessions a replica remembers. */
  readonly maxSessions: number;
}

/** The flags of our server, for every command that makes runs of it. */
export const OURS_FLAGS: FlagSpec = {
  reads: {
    type: "string",
    oneOf: READ_MODES,
    about: "how reads are done: index if left out; local shows stale reads, and how they are caught",
  },
  app: { type: "string", value: "FILE", about: "a module with a state machine of yours, in place of the store" },
};

/**
 * A tick is 25 ms, and a leader shows itself every second one; with ten ticks to an election timeout it is missed
 * after 250 to 500 ms. A run is too short for compaction by itself: it comes with a fault.
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
  keepBytes: 0,
  maxKeepBytes: 67_108_864,
  snapshotChunkBytes: 262_144,
  maxAppendBytes: 1_048_576,
  maxInflightAppends: 256,
  maxInflightBytes: 16_777_216,
  maxUncommittedBytes: 67_108_864,
  maxUnsyncedBytes: 67_108_864,
  maxApplyBytes: 16_777_216,
  maxPendingReads: 65_536,
  forwardTimeoutTicks: 500,
  batchTime: MILLISECOND / 20,
  maxCommandBytes: 16_777_216,
  maxWaiting: 20_000,
  retryTicks: 10,
  frontTimeoutTicks: 40,
  maxSessions: 10_000,
};

/** Linearizable without an entry in the log, as live nodes read too. */
const DEFAULT_READS: ReadMode = "index";

/**
 * Leases hold while no clock runs more than 1.8 times as fast as another (raft/config.ts); 1.3 up and 1.3 down make
 * 1.69.
 */
const LEASE_CLOCK_FACTOR = 1.3;

/** The setup of a run. */
export function setupOurs({ flags, workload, swarm }: SetupRequest): OursSetup {
  const asked = flags["reads"] as ReadMode | undefined;
  const known = {
    app: flags["app"] as string | undefined ?? null,
    workload,
    clientsHaveSessions: workload === "session",
  };
  if (swarm === null) return { reads: asked ?? DEFAULT_READS, ...known, cluster: CLUSTER };
  const reads = asked ?? pick(swarm, ["log", "index", "index", "lease", "lease"] as const);
  return { reads, ...known, cluster: drawCluster(swarm, reads, workload) };
}

/** Clock faults stay within what leases are promised, where reads depend on them. */
export function severityFor(reads: ReadMode): Severity {
  return reads === "lease" ? { ...SEVERITY, clockFactor: LEASE_CLOCK_FACTOR, clockWithinLease: true } : SEVERITY;
}

/**
 * The faults that a swarm may draw.
 *
 * With leases nothing is paused: who wakes up has missed ticks, which leases do not survive. Without the check of the
 * quorum no members are changed: voters that are loyal to nobody would be disturbed by whoever was removed, for as
 * long as that one runs.
 */
export function drawableFaults(
  reads: ReadMode,
  checkQuorum: boolean,
  kinds: readonly FaultKind[],
): readonly FaultKind[] {
  return kinds.filter((kind) => (kind !== "pause" || reads !== "lease") && (kind !== "member" || checkQuorum));
}

/**
 * What an option of the nodes may be in a swarm: often what is usual, and now and then so small, or so large, that
 * its bound is met all the time.
 */
function drawCluster(
  random: Random,
  reads: ReadMode,
  workload: string,
): ClusterSetup {
  const electionTimeoutTicks = pick(random, reads === "lease" ? ELECTION_TIMEOUTS : [...ELECTION_TIMEOUTS, 3]);
  const elections = drawElections(random, reads);
  const maxAppendBytes = pick(random, [CLUSTER.maxAppendBytes, CLUSTER.maxAppendBytes, 200]);
  // Hundreds of small appends under way, of which the network reorders most, would be refused and sent again without
  // end.
  const keepBytes = pick(random, [0, 0, 200, 2_000]);
  // A forwarded request without an answer holds its place until its time is up: few places need a short time.
  const maxWaiting = pick(random, [CLUSTER.maxWaiting, CLUSTER.maxWaiting, 4]);
  const forwardTimeouts = maxWaiting === CLUSTER.maxWaiting ? [500, 500, 20] : [20];
  const inflights = maxAppendBytes === CLUSTER.maxAppendBytes ? [CLUSTER.maxInflightAppends, 64, 2, 1] : [8, 2, 1];
  return {
    ...CLUSTER,
    ...elections,
    alignedTicks: random.below(4) === 0,
    electionTimeoutTicks,
    heartbeatIntervalTicks: 1 + random.below(Math.min(3, electionTimeoutTicks - 2)),
    compactionBytes: pick(random, [CLUSTER.compactionBytes, 20_000, 2_000, 200]),
    snapshotStepBytes: pick(random, [CLUSTER.snapshotStepBytes, 40]),
    keepBytes,
    maxKeepBytes: Math.max(keepBytes, pick(random, [CLUSTER.maxKeepBytes, 1_000, 0])),
    snapshotChunkBytes: pick(random, [CLUSTER.snapshotChunkBytes, 1_024, 64]),
    maxAppendBytes,
    maxInflightAppends: pick(random, inflights),
    maxInflightBytes: pick(random, [CLUSTER.maxInflightBytes, CLUSTER.maxInflightBytes, 500]),
    maxUncommittedBytes: pick(random, [CLUSTER.maxUncommittedBytes, CLUSTER.maxUncommittedBytes, 2_000]),
    maxUnsyncedBytes: pick(random, [CLUSTER.maxUnsyncedBytes, CLUSTER.maxUnsyncedBytes, 2_000]),
    maxApplyBytes: pick(random, [CLUSTER.maxApplyBytes, CLUSTER.maxApplyBytes, 1]),
    maxPendingReads: pick(random, [CLUSTER.maxPendingReads, CLUSTER.maxPendingReads, 8, 1]),
    maxWaiting,
    forwardTimeoutTicks: pick(random, forwardTimeouts),
    // The clients of a workload with sessions are never forgotten; a node begins another session when its own was.
    maxSessions: workload === "session"
      ? CLUSTER.maxSessions
      : pick(random, [CLUSTER.maxSessions, CLUSTER.maxSessions, 3]),
    batchTime: pick(random, [0, CLUSTER.batchTime, CLUSTER.batchTime, MILLISECOND]),
    retryTicks: pick(random, [CLUSTER.retryTicks, 2]),
    frontTimeoutTicks: pick(random, [CLUSTER.frontTimeoutTicks, CLUSTER.frontTimeoutTicks, 8]),
  };
}

/** Of these a lease's half leaves clocks as much room as `LEASE_CLOCK_FACTOR` takes, and more. */
const ELECTION_TIMEOUTS = [10, 10, 10, 20, 8, 5];

/**
 * How elections are held: as they are by default, without pre-votes, or as in the paper's body, without a leader's
 * own check of its quorum too. Leases need that check.
 */
function drawElections(random: Random, reads: ReadMode): Pick<ClusterSetup, "preVote" | "checkQuorum"> {
  switch (random.below(8)) {
    case 0:
    case 1:
      return { preVote: false, checkQuorum: true };
    case 2:
      return { preVote: false, checkQuorum: reads === "lease" };
    default:
      return { preVote: true, checkQuorum: true };
  }
}

/**
 * Reads a setup from a run file.
 *
 * @throws {SyntaxError} If a field is missing or has the wrong form; the message names it.
 */
export function parseOurs(value: unknown): OursSetup {
  const { app: _, ...like } = setupOurs({ flags: {}, workload: "kv", swarm: null });
  const wrong = firstMisshapen("system", value, like);
  if (wrong !== null) throw new SyntaxError(wrong);
  return value as OursSetup;
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}
