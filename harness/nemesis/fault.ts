/**
 * The one vocabulary of faults, for every kind of cluster. A fault names what it strikes, so that a recorded schedule can be replayed, and shrunk, without the nemesis.
 *
 * @module
 */

/** A direction between two nodes: what the first sends to the second. */
export type Link = readonly [from: number, to: number];

/** Every direction in `cut` delivers nothing. */
export interface PartitionFault {
  /** Its kind. */
  readonly kind: "partition";
  /** The shape by which the cut was drawn, for people: `halves`, `ring`, ... */
  readonly shape: string;
  /** What is cut. */
  readonly cut: readonly Link[];
}

/**
 * The nodes end at once, or in the middle of their next write, and lose what they had not synced; now and then only the process ends, and it is lost with
 * the next loss unless it is synced before. Healed by a restart.
 */
export interface KillFault {
  /** Its kind. */
  readonly kind: "kill";
  /** The rule by which the nodes were drawn, for people: `leader`, `minority`, ... */
  readonly shape: string;
  /** Whom it strikes. */
  readonly nodes: readonly number[];
}

/** The nodes stand still while time goes on, and then continue with everything that has arrived. */
export interface PauseFault {
  /** Its kind. */
  readonly kind: "pause";
  /** The rule by which the nodes were drawn, for people: `leader`, `minority`, ... */
  readonly shape: string;
  /** Whom it strikes. */
  readonly nodes: readonly number[];
}

/** Messages on these links are lost, doubled or late by chance; lateness beyond the ordinary latency is what reorders them. */
export interface PacketsFault {
  /** Its kind. */
  readonly kind: "packets";
  /** Where it lies. */
  readonly links: readonly Link[];
  /** The share of messages that are lost, from 0 to 1. */
  readonly loss: number;
  /** The share of messages that arrive twice, from 0 to 1. */
  readonly duplication: number;
  /** The longest additional delay in nanoseconds; each message draws its own. */
  readonly delay: number;
}

/** The nodes' ticks run at another pace. */
export interface ClockFault {
  /** Its kind. */
  readonly kind: "clock";
  /** Whom it strikes. */
  readonly nodes: readonly number[];
  /** `rate`: every tick takes `factor` of its proper length. `stall`: no tick at all. `jump`: `ticks` at once, then as before. */
  readonly effect: "rate" | "stall" | "jump";
  /** For `rate`: above 1 is slow, below 1 is fast. */
  readonly factor?: number;
  /** For `jump`. */
  readonly ticks?: number;
}

/** Something is wrong with the nodes' disks. */
export interface DiskFault {
  /** Its kind. */
  readonly kind: "disk";
  /** Whom it strikes. */
  readonly nodes: readonly number[];
  /**
   * `slow`: syncs take `factor` times as long. `full`: every append and replace fails, which ends the node; healed by space and a restart.
   * `tear`: the node ends in the middle of a write, of which a part stays; healed by a restart.
   * `flip`: the node ends, and a bit of its journal changes ahead of its last batch; it must refuse to start, and never comes back under its number.
   */
  readonly effect: "slow" | "full" | "tear" | "flip";
  /** For `slow`. */
  readonly factor?: number;
}

/** A change of the cluster's members, or of its leader, asked of whoever leads. It has no healing: what was changed stays. */
export interface MemberFault {
  /** Its kind. */
  readonly kind: "member";
  /**
   * `add`: a new node joins as a learner and is promoted when it has caught up. `remove`: a member leaves. `replace`: `node` joins as `add` does, then `old` leaves,
   * both in one joint configuration where the cluster can. `promote`, `demote`: a learner becomes a voter, or the reverse. `transfer`: leadership goes to `node`.
   */
  readonly change: "add" | "remove" | "replace" | "promote" | "demote" | "transfer";
  /** The node that is changed, or that comes. */
  readonly node: number;
  /** For `replace`. */
  readonly old?: number;
}

/** The nodes take a snapshot and compact their logs, so that snapshots travel. It has no healing. */
export interface CompactFault {
  /** Its kind. */
  readonly kind: "compact";
  /** Whom it strikes. */
  readonly nodes: readonly number[];
}

/** Anything that the nemesis can do to a cluster. */
export type Fault =
  | PartitionFault
  | KillFault
  | PauseFault
  | PacketsFault
  | ClockFault
  | DiskFault
  | MemberFault
  | CompactFault;

/** The name of a kind of fault. */
export type FaultKind = Fault["kind"];

/** Every kind of fault, in the order in which they are reported. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "partition",
  "kill",
  "pause",
  "packets",
  "clock",
  "disk",
  "member",
  "compact",
];
