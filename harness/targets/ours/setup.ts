/**
 * The setup of our own server for one run: the usual one, or, in a swarm, one drawn from the seed.
 *
 * @module
 */
import type { Random } from "../../../raft/mod.ts";
import { MILLISECOND, READ_MODES, type ReadMode } from "../../../server/mod.ts";
import type { FaultKind } from "../../nemesis/faults.ts";
import { SEVERITY, type Severity } from "../../nemesis/kind.ts";
import type { FlagSpec } from "../../run/flag.ts";
import { firstMisshapen } from "../../run/shape.ts";
import type { SetupRequest } from "../../run/target.ts";

/** The setup of our server for one run. */
export interface OursSetup {
  /** How reads are done. */
  readonly reads: ReadMode;
  /** The module of the state machine, as `--app` takes it; `null` for our store. */
  readonly app: string | null;
  /** The workload, which decides how clients use the store. */
  readonly workload: string;
  /** Whether clients have sessions, and retry with them. */
  readonly clientsHaveSessions: boolean;
  /** The setup of the nodes. */
  readonly cluster: ClusterSetup;
}

/** The setup of the nodes. */
export interface ClusterSetup {
  /** How often a node's clock ticks, in nanoseconds. */
  readonly tickLength: number;
  /** Whether all nodes tick at the same instants, as on machines whose clocks are set alike. */
  readonly alignedTicks: boolean;
  /** The core's option with this name. */
  readonly electionTimeoutTicks: number;
  /** The core's option with this name. */
  readonly heartbeatIntervalTicks: number;
  /** The core's option with this name. */
  readonly preVote: boolean;
  /** The core's option with this name. Without it, a leader that is heard but hears nobody goes on leading. */
  readonly checkQuorum: boolean;
  /** How many bytes a segment of the journal has before another begins. */
  readonly segmentBytes: number;
  /**
   * One append in this many arrives with a part of its entries, as a leader with smaller limits would have sent it; 0:
   * none.
   */
  readonly cutAppends: number;
  /** After how many bytes of commands a node compacts its log. */
  readonly compactionBytes: number;
  /** The minimum number of bytes that a store writes in one step of its snapshot. */
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
  /** How many ticks a replica waits for the answer to a forwarded request. */
  readonly forwardTimeoutTicks: number;
  /** Inputs that come within this many nanoseconds are one batch; 0: each input is a batch of its own. */
  readonly batchTime: number;
  /** The longest command in bytes. */
  readonly maxCommandBytes: number;
  /** How many requests of a kind may wait at a node. */
  readonly maxWaiting: number;
  /** Whether every TimeoutNow is lost: a leader hands over in vain, and leads on. */
  readonly losesTimeoutNow: boolean;
  /** Whether some messages to a node's earlier life arrive, once more, in the next. */
  readonly repeatsAcrossStarts: boolean;
  /** How many bytes may wait for a leader's disk. */
  readonly maxUnflushedBytes: number;
  /** Whether a node learns that another has ended, or that a message is lost because its link is cut. */
  readonly noticesLoss: boolean;
  /** After how many ticks without an answer a node's own session retries a write. */
  readonly retryTicks: number;
  /** After how many ticks a node gives a write up. A client waits for a second, which is forty ticks. */
  readonly frontTimeoutTicks: number;
  /** How many sessions a replica remembers. */
  readonly maxSessions: number;
  /** A new member that lacks no more than this many entries has caught up. */
  readonly caughtUpEntries: number;
}

/** The flags of our server, for every command that makes runs of it. */
export const OURS_FLAGS: FlagSpec = {
  reads: {
    type: "string",
    oneOf: READ_MODES,
    about: "how a read is done: index if left out; local makes stale reads, which the check finds",
  },
  app: { type: "string", value: "FILE", about: "a module with your own state machine, in place of the store" },
};

/**
 * A tick is 25 ms, and a leader sends heartbeats every second tick. With ten ticks to an election timeout, followers
 * miss it after 250 to 500 ms. A run is too short for automatic compaction; a fault causes it instead.
 */
const CLUSTER: ClusterSetup = {
  tickLength: 25 * MILLISECOND,
  alignedTicks: false,
  electionTimeoutTicks: 10,
  heartbeatIntervalTicks: 2,
  preVote: true,
  checkQuorum: true,
  segmentBytes: 16_384,
  cutAppends: 0,
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
  // A client waits for 40 ticks. The end of a run waits for the last forwarded request, which may have lost its answer.
  forwardTimeoutTicks: 100,
  batchTime: MILLISECOND / 20,
  maxCommandBytes: 16_777_216,
  maxWaiting: 20_000,
  maxUnflushedBytes: 67_108_864,
  noticesLoss: false,
  losesTimeoutNow: false,
  repeatsAcrossStarts: false,
  retryTicks: 10,
  frontTimeoutTicks: 40,
  maxSessions: 10_000,
  caughtUpEntries: 1_000,
};

/** Linearizable without an entry in the log, which is also the default of live nodes. */
const DEFAULT_READS: ReadMode = "index";

/**
 * Leases are safe while no clock runs more than 1.8 times as fast as another (raft/config.ts); 1.3 up and 1.3 down make
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

/** If reads depend on leases, clock faults stay within the limits that leases need. */
export function severityFor(reads: ReadMode): Severity {
  return reads === "lease" ? { ...SEVERITY, clockFactor: LEASE_CLOCK_FACTOR, clockWithinLease: true } : SEVERITY;
}

/**
 * The faults that a swarm may draw.
 *
 * With leases nothing is paused, because a resumed process has missed ticks, and leases do not survive that. Without
 * the check of the quorum no members change, because a removed member would disturb voters that are loyal to nobody, as
 * long as it runs.
 */
export function drawableFaults(
  reads: ReadMode,
  checkQuorum: boolean,
  kinds: readonly FaultKind[],
): readonly FaultKind[] {
  return kinds.filter((kind) => (kind !== "pause" || reads !== "lease") && (kind !== "member" || checkQuorum));
}

/**
 * The values that a swarm may choose for an option of the nodes: often the usual one, sometimes one so small, or so
 * large, that its limit is reached constantly.
 */
function drawCluster(
  random: Random,
  reads: ReadMode,
  workload: string,
): ClusterSetup {
  const electionTimeoutTicks = pick(random, reads === "lease" ? ELECTION_TIMEOUTS : [...ELECTION_TIMEOUTS, 3]);
  const elections = drawElections(random, reads);
  const maxAppendBytes = pick(random, [CLUSTER.maxAppendBytes, CLUSTER.maxAppendBytes, 200]);
  // With hundreds of small appends under way, most of which the network reorders, appends would be refused and sent
  // again without end.
  const keepBytes = pick(random, [0, 0, 200, 2_000]);
  // A forwarded request without an answer keeps its place until its time is up, so few places need a short time.
  const maxWaiting = pick(random, [CLUSTER.maxWaiting, CLUSTER.maxWaiting, 4]);
  const forwardTimeouts = maxWaiting === CLUSTER.maxWaiting ? [500, 500, 20] : [20];
  const inflights = maxAppendBytes === CLUSTER.maxAppendBytes ? [CLUSTER.maxInflightAppends, 64, 2, 1] : [8, 2, 1];
  return {
    ...CLUSTER,
    ...elections,
    alignedTicks: random.below(4) === 0,
    electionTimeoutTicks,
    heartbeatIntervalTicks: 1 + random.below(Math.min(3, electionTimeoutTicks - 2)),
    segmentBytes: pick(random, [CLUSTER.segmentBytes, CLUSTER.segmentBytes, 1_024]),
    // What is cut off is sent again after the next heartbeat: with small appends, one heartbeat for a few entries.
    cutAppends: maxAppendBytes === CLUSTER.maxAppendBytes ? pick(random, [0, 0, 4]) : 0,
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
    maxCommandBytes: pick(random, [CLUSTER.maxCommandBytes, CLUSTER.maxCommandBytes, 40_000]),
    maxWaiting,
    maxUnflushedBytes: pick(random, [CLUSTER.maxUnflushedBytes, CLUSTER.maxUnflushedBytes, 4_000]),
    noticesLoss: random.below(2) === 0,
    losesTimeoutNow: random.below(6) === 0,
    forwardTimeoutTicks: pick(random, forwardTimeouts),
    // A node whose own session was forgotten begins another, and so does a client. Of the clients' sessions enough are
    // kept that one is forgotten only if it is silent for a while.
    maxSessions: pick(random, [CLUSTER.maxSessions, CLUSTER.maxSessions, workload === "session" ? 12 : 3]),
    caughtUpEntries: pick(random, [CLUSTER.caughtUpEntries, CLUSTER.caughtUpEntries, 5]),
    batchTime: pick(random, [0, CLUSTER.batchTime, CLUSTER.batchTime, MILLISECOND]),
    retryTicks: pick(random, [CLUSTER.retryTicks, 2]),
    frontTimeoutTicks: pick(random, [CLUSTER.frontTimeoutTicks, CLUSTER.frontTimeoutTicks, 8]),
    repeatsAcrossStarts: random.below(2) === 0,
  };
}

/** With these timeouts, half of one leaves at least the margin for clocks that `LEASE_CLOCK_FACTOR` needs. */
const ELECTION_TIMEOUTS = [10, 10, 10, 20, 8, 5];

/**
 * How elections are held: by default, or without pre-votes, or, as in the body of the paper, also without the leader's
 * check of its quorum. Leases need that check.
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
