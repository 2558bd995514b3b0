/**
 * The interface of a kind of fault: how it is drawn, named, described, healed, simplified and parsed. Each kind has a
 * file that implements `FaultType`; `faults.ts` lists them.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";

/** The end of all clients' links. Nodes are numbered from 1. */
export const CLIENTS = 0;

/** One direction of a link: what the first end sends to the second. */
export type Link = readonly [from: number, to: number];

/** The members of a cluster, as one node knows them. */
export interface Members {
  /** Their majority decides. */
  readonly voters: readonly number[];
  /** While the members change: the voters before the change, whose majority must agree too. Otherwise empty. */
  readonly outgoing: readonly number[];
  /** They receive everything and have no vote. */
  readonly learners: readonly number[];
}

/** A node as an outside observer sees it. For a node that does not run, the last known state. */
export interface NodeView {
  /** The node's number, from 1. */
  readonly id: number;
  /** `refused`: it never runs again under this number. `removed`: it was removed from the cluster on purpose. */
  readonly state: "running" | "paused" | "down" | "refused" | "removed";
  /**
   * The epoch (in Raft: the term) in which it believes to be primary; `null` if it does not. Among several, the highest
   * epoch counts.
   */
  readonly primaryIn: number | null;
  /**
   * The members as this node knows them. `null`: unknown, so every node counts as a voter. Without voters: it knows of
   * no members yet.
   */
  readonly members: Members | null;
  /**
   * Whether it may have lost what it acknowledged, and gives no vote until a primary has sent it everything again.
   * Default: false.
   */
  readonly isDoubtful?: boolean;
  /** A text such as "term 5, committed up to 17", for people only. No decision uses it. */
  readonly says: string;
}

/** All nodes that were ever started, in ascending order of their numbers. */
export type View = readonly NodeView[];

/** The result of injecting a fault. */
export interface Strike {
  /** Whether the fault took effect. A fault without a victim (no primary, no such node) does not. */
  readonly struck: boolean;
  /** A short description for the history. The same seed gives the same text. */
  readonly detail: string;
}

/** How hard faults strike. */
export interface Severity {
  /** Ticks take between 1/`clockFactor` and `clockFactor` of their length. Leases limit this. */
  readonly clockFactor: number;
  /** Whether clocks only run fast or slow, which leases survive. */
  readonly clockWithinLease: boolean;
  /** The highest share of packets lost, from 0 to 1. */
  readonly loss: number;
  /**
   * Whether messages between clients and nodes always arrive exactly once, unless a cut of clients is asked for by
   * name: for systems whose clients expect that.
   */
  readonly sparesClients?: boolean;
  /** How many services there are for nodes to ask; they are the ends -1, -2, ... Default: none. */
  readonly services?: number;
}

/** The ends of services' links: -1, -2, ... */
export function servicesOf({ services = 0 }: Severity): number[] {
  return Array.from({ length: services }, (_, i) => -1 - i);
}

/** The default `Severity`. */
export const SEVERITY: Severity = { clockFactor: 4, clockWithinLease: false, loss: 0.3 };

/** The common part of all faults: plain data, so that a recorded schedule can be replayed and shrunk. */
export interface AnyFault {
  /** The name of its kind. */
  readonly kind: string;
}

/**
 * A kind of fault.
 *
 * `Drawn` is the result type of drawing. Some kinds must sometimes draw a fault of another kind first, for example to
 * replace a lost node.
 */
export interface FaultType<F extends AnyFault, Drawn extends AnyFault = F> {
  /** Its description for `--help`: a clause without a full stop. */
  readonly about: string;
  /** The shapes for `--nemesis KIND:SHAPE`, in the order of the help. */
  readonly shapes: readonly string[];
  /** One fault in this many is healed within some milliseconds, as a supervisor would do. Left out: none. */
  readonly quicklyHealed?: number;
  /** Draws a fault; `shape` is `null` for any shape. Returns `null` if the cluster offers no victim now. */
  draw(random: Random, shape: string | null, view: View, severity: Severity): Drawn | null;
  /** The name in reports: `partition:ring`. */
  name(fault: F): string;
  /** A description for the history. Clusters add the affected nodes. */
  say(fault: F): string;
  /** Whether the fault is healed after a time. Other faults end at once, or stay. */
  isHealed(fault: F): boolean;
  /** The fault restricted to the nodes that `isKept` accepts; `null` if nothing is left. */
  keep(fault: F, isKept: (node: number) => boolean): F | null;
  /** Weaker versions of the fault, for shrinking. */
  simpler(fault: F): readonly F[];
  /**
   * Parses a fault from a run file.
   *
   * @throws {SyntaxError} If a field is missing or has the wrong form; the message names it.
   */
  parse(value: unknown): F;
}
