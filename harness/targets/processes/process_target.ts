/**
 * The types for a user's module about a system of processes.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import type { FaultKind, Suffers } from "../../nemesis/faults.ts";
import type { Members } from "../../nemesis/kind.ts";
import type { FlagSpec, FlagValues } from "../../run/flag.ts";
import type { Limits, Target } from "../../run/target.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";

/** A node, in the form that its module gets. */
export interface ProcessNode {
  /** Its number, from 1. */
  readonly id: number;
  /** Its own folder, which outlives its processes and is removed after the run. */
  readonly folder: string;
  /** All nodes at first, including this one. */
  readonly ids: readonly number[];
  /** Whether this is its first life: its folder is empty. */
  readonly isFirstStart: boolean;
  /** The target's own flags. */
  readonly flags: FlagValues;
  /** A port of 127.0.0.1 for the node to listen on. */
  port(name: string): number;
  /**
   * `HOST:PORT` at which this node must dial a port of another node: a proxy that serves only this node. For the node
   * itself, its own port.
   */
  address(name: string, of: number): string;
  /** The value that was passed to `ProcessRig.join`; `null` for one of the first nodes. */
  readonly joining: unknown;
  /**
   * `HOST:PORT` that a node can announce to all others as its own: a proxy that finds out who dials. This requires
   * Linux, or nodes that dial from their own addresses (`source`).
   */
  announced(name: string, of?: number): string;
  /** An address of this machine that only this node dials from: 127.0.1.ID. */
  readonly source: string;
}

/** A client of one node. It serves one process of the history, and is closed when that process ends. */
export interface Client {
  /** Performs an operation. A rejection counts as `info`: the operation may have happened. */
  invoke(operation: Invocation): Promise<Completion>;
  /** Closes its connections. */
  close(): void;
}

/** The state of a node, as it reports it. */
export interface ProcessLook {
  /** The epoch in which it believes to be primary; `null` if it does not. */
  readonly primaryIn: number | null;
  /** The members as it knows them; left out if it does not know them. */
  readonly members?: Members;
  /** A text for people. */
  readonly says?: string;
}

/** The functions for a module's own faults. */
export interface ProcessRig {
  /** All nodes that were ever started and not removed. */
  nodes(): readonly number[];
  /** A node, which may also be one that has yet to join. */
  node(id: number): ProcessNode;
  /** Whether a node runs, is not paused, and is not removed. */
  isAwake(id: number): boolean;
  /** Whether a node with this number may still be started. */
  isSpare(id: number): boolean;
  /** Starts a node that joins; `joining` is passed to its command. */
  join(id: number, joining: unknown): void;
  /** Sets whether a node may end by itself from now on without a complaint. */
  mayEnd(id: number, may: boolean): void;
  /** Removes a node for good, and ends its process if it still runs. */
  remove(id: number): void;
}

/** The primary at one moment, as the nemesis or the proof of life saw it. */
export interface Sighting {
  /** The time in nanoseconds of the run's clock. */
  readonly time: number;
  /** The node, or `null` if there was none. */
  readonly primary: number | null;
  /** The primary's epoch. */
  readonly epoch: number | null;
}

/** A system of processes. */
export interface ProcessTarget {
  /** The name of the target. */
  readonly name: string;
  /** A description in one line. */
  readonly about?: string;
  /** The workloads by name; the first is the default. */
  readonly workloads: Target["workloads"];
  /** Which nodes must serve again at the end of a run. Default: `majority` (`Limits.serves`). */
  readonly serves?: Limits["serves"];
  /** Other limits, in place of the usual ones. */
  readonly limits?: Partial<Limits>;
  /** Its own flags. */
  readonly flags?: FlagSpec;
  /** The names of a node's ports; clients use the first. */
  readonly ports: readonly string[];
  /** Those of `ports` at which nodes take datagrams (UDP) from each other; connections (TCP) work there as well. */
  readonly udp?: readonly string[];
  /** How a node is started: a program and its arguments, in the node's folder. */
  command(node: ProcessNode): { readonly argv: readonly string[]; readonly env?: Readonly<Record<string, string>> };
  /** Whether a node serves; called until it does. Default: when the first port accepts a connection. */
  ready?(node: ProcessNode): Promise<boolean>;
  /** Makes a client of a node. */
  client(node: ProcessNode): Client;
  /** Reads the state of a running node; a rejection means that it is unknown. */
  look?(node: ProcessNode): Promise<ProcessLook>;
  /** Whether a running node is the primary: cheaper than `look`, and often sufficient. */
  isPrimary?(node: ProcessNode): Promise<boolean>;
  /** Other faults than `kill`, `pause`, `partition` and `packets`, which the rig provides. */
  suffers?(rig: ProcessRig): Suffers;
  /** The kinds in `suffers`. */
  readonly faults?: readonly FaultKind[];
  /** Other verdicts than those of the workload. */
  checks?(events: readonly HistoryEvent[], sightings: readonly Sighting[]): Readonly<Record<string, Verdict>>;
}

/** The setup of the processes: their flags. */
export interface ProcessSetup {
  /** The target's own flags. */
  readonly flags: FlagValues;
}
