/**
 * The segments of a journal: numbered files, of which only the last one grows. So compaction never rewrites entries; it
 * only removes whole files.
 *
 * ```text
 *   log-0000000003   log-0000000004   log-0000000005         log-next
 *   └ let go when no entry of it is needed                   └ gets its name when its header is durable
 *                                     └ grows until it has segmentBytes
 * ```
 *
 * The next segment is prepared ahead of time, so no batch waits for it.
 *
 * @module
 */
import type { Disk, DiskDone } from "./disk.ts";
import { type JournalIdentity, saltOf, segmentHeader } from "./journal_format.ts";

const PREFIX = "log-";
/** The file name of a segment that has no number yet. */
export const NEXT_FILE = "log-next";

/** The name of a segment's file. */
export function segmentName(number: number): string {
  return PREFIX + String(number).padStart(10, "0");
}

/** A segment's number, from its file name; `null` if it is not such a name. */
export function segmentNumber(name: string): number | null {
  return /^log-\d{10,16}$/.test(name) ? Number(name.slice(PREFIX.length)) : null;
}

/** A segment that is on disk. */
export interface Segment {
  /** The segment's number. */
  readonly number: number;
  /** The offset at which its last batch ends. */
  end: number;
  /** The highest index of an entry in it; 0 if it has no entry. */
  lastIndex: number;
}

/** A segment of which the journal may be writing the end. */
interface OpenSegment extends Segment {
  readonly name: string;
  /** The initial value of its checksums. */
  readonly salt: number;
}

/** The parts that the segments need. */
interface SegmentsOptions {
  readonly disk: Disk;
  readonly identity: JournalIdentity;
  readonly birth: number;
  /** When a segment has this many bytes, the next one begins. */
  readonly segmentBytes: number;
  /** The segments that were found on disk, in order; none for a new journal. */
  readonly found: readonly Segment[];
  /** Whether the segment after these is prepared. */
  readonly isNextReady: boolean;
  /** Called if a file could not be made, renamed or removed. */
  readonly onFailure: (error: Error) => void;
}

/** The segments of one journal. */
export class Segments {
  readonly #options: SegmentsOptions;
  readonly #segments: OpenSegment[];
  readonly #headerBytes: number;
  /** The state of the next segment. It is ready once its name is durable. */
  #next: "none" | "underway" | "ready" = "none";
  /** The name that was made for it; `null` if it was found. */
  #nextName: string | null = null;
  #whenReady: (() => void) | null = null;
  /** Whether the last segment has a durable batch. The segments before it may be removed only then. */
  #isOpened: boolean;
  #isRemoving = false;

  constructor(options: SegmentsOptions) {
    this.#options = options;
    this.#segments = options.found.map((segment) => openSegment(segment, options.birth));
    this.#headerBytes = segmentHeader(options.identity, options.birth, 1).length;
    if (options.isNextReady) this.#next = "ready";
    this.#isOpened = this.#segments.length > 0;
  }

  /** The size of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { end }) => sum + end, 0);
  }

  /** How many segments there are. */
  get count(): number {
    return this.#segments.length;
  }

  /** How many of the first segments hold only entries up to an index; the last segment does not count. */
  idleUpTo(index: number): number {
    const needed = this.#segments.findIndex(({ lastIndex }, i) => lastIndex > index || i === this.#segments.length - 1);
    return Math.max(0, needed);
  }

  /** The initial value of the last segment's checksums. */
  get salt(): number {
    return this.#last.salt;
  }

  /** Whether the next batch should begin the next segment, which is ready. */
  get isNextDue(): boolean {
    return this.#next === "ready" && this.#last.end >= this.#options.segmentBytes;
  }

  get #last(): OpenSegment {
    return this.#segments.at(-1)!;
  }

  /** Calls back when the next segment is ready, and begins to make it if necessary. */
  readyNext(ready: () => void): void {
    if (this.#next === "ready") return ready();
    this.#whenReady = ready;
    this.#makeNext();
  }

  /** Makes the next segment the last one, to which the next batch goes. It must be ready. */
  openNext(): void {
    if (this.#next !== "ready") throw new Error("The next segment of the journal is not ready");
    this.#next = "none";
    this.#isOpened = false;
    const number = this.#nextNumber();
    const name = this.#nextName ?? segmentName(number);
    this.#nextName = null;
    const next = { number, end: this.#headerBytes, lastIndex: 0 };
    this.#segments.push({ ...next, name, salt: saltOf(this.#options.birth, number) });
  }

  /**
   * Writes a batch at the end of the last segment and makes it durable. `lastIndex` is the highest index of an entry in
   * it; 0 if it has no entry.
   */
  write(batch: Uint8Array, lastIndex: number, done: DiskDone): void {
    const { disk, segmentBytes } = this.#options;
    const segment = this.#last;
    const { name, end: position } = segment;
    segment.end += batch.length;
    segment.lastIndex = Math.max(segment.lastIndex, lastIndex);
    let unwritten: Error | null = null;
    disk.write(name, position, batch, (error) => unwritten = error);
    disk.sync(name, (error) => {
      const failure = unwritten ?? error;
      if (failure === null) this.#isOpened = true;
      done(failure);
    });
    if (segment.end >= segmentBytes / 2) this.#makeNext();
  }

  /** Removes the segments whose entries are all up to `index`, oldest first. */
  dropTo(index: number): void {
    if (!this.#isOpened || this.#isRemoving) return;
    const oldest = this.#segments[0];
    if (oldest === undefined || this.#segments.length < 2 || oldest.lastIndex > index) return;
    this.#segments.shift();
    this.#isRemoving = true;
    this.#options.disk.remove(oldest.name, (error) => {
      this.#isRemoving = false;
      if (error !== null) this.#options.onFailure(error);
      else this.dropTo(index);
    });
  }

  #nextNumber(): number {
    return (this.#segments.at(-1)?.number ?? 0) + 1;
  }

  /**
   * Makes the header durable before the file gets its name, and the name durable before anything is written behind the
   * header.
   */
  #makeNext(): void {
    if (this.#next !== "none") return;
    this.#next = "underway";
    const { disk, identity, birth, onFailure } = this.#options;
    const number = this.#nextNumber();
    const name = this.#nextName = segmentName(number);
    const step = (then: () => void): DiskDone => (error) => error === null ? then() : onFailure(error);
    const named = step(() => {
      this.#next = "ready";
      const ready = this.#whenReady;
      this.#whenReady = null;
      ready?.();
    });
    const synced = step(() => disk.rename(NEXT_FILE, name, step(() => disk.syncFolder(named))));
    const written = step(() => disk.sync(NEXT_FILE, synced));
    disk.write(NEXT_FILE, 0, segmentHeader(identity, birth, number), written);
  }
}

function openSegment(segment: Segment, birth: number): OpenSegment {
  return { ...segment, name: segmentName(segment.number), salt: saltOf(birth, segment.number) };
}
