/**
 * What a replica replicates: any deterministic machine that takes commands as bytes.
 *
 * @module
 */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { ClientReply } from "./client.ts";

/**
 * A deterministic state machine: the same commands in the same order give the same states, the same replies and the
 * same snapshots, on every node and every runtime.
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
   * The whole state as of the first `next()`, in slices, for machines so large that `snapshot` would hold everything
   * else up: each `yield` ends a slice of some 256 KiB, and the host then clears the writer. Commands are applied
   * between the slices; what they change must not show. Given up by the generator's `return`.
   */
  readonly snapshotInSteps?: (writer: ByteWriter) => Generator<void, void>;
  /** Puts the state of a snapshot in the place of the present one. A SyntaxError if it cannot be read. */
  restore(data: Uint8Array): void;
  /** As `restore`, for a machine with `snapshotInSteps`: it gets the slices one by one, as they were written. */
  readonly restoreInSteps?: () => SnapshotLoader;
  /**
   * Whether a command makes the state smaller: it is taken even where the state has grown too large. Default: none
   * does.
   */
  readonly frees?: (command: Uint8Array) => boolean;
}

/** Takes the slices of a snapshot. Until `finish` the machine's state is the one before. */
export interface SnapshotLoader {
  /** Takes the next slice, whose bytes stay the caller's. A SyntaxError if it cannot be read. */
  add(slice: Uint8Array): void;
  /** All slices were added: the machine's state is theirs from now on. */
  finish(): void;
}
