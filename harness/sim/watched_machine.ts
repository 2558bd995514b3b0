/**
 * The state machine of a simulated node, with a watch on everything that goes in and out: commands, reads, snapshots.
 *
 * @module
 */
import { logIndex } from "../../raft/mod.ts";
import {
  ByteWriter,
  type ClientReply,
  type Journal,
  type SessionMachine,
  type SnapshotLoader,
  type StateMachine,
  withSessions,
} from "../../server/mod.ts";
import type { DirectoryMachine } from "../../server/replica/directory.ts";
import { SESSION_EXPIRED, SESSION_STALE } from "../../server/replica/sessions.ts";
import { DueSnapshots } from "./invariants/due_snapshots.ts";
import type { Invariants } from "./invariants/invariants.ts";
import type { Fate } from "./invariants/sessions.ts";
import { sameBytes } from "./invariants/world.ts";

/** The parts of the watch. */
export interface WatchedParts {
  readonly id: number;
  readonly journal: Journal;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  /** After how many bytes of commands a snapshot is due. */
  readonly dueBytes: number;
  readonly invariants: Pick<Invariants, "broken" | "replies" | "answers" | "sessions" | "restored">;
}

/** A machine of one life of a node: sessions around a directory around the store. */
export class WatchedMachine {
  /** The machine itself. */
  readonly machine: SessionMachine;
  readonly #parts: WatchedParts;
  readonly #inner: DirectoryMachine;
  readonly #sessions: SessionMachine;
  /** Judges when snapshots are taken. */
  readonly due: DueSnapshots;
  /** The last command that it has applied, or the last entry that its snapshot covers. */
  #index = 0;
  /** Whether a snapshot is being loaded: until that is done it keeps its old state. */
  #isLoading = false;
  /** The session's write that is being applied; `null` if it has none. */
  #write: string | null = null;
  #isExecuted = false;

  /** @param inner The machine without sessions. */
  constructor(parts: WatchedParts, inner: DirectoryMachine) {
    this.#parts = parts;
    const { id, journal, dueBytes, invariants } = parts;
    this.due = new DueSnapshots(id, journal, dueBytes, (what) => invariants.broken(what));
    this.#inner = inner;
    // Not `Object.create`: a prototype for each life would make each machine's calls slow.
    const executed: StateMachine = { ...inner, apply: this.#execute };
    const machine = this.#sessions = withSessions(executed, parts.maxSessions);
    this.machine = {
      ...machine,
      get sessionCount() {
        return machine.sessionCount;
      },
      apply: this.#apply,
      read: this.#read,
      snapshotInSteps: (writer) => this.#snapshotInSteps(writer),
      restoreInSteps: this.#restoreInSteps,
    };
  }

  /** The last entry that its state contains, if its node has handed out all entries up to `handedOut`. */
  index(handedOut: number): number {
    return this.#isLoading ? this.#index : handedOut;
  }

  /** A command that is applied must come after the last one, and must be the log's. */
  readonly #apply = (command: Uint8Array, index: number): ClientReply => {
    const { id, journal, invariants } = this.#parts;
    if (index <= this.#index) {
      invariants.broken(`state machine safety: node ${id} applies entry ${index} after entry ${this.#index}`);
    }
    const data = journal.entryAt(logIndex(index))?.data;
    if (data !== undefined && data !== command && !sameBytes(data, command)) {
      invariants.broken(`state machine safety: node ${id} applies another command than entry ${index} has`);
    }
    this.#index = index;
    this.due.applied(command);
    const write = invariants.sessions.writeOf(index, command);
    this.#write = write === null ? null : write.name;
    this.#isExecuted = false;
    const reply = this.#sessions.apply(command, index);
    if (write !== null) invariants.sessions.applied(id, index, write, this.#isExecuted ? "executed" : fateOf(reply));
    return reply;
  };

  readonly #execute = (command: Uint8Array, index: number): ClientReply => {
    const { id, invariants } = this.#parts;
    const reply = this.#inner.apply(command, index);
    this.#isExecuted = true;
    if (this.#write !== null) invariants.replies.applied(this.#write, index, reply);
    invariants.answers.applied(id, index, command, reply);
    invariants.restored.applied(id, index, command, this.#inner.entries);
    return reply;
  };

  readonly #read = (command: Uint8Array): ClientReply => {
    const { id, invariants } = this.#parts;
    const reply = this.#sessions.read(command);
    invariants.answers.read(id, this.#index, command, reply);
    return reply;
  };

  /** A snapshot in steps must contain the state in which it began. */
  *#snapshotInSteps(writer: ByteWriter): Generator<void, void> {
    const { id, invariants } = this.#parts;
    const state = this.#sessions.snapshot(), index = this.#index;
    const written = new ByteWriter(state.length);
    invariants.restored.begins(id, index, this.#sessions);
    this.due.begins();
    const steps = this.#sessions.snapshotInSteps!(writer);
    try {
      for (let isDone = steps.next().done === true;; isDone = steps.next().done === true) {
        if (writer.length > 0) written.bytesWithLength(writer.view());
        if (isDone) break;
        yield;
      }
    } finally {
      steps.return();
    }
    if (sameBytes(written.view(), state)) return;
    invariants.broken(`state machine safety: the snapshot of node ${id} at entry ${index} is not its state then`);
  }

  /** The snapshot that a replica loads must be the latest of its journal. */
  readonly #restoreInSteps = (): SnapshotLoader => {
    const loader = this.#sessions.restoreInSteps!();
    this.#isLoading = true;
    this.due.loaded();
    return {
      add: (slice) => loader.add(slice),
      finish: () => {
        loader.finish();
        this.#isLoading = false;
        const { id, journal, invariants } = this.#parts;
        this.#index = journal.snapshotIndex;
        if (journal.snapshot !== null) {
          invariants.restored.loaded(id, journal.snapshot, this.#sessions, this.#inner.entries);
        }
      },
    };
  };
}

/** What became of a session's write that was not executed. */
function fateOf(reply: ClientReply): Fate {
  if (reply.type !== "fail") return "repeated";
  return reply.error === SESSION_EXPIRED ? "expired" : reply.error === SESSION_STALE ? "answered before" : "repeated";
}
