/**
 * What a user's module says of a system of processes. Types alone.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../../checker/mod.ts";
import type { FaultKind, Suffers } from "../../nemesis/faults.ts";
import type { Members } from "../../nemesis/kind.ts";
import type { FlagSpec, FlagValues } from "../../run/flag.ts";
import type { Limits, Target } from "../../run/target.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";

/** A node as its module sees it. */
export interface ProcessNode {
  /** Its number, from 1. */
  readonly id: number;
  /** A folder of its own, which outlives its processes and is gone after the run. */
  readonly folder: string;
  /** All nodes at first, this one among them. */
  readonly ids: readonly number[];
  /** Whether this is its first life: its folder is empty. */
  readonly isFirstStart: boolean;
  /** The target's own flags. */
  readonly flags: FlagValues;
  /** A port of 127.0.0.1, for the node to listen on. */
  port(name: string): number;
  /**
   * `HOST:PORT` where this node is to dial a port of another: a proxy that serves this node alone. Of itself: its own
   * port.
   */
  address(name: string, of: number): string;
  /** What `ProcessRig.join` was told of it; `null` for one of the first nodes. */
  readonly joining: unknown;
  /**
   * `HOST:PORT` that a node can announce to all others as its own: a proxy that finds out who dials. That takes Linux,
   * or nodes that dial from addresses of their own (`source`).
   */
  announced(name: string, of?: number): string;
  /** An address of this machine for the node to dial from, which no other node has: 127.0.1.ID. */
  readonly source: string;
}

/** A client of one node. It serves one process of the history, and is closed when that ends. */
export interface Client {
  /** Performs an operation. A rejection counts as `info`: it may have happened. */
  invoke(operation: Invocation): Promise<Completion>;
  /** Closes its connections. */
  close(): void;
}

/** What a node says of itself. */
export interface ProcessLook {
  /** In which epoch it holds itself to be the primary; `null` if it does not. */
  readonly primaryIn: number | null;
  /** The members, as it holds them; left out if it cannot tell. */
  readonly members?: Members;
  /** What it says, for people. */
  readonly says?: string;
}

/** What a module can do to its cluster, for faults of its own. */
export interface ProcessRig {
  /** The nodes that were ever started and not removed. */
  nodes(): readonly number[];
  /** A node, also one that may still join. */
  node(id: number): ProcessNode;
  /** Whether a node runs, is not paused, and is not removed. */
  isAwake(id: number): boolean;
  /** Whether there is a place for a node of this number that has not been started yet. */
  isSpare(id: number): boolean;
  /** Starts a node that joins; `joining` is for its command. */
  join(id: number, joining: unknown): void;
  /** From now on a node may end by itself; `false` takes that back. */
  mayEnd(id: number, may: boolean): void;
  /** A node is taken out for good: its process is ended, unless it has ended already. */
  remove(id: number): void;
}

/** When the run saw which primary: as often as the nemesis or the proof of life looked. */
export interface Sighting {
  /** Nanoseconds of the run's clock. */
  readonly time: number;
  /** The node, or `null` if there was none. */
  readonly primary: number | null;
  /** Its epoch. */
  readonly epoch: number | null;
}

/** A system of processes. */
export interface ProcessTarget {
  /** Its name. */
  readonly name: string;
  /** What it is, in one line. */
  readonly about?: string;
  /** The clients that it can have, by name; the first is the default. */
  readonly workloads: Target["workloads"];
  /** What must serve again at the end of a run; `majority` if left out (`Limits.serves`). */
  readonly serves?: Limits["serves"];
  /** Its other limits, where the usual ones are not right. */
  readonly limits?: Partial<Limits>;
  /** Its own flags. */
  readonly flags?: FlagSpec;
  /** The names of a node's ports; the first is the clients'. */
  readonly ports: readonly string[];
  /** How a node is started: a program and its arguments, in the node's folder. */
  command(node: ProcessNode): { readonly argv: readonly string[]; readonly env?: Readonly<Record<string, string>> };
  /** Whether a node serves; asked until it does. Left out: when the first port accepts a connection. */
  ready?(node: ProcessNode): Promise<boolean>;
  /** A client of a node. */
  client(node: ProcessNode): Client;
  /** What a running node says of itself; a rejection says nothing. */
  look?(node: ProcessNode): Promise<ProcessLook>;
  /** Whether a running node is the primary: less than `look`, and often enough. */
  isPrimary?(node: ProcessNode): Promise<boolean>;
  /** Faults beside `kill`, `pause`, `partition` and `packets`, which the rig brings. */
  suffers?(rig: ProcessRig): Suffers;
  /** The kinds that `suffers` brings. */
  readonly faults?: readonly FaultKind[];
  /** Verdicts beside the workload's. */
  checks?(events: readonly HistoryEvent[], sightings: readonly Sighting[]): Readonly<Record<string, Verdict>>;
}

/** How the processes are set: their flags. */
export interface ProcessSetup {
  /** The target's own flags. */
  readonly flags: FlagValues;
}
