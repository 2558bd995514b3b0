/**
 * Restored states: a state machine that has loaded a snapshot has the state from which that was written. Its bytes, its
 * sessions and their size are the same, and its directory is that of a naive one at this index.
 *
 * @module
 */
import { crc32c, type Snapshot } from "../../../raft/mod.ts";
import type { DirectoryEntry } from "../../../server/replica/directory.ts";
import type { World } from "./world.ts";

type Entries = ReadonlyMap<number, DirectoryEntry>;

/** The first byte of a directory's command. */
const DIRECTORY_KIND = 32;
/** How many states are kept for comparison. */
const STATES_KEPT = 16;

/** A state machine, as far as this looks at it. */
interface Restored {
  readonly sessionCount: number;
  readonly replyBytes: number;
  snapshot(): Uint8Array;
}

/** Compares the state machines of all nodes. */
export class RestoredStates {
  readonly #world: World;
  /** The sessions and their bytes, by the index of the state. */
  readonly #sizes = new Map<number, { readonly id: number; readonly sessions: number; readonly bytes: number }>();
  readonly #directory = new Map<number, DirectoryEntry>();
  /** The directories after each change, in order. */
  readonly #directories: { readonly index: number; readonly text: string }[] = [{ index: 0, text: "[]" }];

  constructor(world: World) {
    this.#world = world;
  }

  /** A node has applied a command; `entries` is its directory afterwards. */
  applied(id: number, index: number, command: Uint8Array, entries: Entries): void {
    if (command[0] !== DIRECTORY_KIND) return;
    if (index > this.#directories.at(-1)!.index) {
      const entry = entryOf(command);
      if (entry.address === "") this.#directory.delete(entry.id);
      else this.#directory.set(entry.id, entry);
      this.#directories.push({ index, text: textOf(this.#directory) });
    }
    this.#compares(id, index, entries);
  }

  /** A node begins to write a snapshot of its state at an index. */
  begins(id: number, index: number, { sessionCount: sessions, replyBytes: bytes }: Restored): void {
    const other = this.#sizes.get(index);
    if (other === undefined) this.#sizes.set(index, { id, sessions, bytes });
    else if (other.sessions !== sessions || other.bytes !== bytes) {
      this.#world.broken(
        `restored states: after entry ${index} node ${id} remembers ${sessions} sessions with ${bytes} bytes, ` +
          `and node ${other.id} ${other.sessions} with ${other.bytes}`,
      );
    }
    for (const oldest of this.#sizes.keys()) {
      if (this.#sizes.size <= STATES_KEPT) return;
      this.#sizes.delete(oldest);
    }
  }

  /** A node has loaded a snapshot. */
  loaded(id: number, snapshot: Snapshot, machine: Restored, entries: Entries): void {
    const { index, bytes, digest } = snapshot;
    const state = machine.snapshot();
    if (state.length !== bytes || crc32c(state) !== digest) {
      this.#world.broken(
        `restored states: node ${id} has loaded the snapshot at entry ${index}, and its state differs`,
      );
    }
    this.begins(id, index, machine);
    this.#compares(id, index, entries);
  }

  #compares(id: number, index: number, entries: Entries): void {
    const right = this.#directories.findLast((one) => one.index <= index)!.text;
    const text = textOf(entries);
    if (text === right) return;
    this.#world.broken(`restored states: after entry ${index} the directory of node ${id} is ${text}, not ${right}`);
  }
}

function textOf(entries: Entries): string {
  const sorted = [...entries.values()].sort((a, b) => a.id - b.id);
  return JSON.stringify(sorted.map(({ id, wish, replaces, birth, address }) => [id, wish, replaces, birth, address]));
}

/** The entry in a directory's command: kind, member, wish, whom it replaces, birth, and the address with its length. */
function entryOf(command: Uint8Array): DirectoryEntry {
  const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
  const long = (at: number): number => view.getUint32(at, true) + 4_294_967_296 * view.getUint32(at + 4, true);
  return {
    id: long(1),
    wish: view.getUint8(9) === 1 ? "voter" : "as-is",
    replaces: long(10),
    birth: view.getUint32(18, true),
    address: new TextDecoder().decode(command.subarray(26, 26 + view.getUint32(22, true))),
  };
}
