/**
 * One life of a node: its process from start to end. A node that is killed and started again begins another life.
 *
 * @module
 */
import type { Child } from "./child.ts";
import type { Message } from "./protocol.ts";

/** A node's error, after which the run must end. */
export interface Breach {
  /** A description without the node's name: "ended by itself with status 1". */
  readonly what: string;
  /** Whether it is certainly the node's fault. If not, the run's verdict is unknown. */
  readonly isCertain: boolean;
}

/** The callbacks of a life. */
export interface Ears {
  /** Called with each message that the node sends, and the line that it wrote. */
  heard(message: Message, text: string): void;
  /** Called when the node broke a rule, or ended by itself. */
  broken(breach: Breach): void;
}

/** A life. */
export interface Life {
  /** Its process. */
  readonly child: Child;
  /** Delivers a message, as a line of JSON. */
  deliver(line: string): void;
  /** Pauses the process; later messages wait. */
  pause(): void;
  /** Resumes the process. */
  resume(): void;
  /** Kills the process. In lockstep it may end in the middle of its next step. */
  kill(): void;
  /** Ends the process now; no more callbacks follow. */
  end(): void;
}
