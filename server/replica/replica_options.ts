/**
 * What a replica is told, and how its host sees it.
 *
 * @module
 */
import type { ConfigurationChange, RaftConfig, RaftNode } from "../../raft/mod.ts";
import type { ReadMode, Session } from "./client.ts";
import type { Respond } from "./forwarding.ts";
import type { Journal } from "../journal/journal.ts";
import type { Packet } from "./packet.ts";
import type { StateMachine } from "./state_machine.ts";

/** When a replica takes a snapshot of its own and drops the entries before it. */
export interface CompactionPolicy {
  /**
   * After this many bytes of applied commands, or as many as the last snapshot had, whichever is more; 8 MiB by
   * default, `Infinity` for never.
   */
  readonly bytes?: number;
}

/** Bounds of what clients may send and what may wait. */
export interface ReplicaLimits {
  /** Longest command in bytes, 16 MiB by default. */
  readonly maxCommandBytes?: number;
  /**
   * Bytes that this node has yet to make durable before it refuses commands, 64 MiB by default: a disk that hangs does
   * not fill the memory.
   */
  readonly maxUnflushedBytes?: number;
  /** Most requests that wait at this node, 20,000 by default. */
  readonly maxWaiting?: number;
  /** A forwarded request without an answer is of unknown outcome after this many ticks, 500 by default. */
  readonly forwardTimeoutTicks?: number;
}

/** What a replica needs. */
export interface ReplicaOptions<Machine extends StateMachine> {
  /** This node's number, from 1 to 1,048,575. */
  readonly id: number;
  /** The other voters at the cluster's first start; afterwards the journal knows better. */
  readonly peers: readonly number[];
  /** The opened journal. */
  readonly journal: Journal;
  /** The state machine, in its initial state: `withSessions(createKvStore())`, or one's own. */
  readonly machine: Machine;
  /** Any 32 bits that differ from one start of the node to the next; also the core's `seed`, unless that is given. */
  readonly incarnation: number;
  /** Sends a packet to another node; it may be lost. */
  readonly send: (to: number, packet: Packet) => void;
  /** How reads are done unless the request says otherwise; `"index"` by default. */
  readonly reads?: ReadMode;
  /** The core's options beside id, peers and `leaseReads`. */
  readonly raft?: Partial<RaftConfig>;
  /** Bounds; each that is left out has its default. */
  readonly limits?: ReplicaLimits;
  /** When snapshots are taken. */
  readonly compaction?: CompactionPolicy;
  /**
   * Calls `action` when the inputs at hand have been given to the replica: they are then written, sent and answered as
   * one batch. Without it each input is a batch of its own, unless a sync is under way.
   */
  readonly defer?: (action: () => void) => void;
  /** The node has ended, because its disk failed or because it found an error in itself. */
  readonly onStopped?: (error: Error) => void;
}

/** A replica, as its host sees it. */
export interface Replica<Machine extends StateMachine> {
  /** The node; to be read only. */
  readonly node: RaftNode;
  /** The state machine; to be read only. */
  readonly machine: Machine;
  /** The journal; to be read only. */
  readonly journal: Journal;
  /** Whether the replica has ended. */
  readonly isStopped: boolean;
  /** How many requests wait at this node. */
  readonly waiting: number;
  /** One tick of this node's clock. */
  tick(): void;
  /** A packet from another node. */
  receive(packet: Packet): void;
  /** A command of any state machine: a read if the machine says that it is one. `reply` is called at most once. */
  submit(
    command: Uint8Array,
    reply: Respond,
    options?: { readonly session?: Session; readonly reads?: ReadMode },
  ): void;
  /** Changes the members. `ok` when the change is committed. */
  changeMembers(change: ConfigurationChange, reply: Respond): void;
  /** Hands leadership to a member. `ok` when it leads. */
  transferLeadership(to: number, reply: Respond): void;
  /**
   * Begins a snapshot now, in steps where the machine can; `false` if there is nothing new, or one is being written.
   */
  compact(): boolean;
  /** Ends the node: nothing is sent or answered any more. */
  stop(): void;
}
