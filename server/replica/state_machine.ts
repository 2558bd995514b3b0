/**
 * The interface of a replicated state machine: any deterministic machine that takes commands as bytes.
 *
 * @module
 */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { ClientReply } from "./client.ts";

/**
 * A deterministic state machine: the same commands in the same order give the same states, replies and snapshots on
 * every node and every runtime.
 *
 * No method may throw for a command that it does not understand; it replies with a `fail`.
 */
export interface StateMachine {
  /** Applies the command of a committed entry. */
  apply(command: Uint8Array, index: number): ClientReply;
  /** Whether a command only reads, so that it needs no entry in the log. */
  isRead(command: Uint8Array): boolean;
  /** Answers a read from the current state. */
  read(command: Uint8Array): ClientReply;
  /** The whole state. */
  snapshot(): Uint8Array;
  /**
   * The whole state as of the first `next()`, in slices: for machines so large that `snapshot` would block the node.
   * Each `yield` ends a slice of some 256 KiB, and the host then clears the writer. Commands are applied between the
   * slices; their changes must not show. The generator's `return` gives the snapshot up.
   */
  readonly snapshotInSteps?: (writer: ByteWriter) => Generator<void, void>;
  /** Replaces the current state by that of a snapshot. Throws a SyntaxError if it cannot be read. */
  restore(data: Uint8Array): void;
  /** As `restore`, for a machine with `snapshotInSteps`: it gets the slices one by one, as they were written. */
  readonly restoreInSteps?: () => SnapshotLoader;
  /**
   * Whether a command makes the state smaller. Such a command is accepted even when the state is too large. Default:
   * none is.
   */
  readonly frees?: (command: Uint8Array) => boolean;
}

/** Loads the slices of a snapshot. Until `finish` the machine keeps its old state. */
export interface SnapshotLoader {
  /** Reads the next slice; its bytes still belong to the caller. Throws a SyntaxError if it cannot be read. */
  add(slice: Uint8Array): void;
  /** All slices were added: the machine takes over the loaded state. */
  finish(): void;
}
