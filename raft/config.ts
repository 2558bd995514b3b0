/**
 * The settings of a node. All but `id` and `peers` have a default.
 *
 * @module
 */
import { checkArray, checkObject, checkOptionNames, shown, wholeNumber } from "./arguments.ts";
import { MAX_MEMBERS } from "./configuration.ts";
import type { RaftTracer } from "./tracer.ts";
import { type LogIndex, MAX_INDEX, type NodeId, nodeId } from "./types.ts";

/** The settings of a node. The host defines the length of a tick; 10 to 100 ms are usual. */
export interface RaftConfig {
  /** This node's id. */
  readonly id: NodeId;
  /**
   * The other voters of the cluster's first configuration. Give the same at every start: later changes are in the log.
   * Empty, and without `join`, it makes a cluster of one.
   */
  readonly peers: readonly NodeId[];
  /**
   * Set it for a node that is added to a running cluster: it starts without a configuration, and waits for a leader.
   * `peers` must then be empty. Default `false`.
   */
  readonly join?: boolean;
  /**
   * For a host whose state outlives the process: the index up to which that state is applied already at a restart.
   * `drainApplied()` then begins after it, and `drainRestored()` gives the log's snapshot only if that is further. The
   * state up to there must have come from `drainApplied()` or `drainRestored()` of this node. Default 0: the state
   * begins with the log's snapshot.
   */
  readonly appliedIndex?: LogIndex;
  /**
   * A follower that hears nothing for this long, and up to twice as long, campaigns; from 2 to 1,000,000. Default 10.
   */
  readonly electionTimeoutTicks?: number;
  /** How often a leader sends heartbeats; less than `electionTimeoutTicks`. Default 1. */
  readonly heartbeatIntervalTicks?: number;
  /**
   * The seed of election timeouts and of read numbers. Use another one at every start of every node, so that an answer
   * to a read of the node's previous life is not taken for the answer to a new read. Default: made from the id and the
   * log's end.
   */
  readonly seed?: number;
  /**
   * Whether a node asks if it could win an election before it raises its term (dissertation, section 9.6). Default
   * `true`.
   */
  readonly preVote?: boolean;
  /**
   * A leader that has not heard from a quorum for an election timeout steps down, and a voter that has heard from a
   * leader within one ignores campaigns (dissertation, sections 6.2 and 4.2.3). Set it alike on all nodes. Default
   * `true`.
   */
  readonly checkQuorum?: boolean;
  /**
   * A leader answers reads without a round while it holds a lease: while a quorum has echoed a heartbeat that it sent
   * less than half an election timeout ago (dissertation, section 6.4.1). Set it alike on all nodes; it needs
   * `checkQuorum`.
   *
   * It is only safe while clocks behave: while a leader's clock makes `leaseTicks(electionTimeoutTicks)` ticks, no
   * voter's clock may make `electionTimeoutTicks - 1`. With the defaults, no node's clock may run 1.8 times as fast as
   * another's, and a process that was paused must be given the ticks that it missed before any other input. Leave it
   * off unless you can promise that. Default `false`.
   */
  readonly leaseReads?: boolean;
  /** The largest size of one append, counted by `entryBytes`; a larger entry is sent alone. Default 1 MiB. */
  readonly maxAppendBytes?: number;
  /** How many appends to one follower may be unanswered. Default 256. */
  readonly maxInflightAppends?: number;
  /** How many bytes of appends to one follower may be unanswered; one append is always allowed. Default 16 MiB. */
  readonly maxInflightBytes?: number;
  /**
   * How many bytes of commands a leader holds uncommitted before it refuses more; one command is always allowed.
   * Default 64 MiB.
   */
  readonly maxUncommittedBytes?: number;
  /**
   * How many bytes of the log may await a sync, counted by `entryBytes`. Beyond it a leader refuses proposals and a
   * follower refuses appends, so that a disk that hangs does not fill the memory. Default 64 MiB.
   */
  readonly maxUnsyncedBytes?: number;
  /** The largest command, in bytes. Default 16 MiB. */
  readonly maxCommandBytes?: number;
  /** How many bytes of commands one `drainApplied()` hands out; one command is always allowed. Default 16 MiB. */
  readonly maxApplyBytes?: number;
  /** How many reads may be under way at once. Default 65,536. */
  readonly maxPendingReads?: number;
  /** How many bytes of a snapshot one message carries. Default 256 KiB. */
  readonly snapshotChunkBytes?: number;
  /**
   * How many bytes of the entries that a snapshot covers `compact` always keeps, counted by `entryBytes`, for followers
   * of a later leader that are a little behind. Default 0.
   */
  readonly keepBytes?: number;
  /**
   * How many bytes of the covered entries a leader keeps at most, for followers that still need them or that are being
   * sent a snapshot; not below `keepBytes`. Default 64 MiB.
   */
  readonly maxKeepBytes?: number;
  /**
   * The largest snapshot, in bytes, that a node takes or accepts from a leader; set it alike on all nodes. Default 64
   * GiB.
   */
  readonly maxSnapshotBytes?: number;
  /** Sees every change of the node's state. Default: none. */
  readonly tracer?: RaftTracer;
}

/** A configuration with every default filled in. */
export type ResolvedConfig = Required<Omit<RaftConfig, "tracer" | "seed">> & {
  readonly tracer: RaftTracer | null;
  readonly seed: number | null;
};

const MiB = 1024 * 1024;

/** The name of every setting; the type makes sure that none is missing. */
const OPTION_NAMES: readonly string[] = Object.keys(
  {
    id: 1,
    peers: 1,
    join: 1,
    appliedIndex: 1,
    electionTimeoutTicks: 1,
    heartbeatIntervalTicks: 1,
    seed: 1,
    preVote: 1,
    checkQuorum: 1,
    leaseReads: 1,
    maxAppendBytes: 1,
    maxInflightAppends: 1,
    maxInflightBytes: 1,
    maxUncommittedBytes: 1,
    maxUnsyncedBytes: 1,
    maxCommandBytes: 1,
    maxApplyBytes: 1,
    maxPendingReads: 1,
    snapshotChunkBytes: 1,
    keepBytes: 1,
    maxKeepBytes: 1,
    maxSnapshotBytes: 1,
    tracer: 1,
  } satisfies Record<keyof RaftConfig, 1>,
);

/**
 * The length of a lease: half an election timeout. The other half is the margin for clocks that differ.
 *
 * @param electionTimeoutTicks The election timeout.
 * @returns Ticks of the leader's clock since it sent the heartbeat that a quorum echoed.
 */
export function leaseTicks(electionTimeoutTicks: number): number {
  wholeNumber(electionTimeoutTicks, "electionTimeoutTicks", 0);
  return Math.floor(electionTimeoutTicks / 2);
}

/**
 * Fills in the defaults.
 *
 * @param config The host's settings.
 * @returns All settings.
 * @throws {TypeError} If a setting has the wrong type, or does not exist.
 * @throws {RangeError} If a number is out of its range, or two settings contradict each other.
 */
export function resolveConfig(config: RaftConfig): ResolvedConfig {
  checkObject(config, "a RaftConfig");
  checkOptionNames(config, OPTION_NAMES, "a RaftConfig");
  checkArray(config.peers, "peers");
  if (config.tracer !== undefined) checkObject(config.tracer, "tracer");
  const resolved = withDefaults(config);
  refuseContradictions(resolved);
  return resolved;
}

function withDefaults(config: RaftConfig): ResolvedConfig {
  const id = nodeId(config.id);
  if (config.peers.length > MAX_MEMBERS) {
    throw new RangeError(`Cannot take ${config.peers.length} peers: at most ${MAX_MEMBERS} are allowed`);
  }
  const peers = [...new Set(config.peers.map(nodeId))].filter((peer) => peer !== id).sort((a, b) => a - b);
  const number = (name: keyof RaftConfig, fallback: number, least: number): number => {
    const value: unknown = config[name] === undefined ? fallback : config[name];
    if (typeof value !== "number") throw new TypeError(`Cannot set ${name} to ${shown(value)}: a number is needed`);
    if (!(value >= least) || (value !== Infinity && !Number.isSafeInteger(value))) {
      throw new RangeError(`Cannot set ${name} to ${value}: a whole number from ${least} is needed`);
    }
    return value;
  };
  const flag = (name: keyof RaftConfig, fallback: boolean): boolean => {
    const value: unknown = config[name] === undefined ? fallback : config[name];
    if (typeof value !== "boolean") {
      throw new TypeError(`Cannot set ${name} to ${shown(value)}: true or false is needed`);
    }
    return value;
  };
  return {
    id,
    peers,
    join: flag("join", false),
    electionTimeoutTicks: number("electionTimeoutTicks", 10, 2),
    heartbeatIntervalTicks: number("heartbeatIntervalTicks", 1, 1),
    appliedIndex: wholeNumber(config.appliedIndex ?? 0, "appliedIndex", 0, MAX_INDEX) as LogIndex,
    seed: config.seed === undefined ? null : number("seed", 0, 0),
    preVote: flag("preVote", true),
    checkQuorum: flag("checkQuorum", true),
    leaseReads: flag("leaseReads", false),
    maxAppendBytes: number("maxAppendBytes", MiB, 1),
    maxInflightAppends: number("maxInflightAppends", 256, 1),
    maxInflightBytes: number("maxInflightBytes", 16 * MiB, 1),
    maxUncommittedBytes: number("maxUncommittedBytes", 64 * MiB, 1),
    maxUnsyncedBytes: number("maxUnsyncedBytes", 64 * MiB, 1),
    maxCommandBytes: number("maxCommandBytes", 16 * MiB, 1),
    maxApplyBytes: number("maxApplyBytes", 16 * MiB, 1),
    maxPendingReads: number("maxPendingReads", 65536, 1),
    snapshotChunkBytes: number("snapshotChunkBytes", MiB / 4, 1),
    maxSnapshotBytes: number("maxSnapshotBytes", 65536 * MiB, 1),
    keepBytes: number("keepBytes", 0, 0),
    maxKeepBytes: number("maxKeepBytes", Math.max(64 * MiB, config.keepBytes ?? 0), 0),
    tracer: config.tracer ?? null,
  };
}

function refuseContradictions(resolved: ResolvedConfig): void {
  if (resolved.electionTimeoutTicks > 1_000_000) {
    throw new RangeError(
      `Cannot set electionTimeoutTicks to ${resolved.electionTimeoutTicks}: at most 1000000 are allowed`,
    );
  }
  if (resolved.heartbeatIntervalTicks >= resolved.electionTimeoutTicks) {
    throw new RangeError(
      `Cannot set heartbeatIntervalTicks to ${resolved.heartbeatIntervalTicks}: it must be less than electionTimeoutTicks, ${resolved.electionTimeoutTicks}`,
    );
  }
  if (resolved.maxKeepBytes < resolved.keepBytes) {
    throw new RangeError(
      `Cannot set maxKeepBytes to ${resolved.maxKeepBytes}: it must not be below keepBytes, ${resolved.keepBytes}`,
    );
  }
  if (resolved.leaseReads && !resolved.checkQuorum) {
    throw new RangeError(
      "Cannot set leaseReads without checkQuorum: a lease needs voters that ignore campaigns",
    );
  }
  if (resolved.join && resolved.peers.length > 0) {
    throw new RangeError(
      `Cannot set join with ${resolved.peers.length} peers: a node that joins learns the configuration from its leader`,
    );
  }
}
