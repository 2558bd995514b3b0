/**
 * What a kind of fault is: how it is drawn, named, described, healed, simplified, and read from a file. One file for
 * each kind implements `FaultType`; `faults.ts` lists them.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";

/** The far end of all clients' links; nodes count from 1. */
export const CLIENTS = 0;

/** A direction between two ends: what the first sends to the second. */
export type Link = readonly [from: number, to: number];

/** The members of a cluster, as one node holds them. */
export interface Members {
  /** Their majority decides. */
  readonly voters: readonly number[];
  /** While the members change: the voters before the change, whose majority must consent too; else empty. */
  readonly outgoing: readonly number[];
  /** They receive everything and decide nothing. */
  readonly learners: readonly number[];
}

/** A node as an observer from outside sees it. What a node that does not run would say is what it said last. */
export interface NodeView {
  /** The node's number, from 1. */
  readonly id: number;
  /** `refused`: it will never run again under this number. `removed`: it was taken out of the cluster on purpose. */
  readonly state: "running" | "paused" | "down" | "refused" | "removed";
  /**
   * In which epoch (Raft: term) it holds itself to be the primary; `null` if it does not. Of several the highest epoch
   * counts.
   */
  readonly primaryIn: number | null;
  /**
   * The members, as this node holds them. `null`: it cannot tell, and every node counts as a voter. No voters: it has
   * heard of none yet.
   */
  readonly members: Members | null;
  /**
   * It may have lost what it had promised, and gives no vote until a primary has told it everything again. Not so if
   * left out.
   */
  readonly isDoubtful?: boolean;
  /** "term 5, committed up to 17": for people. No decision reads it. */
  readonly says: string;
}

/** All nodes that were ever started, in ascending order of their numbers. */
export type View = readonly NodeView[];

/** What became of an injected fault. */
export interface Strike {
  /** Whether the fault took effect: one that found nothing to strike (no primary, no such node) did not. */
  readonly struck: boolean;
  /** What happened, for the history: short, and the same for the same seed. */
  readonly detail: string;
}

/** How hard faults strike. */
export interface Severity {
  /** Ticks take from 1/`clockFactor` to `clockFactor` of their length. Leases bound it. */
  readonly clockFactor: number;
  /** The clock only runs fast or slow: what leases survive. */
  readonly clockWithinLease: boolean;
  /** The highest share of packets lost, from 0 to 1. */
  readonly loss: number;
  /**
   * Whether what clients and nodes say to each other always arrives, once, unless a cut of clients is asked for by its
   * name: for systems whose clients do not expect anything else.
   */
  readonly sparesClients?: boolean;
  /** How many services there are, which nodes ask: the ends -1, -2, ... None if left out. */
  readonly services?: number;
}

/** The ends of services' links: -1, -2, ... */
export function servicesOf({ services = 0 }: Severity): number[] {
  return Array.from({ length: services }, (_, i) => -1 - i);
}

/** The defaults of `Severity`. */
export const SEVERITY: Severity = { clockFactor: 4, clockWithinLease: false, loss: 0.3 };

/** What all faults have in common: plain data, so that a recorded schedule can be replayed and shrunk. */
export interface AnyFault {
  /** The name of its kind. */
  readonly kind: string;
}

/**
 * A kind of fault.
 *
 * `Drawn` is what drawing may return: some kinds must at times draw a fault of another kind first, such as a
 * replacement of a node that is lost.
 */
export interface FaultType<F extends AnyFault, Drawn extends AnyFault = F> {
  /** What it does, for `--help`: a clause without a full stop. */
  readonly about: string;
  /** The shapes that `--nemesis KIND:SHAPE` takes, in the order of the help. */
  readonly shapes: readonly string[];
  /** One fault in this many is healed within some milliseconds, as by a supervisor; left out: none. */
  readonly quicklyHealed?: number;
  /** Draws a fault; `shape` is `null` for any. Returns `null` where the cluster gives none at present. */
  draw(random: Random, shape: string | null, view: View, severity: Severity): Drawn | null;
  /** Its name in reports: `partition:ring`. */
  name(fault: F): string;
  /** What it does, for the history. Clusters add whom it struck, where the fault names nodes. */
  say(fault: F): string;
  /** Whether it is healed after a while. What is not healed has passed at once, or stays. */
  isHealed(fault: F): boolean;
  /** The fault without the nodes that `isKept` turns down; `null` if nothing is left of it. */
  keep(fault: F, isKept: (node: number) => boolean): F | null;
  /** Faults that do a little less, for shrinking. */
  simpler(fault: F): readonly F[];
  /**
   * Reads a fault from a run file.
   *
   * @throws {SyntaxError} If a field is missing or has the wrong form; the message names it.
   */
  parse(value: unknown): F;
}
