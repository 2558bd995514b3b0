/**
 * What a user's module says of a system whose nodes run in this process. Types alone.
 *
 * @module
 */
import type { Random } from "../../../raft/mod.ts";
import type { FlagSpec, FlagValues } from "../../run/flag.ts";
import type { Limits, Target } from "../../run/target.ts";

/** Who sends or receives: a node's number, or the name of a client's operation, such as `"client 17"`. */
export type End = number | string;

/** A message. What arrives is a copy, as JSON makes one. */
export interface NodeMessage {
  /** Who has sent it, or is to receive it. */
  readonly end: End;
  /** What it says. From a client it is an `Invocation`; to a client, the `Completion` of what that has asked. */
  readonly body: unknown;
}

/** What a node does in one step. */
export interface NodeStep {
  /** What it sends: to nodes, and to clients. */
  readonly messages?: readonly NodeMessage[];
  /**
   * When it is to be woken next, in milliseconds of the run, in place of an earlier wish; `null` or left out: it is
   * not.
   */
  readonly wakeAt?: number | null;
}

/** A node in one of its lives. Between its steps it does nothing; within a step, time stands still. */
export interface InProcessNode {
  /** The first step of a life. `now` is in milliseconds of the run, as everywhere here. */
  init?(now: number): NodeStep;
  /** Takes a message in; `null` when it is woken. */
  handle(message: NodeMessage | null, now: number): NodeStep;
  /** What it says of itself. */
  status?(): { readonly primaryIn?: number | null; readonly says?: string };
}

/** What a node is made with. */
export interface NodeContext {
  /** Its number, from 1. */
  readonly id: number;
  /** All nodes, this one among them. */
  readonly ids: readonly number[];
  /** Random numbers: of the run, the node, and its life. A node must take none from elsewhere. */
  readonly random: Random;
  /**
   * What outlives a kill, and is written at once. Values are copied, as JSON does it. All else is lost with the node,
   * which is made anew for each life.
   */
  readonly disk: NodeDisk;
  /** The target's own flags. */
  readonly flags: FlagValues;
}

/** A node's disk. */
export interface NodeDisk {
  /** What is stored under a name; `undefined` if nothing is. */
  read(name: string): unknown;
  /** Stores a value under a name. */
  write(name: string, value: unknown): void;
}

/** A system of nodes in this process, on the virtual clock. */
export interface NodeTarget {
  /** Its name. */
  readonly name: string;
  /** What it is, in one line. */
  readonly about?: string;
  /** The clients that it can have, by name; the first is the default. */
  readonly workloads: Target["workloads"];
  /** Makes a node at the beginning of each of its lives. */
  node(context: NodeContext): InProcessNode;
  /** What must serve again at the end of a run; `majority` if left out (`Limits.serves`). */
  readonly serves?: Limits["serves"];
  /** Its other limits, where the usual ones are not right. */
  readonly limits?: Partial<Limits>;
  /** Its own flags. */
  readonly flags?: FlagSpec;
}

/** How the nodes are set: their flags. */
export interface NodeSetup {
  /** The target's own flags. */
  readonly flags: FlagValues;
}
