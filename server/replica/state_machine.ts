/**
 * What a replica replicates: any deterministic machine that takes commands as bytes.
 *
 * @module
 */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { ClientReply } from "./client.ts";

/**
 * A deterministic state machine: the same commands in the same order give the same states and the same replies, on every node and every runtime.
 *
 * No method may throw for a command that it does not understand: it answers with a `fail`.
 */
export interface StateMachine {
  /** Applies the command of a committed entry. */
  apply(command: Uint8Array, index: number): ClientReply;
  /** Whether a command only reads, so that it needs no entry in the log. */
  isRead(command: Uint8Array): boolean;
  /** Answers a command that only reads from the present state. */
  read(command: Uint8Array): ClientReply;
  /** The whole state. */
  snapshot(): Uint8Array;
  /**
   * The whole state as of now, written a piece at a time, for machines so large that `snapshot` would hold everything else up.
   * Commands are applied between the pieces; what they change must not show. Given up by the generator's `return`.
   */
  readonly snapshotInSteps?: (writer: ByteWriter) => Generator<void, void>;
  /** Puts the state of a snapshot in the place of the present one. A SyntaxError if it cannot be read. */
  restore(data: Uint8Array): void;
}
