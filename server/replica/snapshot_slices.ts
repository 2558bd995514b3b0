/**
 * Snapshots as slices: the pieces that a machine writes and reads. In a file each slice follows its length in 32 bits.
 *
 * @module
 */
import { ByteReader, u32At } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { SnapshotLoader, StateMachine } from "./state_machine.ts";

/** The slices of a machine's state; one slice, if it lacks `snapshotInSteps`. Empty slices are skipped. */
export function* slicesOf(machine: StateMachine, writer: ByteWriter): Generator<void, void> {
  if (machine.snapshotInSteps !== undefined) yield* machine.snapshotInSteps(writer);
  else writer.bytes(machine.snapshot());
}

/** A loader of a machine's slices. A machine without `restoreInSteps` gets them as a whole. */
export function loaderOf(machine: StateMachine): SnapshotLoader {
  if (machine.restoreInSteps !== undefined) return machine.restoreInSteps();
  const whole = new ByteWriter(1024);
  return { add: (slice) => whole.bytes(slice), finish: () => machine.restore(whole.copy()) };
}

const OWN = 0;
const INNER = 1;

/**
 * The slices of a machine that wraps another: its own slice first, then the inner machine's. Each begins with a byte
 * that tells which. Both states are those of the first `next()`.
 */
export function* slicesAround(
  writeOwn: (writer: ByteWriter) => void,
  inner: StateMachine,
  writer: ByteWriter,
): Generator<void, void> {
  const slice = new ByteWriter(1024);
  const steps = slicesOf(inner, slice);
  try {
    writer.u8(OWN);
    writeOwn(writer);
    for (let isDone = steps.next().done === true;; isDone = steps.next().done === true) {
      yield;
      if (slice.length > 0) {
        writer.u8(INNER);
        writer.bytes(slice.view());
        slice.clear();
      }
      if (isDone) return;
    }
  } finally {
    steps.return();
  }
}

/** Loads slices that `slicesAround` wrote. */
export function loaderAround(own: SnapshotLoader, machine: StateMachine): SnapshotLoader {
  const inner = loaderOf(machine);
  return {
    add(slice) {
      const mark = slice[0];
      if (mark !== OWN && mark !== INNER) throw new SyntaxError(`Cannot read a snapshot: a slice has the mark ${mark}`);
      (mark === OWN ? own : inner).add(slice.subarray(1));
    },
    finish() {
      inner.finish();
      own.finish();
    },
  };
}

/** Joins all slices of a generator, each after its length. */
export function joinSlices(slices: (writer: ByteWriter) => Generator<void, void>): Uint8Array {
  const [writer, joined] = [new ByteWriter(1024), new ByteWriter(1024)];
  const steps = slices(writer);
  for (let isDone = false; !isDone;) {
    isDone = steps.next().done === true;
    if (writer.length > 0) joined.bytesWithLength(writer.view());
    writer.clear();
  }
  return joined.copy();
}

/** Gives a loader the slices that `joinSlices` has joined. */
export function loadSlices(data: Uint8Array, loader: SnapshotLoader): void {
  const reader = new ByteReader(data, "a snapshot");
  while (reader.left > 0) loader.add(reader.bytesWithLength("a slice"));
  loader.finish();
}

/** Extracts slices from bytes that come in pieces of any length. A slice of many pieces is copied once. */
export class SliceReader {
  readonly #onSlice: (slice: Uint8Array) => void;
  /** The beginning of a slice, its length included, of which the pieces so far hold only a part. */
  readonly #rest = new ByteWriter(1024);

  constructor(onSlice: (slice: Uint8Array) => void) {
    this.#onSlice = onSlice;
  }

  /** Takes the next piece. */
  add(piece: Uint8Array): void {
    let at = 0;
    while (this.#rest.length > 0 && at < piece.length) at += this.#complete(piece, at);
    while (at + 4 <= piece.length) {
      const end = at + 4 + u32At(piece, at);
      if (end > piece.length) break;
      this.#onSlice(piece.subarray(at + 4, end));
      at = end;
    }
    this.#rest.bytes(piece.subarray(at));
  }

  /** Takes bytes of the slice that has begun: first of its length, then of itself. Returns how many. */
  #complete(piece: Uint8Array, at: number): number {
    const rest = this.#rest;
    const known = rest.length < 4 ? 4 : 4 + u32At(rest.memory, 0);
    const taken = Math.min(known - rest.length, piece.length - at);
    rest.bytes(piece.subarray(at, at + taken));
    if (rest.length >= 4 && rest.length === 4 + u32At(rest.memory, 0)) {
      this.#onSlice(rest.view().subarray(4));
      rest.clear();
    }
    return taken;
  }

  /** Ends the reading. Throws a SyntaxError if the last slice is incomplete. */
  end(): void {
    if (this.#rest.length > 0) throw new SyntaxError("Cannot read a snapshot: its last slice is cut short");
  }
}
