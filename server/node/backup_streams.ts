/**
 * Backups that clients are taking: the store as it was at one moment, slice by slice, while the node goes on.
 *
 * @module
 */
import { ByteWriter } from "../bytes/byte_writer.ts";
import { type Clock, SECOND, type Timer } from "../clock.ts";
import type { KvStore } from "../store/kv_store.ts";

/** So many may be taken at once: each keeps what changes meanwhile. */
const STREAMS_MAX = 2;
/** One that nobody asks on is given up after this time. */
const IDLE_TIME = 30 * SECOND;

interface Stream {
  readonly slices: Generator<void, void>;
  readonly writer: ByteWriter;
  /** The slice that is handed out next; `null` after the last. */
  next: Uint8Array | null;
  timer: Timer;
}

/** The backups under way at one node. */
export class BackupStreams {
  readonly #store: KvStore;
  readonly #clock: Clock;
  readonly #streams = new Map<number, Stream>();
  #lastId = 0;

  constructor(store: KvStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Begins one: the store is kept as it is now. Its number; `null` if too many are under way. */
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

  /** The next slice; `null` after the last, `undefined` where there is no such backup. */
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

  /** Ends one, whether it is complete or not. */
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
