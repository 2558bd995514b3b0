/**
 * When a replica takes a snapshot of its machine, and how: in steps where the machine can, one with each batch of inputs, so that none waits for long.
 *
 * @module
 */
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { StateMachine } from "./state_machine.ts";

/** What the snapshots need. */
export interface SnapshotStepsOptions {
  readonly machine: StateMachine;
  /** A snapshot is due after so many bytes of applied commands, or as many as the last one had, whichever is more. */
  readonly dueBytes: number;
  /** How long the snapshot is that the replica starts from, in bytes. */
  readonly lastBytes: number;
  /** Takes a snapshot of the state at an index. */
  readonly take: (index: number, data: Uint8Array) => void;
}

/** The snapshots of one replica's machine. */
export class SnapshotSteps {
  readonly #options: SnapshotStepsOptions;
  #appliedBytes = 0;
  #lastBytes: number;
  /** The snapshot that is being written: of which index, and how to go on. */
  #growing: { readonly index: number; readonly writer: ByteWriter; readonly steps: Generator<void, void> } | null =
    null;

  constructor(options: SnapshotStepsOptions) {
    this.#options = options;
    this.#lastBytes = options.lastBytes;
  }

  /** Whether so much was applied that the next one is due. */
  get isDue(): boolean {
    return this.#appliedBytes > this.#options.dueBytes && this.#appliedBytes > this.#lastBytes;
  }

  /** A command was applied. */
  applied(command: Uint8Array): void {
    this.#appliedBytes += command.length;
  }

  /** A leader's snapshot took the machine's place: what was being written of the old state is given up. */
  restored(data: Uint8Array): void {
    this.#growing?.steps.return();
    this.#growing = null;
    this.#lastBytes = data.length;
    this.#appliedBytes = 0;
  }

  /** Begins a snapshot of the state as of now, unless one is being written: then `false`. */
  begin(index: number): boolean {
    if (this.#growing !== null) return false;
    const { machine } = this.#options;
    // What is applied while it grows counts towards the next one.
    this.#appliedBytes = 0;
    if (machine.snapshotInSteps === undefined) {
      this.#end(index, machine.snapshot());
    } else {
      const writer = new ByteWriter(this.#lastBytes + 65_536);
      this.#growing = { index, writer, steps: machine.snapshotInSteps(writer) };
      // The first piece at once: a generator looks at the state only when it is asked, and commands may be applied before that.
      this.step();
    }
    return true;
  }

  /** Writes the next piece of what was begun. */
  step(): void {
    if (this.#growing === null) return;
    const { index, writer, steps } = this.#growing;
    if (steps.next().done !== true) return;
    this.#growing = null;
    this.#end(index, writer.view());
  }

  #end(index: number, data: Uint8Array): void {
    this.#lastBytes = data.length;
    this.#options.take(index, data);
  }
}
