/**
 * The backups that clients are taking: the store as of one moment, slice by slice, while the node goes on.
 *
 * @module
 */
import { ByteWriter } from "../bytes/byte_writer.ts";
import { type Clock, SECOND, type Timer } from "../clock.ts";
import type { KvStore } from "../store/kv_store.ts";

/** How many backups may be taken at once: each keeps the old values of what changes meanwhile. */
const STREAMS_MAX = 2;
/** A backup is given up if its client asks for no slice for this long. */
const IDLE_TIME = 30 * SECOND;

interface Stream {
  readonly slices: Generator<void, void>;
  readonly writer: ByteWriter;
  /** The next slice to hand out; `null` after the last. */
  next: Uint8Array | null;
  timer: Timer;
}

/** The backups that are being taken from one node. */
export class BackupStreams {
  readonly #store: KvStore;
  readonly #clock: Clock;
  readonly #streams = new Map<number, Stream>();
  #lastId = 0;

  constructor(store: KvStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Begins a backup of the store as it is now. Returns its number; `null` if too many are being taken. */
  begin(): number | null {
    if (this.#streams.size >= STREAMS_MAX) return null;
    const id = ++this.#lastId;
    const writer = new ByteWriter(1024);
    const slices = this.#store.snapshotInSteps!(writer);
    const stream: Stream = { slices, writer, next: null, timer: this.#expire(id) };
    this.#streams.set(id, stream);
    this.#advance(stream);
    return id;
  }

  /** The next slice; `null` after the last, `undefined` if there is no such backup. */
  next(id: number): Uint8Array | null | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined) return undefined;
    stream.timer.cancel();
    stream.timer = this.#expire(id);
    const slice = stream.next;
    if (slice === null) this.end(id);
    else this.#advance(stream);
    return slice;
  }

  /** Ends a backup, complete or not. */
  end(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.timer.cancel();
    stream.slices.return();
  }

  #advance(stream: Stream): void {
    const { slices, writer } = stream;
    writer.clear();
    while (slices.next().done !== true) if (writer.length > 0) break;
    stream.next = writer.length > 0 ? writer.copy() : null;
  }

  #expire(id: number): Timer {
    return this.#clock.after(IDLE_TIME, () => this.end(id));
  }
}
