/**
 * The options of a replica, and its interface for the host.
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
   * The number of bytes of applied commands after which a snapshot is due, or the size of the last snapshot, whichever
   * is more. Default 8 MiB; `Infinity` for never.
   */
  readonly bytes?: number;
  /**
   * Up to this many bytes of commands, a snapshot waits for four times the size of the last one: then all snapshots
   * together take a quarter of the bytes that the log takes. Meanwhile the commands stay in memory. Default 0.
   */
  readonly relaxedBytes?: number;
}

/** The limits of clients' commands and of waiting requests. */
export interface ReplicaLimits {
  /** The longest command in bytes, 16 MiB by default. */
  readonly maxCommandBytes?: number;
  /**
   * How many bytes of the log may wait for a flush before this node refuses commands, 64 MiB by default. So a disk that
   * hangs does not fill the memory.
   */
  readonly maxUnflushedBytes?: number;
  /** How many requests may wait at this node, 20,000 by default. */
  readonly maxWaiting?: number;
  /** After how many ticks without an answer a forwarded request has an unknown outcome, 500 by default. */
  readonly forwardTimeoutTicks?: number;
}

/** The options of a replica. */
export interface ReplicaOptions<Machine extends StateMachine> {
  /** This node's number, from 1 to 1,048,575. */
  readonly id: number;
  /** The other voters at the cluster's first start. Later the journal holds the members. */
  readonly peers: readonly number[];
  /** The opened journal. */
  readonly journal: Journal;
  /** The state machine, in its initial state: `withSessions(createKvStore())`, or your own. */
  readonly machine: Machine;
  /** Any 32 bits that differ at each start of the node. Also the core's `seed`, unless that is given. */
  readonly incarnation: number;
  /** Sends a packet to another node; it may be lost. May return `false` if the packet certainly never arrives. */
  readonly send: (to: number, packet: Packet) => unknown;
  /** How reads are done, unless a request says otherwise; `"index"` by default. */
  readonly reads?: ReadMode;
  /** The core's options besides id, peers and `leaseReads`. */
  readonly raft?: Partial<RaftConfig>;
  /** The limits; each that is left out has its default. */
  readonly limits?: ReplicaLimits;
  /** When snapshots are taken. */
  readonly compaction?: CompactionPolicy;
  /**
   * Calls `action` after the current inputs have been given to the replica; they are then written, sent and answered as
   * one batch. Without it each input is a batch of its own, unless a sync is under way.
   */
  readonly defer?: (action: () => void) => void;
  /** Called when the node has ended, because its disk failed or it found an error in itself. */
  readonly onStopped?: (error: Error) => void;
}

/** A replica, as its host sees it. */
export interface Replica<Machine extends StateMachine> {
  /** The node; only for reading. */
  readonly node: RaftNode;
  /** The state machine; only for reading. */
  readonly machine: Machine;
  /** The journal; only for reading. */
  readonly journal: Journal;
  /** Whether the replica has ended. */
  readonly isStopped: boolean;
  /** How many requests wait at this node. */
  readonly waiting: number;
  /** One tick of this node's clock. */
  tick(): void;
  /** Takes a packet from another node. */
  receive(packet: Packet): void;
  /**
   * The connection to another node was lost, and perhaps packets with it. Requests that were forwarded there are
   * answered with an unknown outcome now, and not only after `forwardTimeoutTicks`. A host that cannot tell need not
   * call this.
   */
  lostConnection(to: number): void;
  /** Takes a command of the state machine, which says whether it is a read. Calls `reply` at most once. */
  submit(
    command: Uint8Array,
    reply: Respond,
    options?: { readonly session?: Session; readonly reads?: ReadMode },
  ): void;
  /** Changes the members. The reply is `ok` when the change is committed. */
  changeMembers(change: ConfigurationChange, reply: Respond): void;
  /** Transfers leadership to a member. The reply is `ok` when it leads. */
  transferLeadership(to: number, reply: Respond): void;
  /**
   * Begins a snapshot now, in steps if the machine supports them; `false` if there is nothing new, or one is being
   * written.
   */
  compact(): boolean;
  /** Ends the node: nothing more is sent or answered. */
  stop(): void;
}
