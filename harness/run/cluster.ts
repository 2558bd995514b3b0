/**
 * What a run needs of a cluster, be it simulated or of real processes: clients' requests go in, answers come out, and it suffers the faults it says it can.
 *
 * Every verb that may take time ends in a callback, which is called at most once. Nothing here returns a promise.
 *
 * @module
 */
import type { Fault, FaultKind } from "../nemesis/fault.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { ClientRequest } from "../../server/store/client.ts";

/** A node as an observer from outside sees it. What a node that does not run would say is what it said last. */
export interface NodeView {
  /** The node's number. */
  readonly id: number;
  /** `refused`: its journal is damaged, and it will never run again under this number. `removed`: it was taken out of the cluster on purpose. */
  readonly state: "running" | "paused" | "down" | "refused" | "removed";
  /** Its role in Raft. */
  readonly role: string;
  /** Its current term. */
  readonly term: number;
  /** Who leads, for all it knows. */
  readonly leader: number | null;
  /** Up to where it knows the log to be committed. */
  readonly commitIndex: number;
  /** The voters of the configuration it holds. */
  readonly voters: readonly number[];
  /** The outgoing voters of a joint configuration; else empty. */
  readonly votersOutgoing: readonly number[];
  /** The learners of the configuration it holds. */
  readonly learners: readonly number[];
}

/** What became of an injected fault. */
export interface Strike {
  /** Whether the fault took effect: one that found nothing to strike (no leader, no such node) did not. */
  readonly struck: boolean;
  /** What happened, for the history: short, and the same for the same seed. */
  readonly detail: string;
}

/** A cluster of replicas, and what can be done to it. */
export interface Cluster {
  /** The faults that this kind of cluster can suffer. */
  readonly faults: ReadonlySet<FaultKind>;
  /** How long a tick of a node's clock takes while nothing is wrong with it, in nanoseconds. */
  readonly tickLength: number;
  /** Starts every node. Ends with an error if the cluster cannot be had at all. */
  start(done: (error: Error | null) => void): void;
  /** The nodes that clients may ask: every node that was ever started and not removed, in ascending order. */
  nodes(): readonly number[];
  /**
   * Sends a request to a node. `reply` is called at most once, and never if request or answer is lost: the caller has its own time limit.
   * `process` tells the cluster which client it is, so that each may have a connection of its own.
   */
  invoke(node: number, process: number, request: ClientRequest, reply: (reply: ClientReply) => void): void;
  /** Inflicts a fault. Faults combine; the same object is later healed. */
  inject(fault: Fault, done: (strike: Strike) => void): void;
  /** Undoes one fault: restarts, reconnects, resumes what it has struck, unless another fault still holds it. */
  heal(fault: Fault, done: (strike: Strike) => void): void;
  /**
   * Undoes every fault of these nodes and of the links among them, and leaves all else as it is.
   * Nodes that were refused or removed stay so. With all nodes, nothing is wrong any more.
   */
  restore(nodes: readonly number[], done: () => void): void;
  /** What each node looks like at present, in ascending order of their numbers. */
  look(done: (view: readonly NodeView[]) => void): void;
  /** Stops every node and frees what the cluster holds. */
  stop(done: () => void): void;
}
