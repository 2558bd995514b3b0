/**
 * One life of a node: its process from a start to its end. A node that is killed and started again has another.
 *
 * @module
 */
import type { Child } from "./child.ts";
import type { Message } from "./protocol.ts";

/** What is wrong with a node, so that the run must end. */
export interface Breach {
  /** What it did, without its name: "ended by itself with status 1". */
  readonly what: string;
  /** Whether it is the node's fault for certain. If not, the run is unknown. */
  readonly isCertain: boolean;
}

/** Who hears of a life. */
export interface Ears {
  /** A message that the node sends, and the line that it wrote. */
  heard(message: Message, text: string): void;
  /** The node broke a rule, or ended by itself. */
  broken(breach: Breach): void;
}

/** A life. */
export interface Life {
  /** Its process. */
  readonly child: Child;
  /** Hands it a message, as a line of JSON. */
  deliver(line: string): void;
  /** It stands still: what comes meanwhile waits. */
  pause(): void;
  /** It goes on. */
  resume(): void;
  /** It ends at once. In lockstep it may end in the middle of its next step. */
  kill(): void;
  /** It ends, now, and nothing more is heard of it. */
  end(): void;
}
