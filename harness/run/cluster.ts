/**
 * What a run needs of a cluster, be it simulated or of real processes: clients' requests go in, answers come out, and it suffers the faults it says it can.
 *
 * Every verb that may take time ends in a callback, which is called at most once. Nothing here returns a promise.
 *
 * @module
 */
import type { Fault, FaultKind } from "../nemesis/faults.ts";
import type { Strike, View } from "../nemesis/kind.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { ClientRequest } from "../../server/store/client.ts";

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
  look(done: (view: View) => void): void;
  /** Stops every node and frees what the cluster holds. */
  stop(done: () => void): void;
}
