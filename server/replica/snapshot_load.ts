/**
 * Loads a snapshot from the journal into the machine, one piece with each batch of inputs, so that nothing waits for
 * long.
 *
 * @module
 */
import type { Snapshot } from "../../raft/mod.ts";
import type { Journal } from "../journal/journal.ts";
import { loaderOf, SliceReader } from "./snapshot_slices.ts";
import type { SnapshotLoader, StateMachine } from "./state_machine.ts";

/** How many bytes are loaded at a time. */
const PIECE = 262_144;

/** One snapshot that is being loaded. */
export class SnapshotLoad {
  readonly snapshot: Snapshot;
  readonly #journal: Journal;
  readonly #loader: SnapshotLoader;
  readonly #slices: SliceReader;
  #at = 0;

  constructor(snapshot: Snapshot, journal: Journal, machine: StateMachine) {
    this.snapshot = snapshot;
    this.#journal = journal;
    const loader = this.#loader = loaderOf(machine);
    this.#slices = new SliceReader((slice) => loader.add(slice));
  }

  /** Loads the next piece. `"waits"`: the journal is still reading its bytes, and will call `onProgress`. */
  step(): "done" | "goes on" | "waits" {
    if (this.#at < this.snapshot.bytes) {
      const piece = this.#journal.readSnapshot(this.snapshot, this.#at, PIECE);
      if (piece === null) return "waits";
      this.#slices.add(piece);
      this.#at += piece.length;
      if (this.#at < this.snapshot.bytes) return "goes on";
    }
    this.#slices.end();
    this.#loader.finish();
    return "done";
  }
}
