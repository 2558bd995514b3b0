/**
 * The types for a user's module about a system whose nodes run in this process.
 *
 * @module
 */
import type { Random } from "../../../raft/mod.ts";
import type { FlagSpec, FlagValues } from "../../run/flag.ts";
import type { Limits, Target } from "../../run/target.ts";

/** A sender or receiver: a node's number, or the name of a client's operation, such as `"client 17"`. */
export type End = number | string;

/** A message. The receiver gets a copy, made through JSON. */
export interface NodeMessage {
  /** The sender of a received message, or the receiver of a sent one. */
  readonly end: End;
  /** The content. From a client it is an `Invocation`; to a client, the `Completion` of its operation. */
  readonly body: unknown;
}

/** The result of one step of a node. */
export interface NodeStep {
  /** The messages to send, to nodes and to clients. */
  readonly messages?: readonly NodeMessage[];
  /**
   * When to wake the node next, in milliseconds of the run, in place of an earlier request; `null` or left out: never.
   */
  readonly wakeAt?: number | null;
}

/** A node in one of its lives. It acts only in steps, and time stands still during a step. */
export interface InProcessNode {
  /** The first step of a life. `now` is in milliseconds of the run, as everywhere here. */
  init?(now: number): NodeStep;
  /** Handles a message; `null` is a wake-up. */
  handle(message: NodeMessage | null, now: number): NodeStep;
  /** The status of the node. */
  status?(): { readonly primaryIn?: number | null; readonly says?: string };
}

/** The arguments for making a node. */
export interface NodeContext {
  /** Its number, from 1. */
  readonly id: number;
  /** All nodes, including this one. */
  readonly ids: readonly number[];
  /** Random numbers that depend on the run, the node, and its life. A node must not use any others. */
  readonly random: Random;
  /**
   * Storage that survives a kill; writes take effect at once. Values are copied through JSON. Everything else is lost
   * with the node, which is made again for each life.
   */
  readonly disk: NodeDisk;
  /** The target's own flags. */
  readonly flags: FlagValues;
}

/** A node's disk. */
export interface NodeDisk {
  /** The value with a name; `undefined` if there is none. */
  read(name: string): unknown;
  /** Stores a value under a name. */
  write(name: string, value: unknown): void;
}

/** A system of nodes in this process, on the virtual clock. */
export interface NodeTarget {
  /** The name of the target. */
  readonly name: string;
  /** A description in one line. */
  readonly about?: string;
  /** The workloads by name; the first is the default. */
  readonly workloads: Target["workloads"];
  /** Makes a node at the beginning of each of its lives. */
  node(context: NodeContext): InProcessNode;
  /** Which nodes must serve again at the end of a run. Default: `majority` (`Limits.serves`). */
  readonly serves?: Limits["serves"];
  /** Other limits, in place of the usual ones. */
  readonly limits?: Partial<Limits>;
  /** Its own flags. */
  readonly flags?: FlagSpec;
}

/** The setup of the nodes: their flags. */
export interface NodeSetup {
  /** The target's own flags. */
  readonly flags: FlagValues;
}
