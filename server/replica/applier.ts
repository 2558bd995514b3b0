/**
 * From what the core has committed to the state machine, and back to whoever proposed it.
 *
 * @module
 */
import type { RaftApplyCommand, RaftNode } from "../../raft/mod.ts";
import type { Proposals } from "./proposals.ts";
import type { SnapshotSteps } from "./snapshot_steps.ts";
import type { StateMachine } from "./state_machine.ts";

/** What applying needs. */
export interface ApplierOptions {
  readonly node: RaftNode;
  readonly machine: StateMachine;
  readonly proposals: Proposals;
  readonly snapshots: SnapshotSteps;
}

/** Applies the log of one node to its machine. */
export class Applier {
  readonly #options: ApplierOptions;
  #appliedIndex: number;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#appliedIndex = options.node.appliedIndex;
  }

  /** Up to where the machine has come. */
  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** Loads a leader's snapshot, if one has come, and applies and answers what is committed. */
  applyCommitted(): void {
    const { node, proposals } = this.#options;
    if (node.commitIndex === this.#appliedIndex) return;
    this.#restore();
    for (let commands = node.drainApplied(); commands.length > 0; commands = node.drainApplied()) {
      for (let i = 0; i < commands.length; i++) this.#apply(commands[i]!);
    }
    if (node.appliedIndex !== this.#appliedIndex) {
      proposals.discard(this.#appliedIndex + 1, node.appliedIndex + 1);
      this.#appliedIndex = node.appliedIndex;
    }
  }

  #restore(): void {
    const { node, machine, proposals, snapshots } = this.#options;
    const snapshot = node.drainRestored();
    if (snapshot === null) return;
    snapshots.restored(snapshot.data);
    machine.restore(snapshot.data);
    proposals.covered(snapshot.index);
    this.#appliedIndex = snapshot.index;
  }

  #apply({ index, term, command }: RaftApplyCommand): void {
    const { machine, proposals, snapshots } = this.#options;
    if (index !== this.#appliedIndex + 1) proposals.discard(this.#appliedIndex + 1, index);
    this.#appliedIndex = index;
    snapshots.applied(command);
    proposals.applied(index, term, machine.apply(command, index));
  }
}
