/**
 * Applies committed commands to the state machine, and gives the results to whoever proposed the commands.
 *
 * @module
 */
import type { RaftApplyCommand, RaftNode, Snapshot } from "../../raft/mod.ts";
import type { Journal } from "../journal/journal.ts";
import type { Proposals } from "./proposals.ts";
import { SnapshotLoad } from "./snapshot_load.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";
import type { StateMachine } from "./state_machine.ts";

/** The parts that applying needs. */
interface ApplierOptions {
  readonly node: RaftNode;
  readonly journal: Journal;
  readonly machine: StateMachine;
  readonly proposals: Proposals;
  readonly snapshots: SnapshotWriter;
}

/** Applies the log of one node to its machine. */
export class Applier {
  readonly #options: ApplierOptions;
  /** A snapshot that is being loaded into the machine. Nothing is applied meanwhile. */
  #load: SnapshotLoad | null = null;
  #appliedIndex: number;
  /** Whether the machine has the state that the node started from. */
  #isReady = true;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#appliedIndex = options.node.appliedIndex;
    const restored = options.node.drainRestored();
    if (restored === null) return;
    this.#isReady = false;
    this.#appliedIndex = 0;
    this.#begin(restored);
  }

  /** The last index that the machine has applied. */
  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** Whether the machine's state may be read: `false` until the state that the node started from is loaded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether a snapshot is being loaded. */
  get isLoading(): boolean {
    return this.#load !== null;
  }

  /**
   * Loads a piece of a snapshot, if there is one. Otherwise applies committed commands and answers them.
   *
   * @returns Whether it must be called again, after other work.
   */
  applyCommitted(): boolean {
    const { node, proposals } = this.#options;
    if (this.#load === null && node.commitIndex === this.#appliedIndex) return false;
    const restored = node.drainRestored();
    if (restored !== null) this.#begin(restored);
    if (this.#load !== null) {
      const progress = this.#load.step();
      if (progress !== "done") return progress === "goes on";
      this.#end(this.#load);
    }
    while (node.appliedIndex < node.commitIndex) {
      const commands = node.drainApplied();
      for (let i = 0; i < commands.length; i++) this.#apply(commands[i]!);
    }
    if (node.appliedIndex !== this.#appliedIndex) {
      proposals.discard(this.#appliedIndex + 1, node.appliedIndex + 1);
      this.#appliedIndex = node.appliedIndex;
    }
    return false;
  }

  #begin(snapshot: Snapshot): void {
    const { journal, machine, proposals, snapshots } = this.#options;
    snapshots.replaced(snapshot.bytes);
    proposals.covered(snapshot.index);
    this.#load = new SnapshotLoad(snapshot, journal, machine);
  }

  #end(load: SnapshotLoad): void {
    this.#load = null;
    this.#isReady = true;
    this.#appliedIndex = load.snapshot.index;
  }

  #apply({ index, term, command }: RaftApplyCommand): void {
    const { machine, proposals, snapshots } = this.#options;
    if (index !== this.#appliedIndex + 1) proposals.discard(this.#appliedIndex + 1, index);
    this.#appliedIndex = index;
    snapshots.applied(command);
    proposals.applied(index, term, machine.apply(command, index));
  }
}
