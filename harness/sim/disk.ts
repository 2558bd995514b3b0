/**
 * The simulated disk of one node: the four verbs of `server/journal/disk.ts`, with everything a real one does to those who trust it.
 *
 * What was appended is readable at once and durable only after a sync that began later; a crash takes the rest, or leaves a torn part of it.
 * A disk outlives its node: each start of the node opens it again, and a verb that was under way when the node ended never calls back.
 *
 * @module
 */
import { MICROSECOND } from "../../server/clock.ts";
import type { Disk, DiskDone } from "../../server/journal/disk.ts";
import type { EventQueue } from "./event_queue.ts";
import { finish, hashSeed, mix, mixTime } from "./hash.ts";

/** An ordinary sync takes from 0.2 to 1.2 ms, as on a solid-state disk, */
const SYNC_MIN = 200 * MICROSECOND;
const SYNC_SPREAD = 1_000 * MICROSECOND;
/** and one in 128 takes up to 16 times as long. */
const TAIL_MASK = 127;
const TAIL_FACTOR = 16;
/** Reading or replacing a whole file takes this for each started 64 KiB, beside a sync. */
const TRANSFER_64K = 50 * MICROSECOND;

/** A file: `bytes` up to `length`, of which a crash leaves the first `durableLength`. */
interface File {
  /** Whether there is such a file: nothing may have been written under its name yet. */
  exists: boolean;
  bytes: Uint8Array;
  length: number;
  durableLength: number;
  /** Where each append began: what comes after the last of them is the last batch. */
  appendedAt: number[];
  /** Until when the file is busy with what was asked of it: verbs of one file take effect in their order. */
  busyUntil: number;
}

/** A sync under way, of all that `file` had up to `reach`. */
interface Sync {
  readonly session: number;
  readonly file: File;
  readonly reach: number;
  readonly done: DiskDone;
}

/** Why an append or replace failed. */
export class DiskFullError extends Error {
  override name = "DiskFullError";
}

/** One node's disk. */
export class SimDisk {
  readonly #queue: EventQueue;
  readonly #seed: number;
  readonly #files = new Map<string, File>();
  #session = 0;
  #syncs = 0;
  /** Syncs take this many times their ordinary time. */
  slowness = 1;
  /** Appends and replaces fail. */
  isFull = false;
  /** Called once, in the middle of the next write: how a crash finds one under way. */
  armed: (() => void) | null = null;
  /** Whether what is armed waits for a whole file to be put in place, and not for the next write of any kind. */
  waitsForReplacement = false;
  /** What is to be put in the place of a file, and has not been yet. */
  readonly #replacing = new Set<{ readonly name: string; readonly bytes: Uint8Array }>();
  /** While the node is paused: the calls that wait for it to go on. */
  held: (() => void)[] | null = null;

  constructor(queue: EventQueue, seed: number, node: number) {
    this.#queue = queue;
    this.#seed = mix(hashSeed(seed, "disk"), node);
  }

  /** How many syncs were asked for. */
  get syncs(): number {
    return this.#syncs;
  }

  /** The disk as the node sees it from this start to its end. */
  open(): Disk {
    const session = ++this.#session;
    return {
      append: (name, bytes, done) => this.#takeAppend(session, name, bytes, done),
      sync: (name, done) => this.#takeSync(session, name, done),
      read: (name, done) => {
        const file = this.#file(name);
        this.#later(session, file, transferTime(file.length), () => {
          this.#call((error) => done(error, file.exists ? file.bytes.slice(0, file.length) : null), null);
        });
      },
      replace: (name, bytes, done) => {
        if (session !== this.#session) return;
        const replacement = { name, bytes };
        this.#replacing.add(replacement);
        this.#spring();
        this.#later(session, this.#file(name), this.#syncTime() + transferTime(bytes.length), () => {
          this.#replacing.delete(replacement);
          if (this.isFull) {
            const error = new DiskFullError(`Cannot replace ${name} with ${bytes.length} bytes: the disk is full`);
            return this.#call(done, error);
          }
          this.#replace(name, bytes);
          this.#call(done, null);
        });
      },
    };
  }

  #file(name: string): File {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = { exists: false, bytes: new Uint8Array(0), length: 0, durableLength: 0, appendedAt: [], busyUntil: 0 };
      this.#files.set(name, file);
    }
    return file;
  }

  #replace(name: string, bytes: Uint8Array): void {
    const file = this.#file(name);
    file.exists = true;
    file.bytes = bytes.slice();
    file.length = file.durableLength = bytes.length;
    file.appendedAt = [];
  }

  /** A write is under way: who waits for one strikes before an ordinary sync would be over. */
  #spring(): void {
    const strike = this.armed;
    if (strike === null) return;
    this.armed = null;
    const now = this.#queue.now();
    this.#queue.at(now + finish(mixTime(mix(this.#seed, 3), now)) % (SYNC_MIN + SYNC_SPREAD), strike);
  }

  /** Takes effect `duration` from now, in the file's order, unless the node has ended before. */
  #later(session: number, file: File, duration: number, effect: () => void): void {
    if (session !== this.#session) return;
    this.#queue.at(this.#reserve(file, duration), () => {
      if (session === this.#session) effect();
    });
  }

  /** When something that takes so long takes effect, if it is asked of a file now. */
  #reserve(file: File, duration: number): number {
    file.busyUntil = Math.max(this.#queue.now() + duration, file.busyUntil);
    return file.busyUntil;
  }

  #takeAppend(session: number, name: string, bytes: Uint8Array, done: DiskDone): void {
    if (session !== this.#session) return;
    const file = this.#file(name);
    // What was asked of an idle file has taken effect, though nobody hears of it before this call is over.
    const result = file.busyUntil <= this.#queue.now() ? this.#append(name, file, bytes) : undefined;
    if (this.armed !== null && !this.waitsForReplacement) this.#spring();
    this.#queue.at(this.#reserve(file, 0), () => {
      if (session === this.#session) this.#call(done, result === undefined ? this.#append(name, file, bytes) : result);
    });
  }

  #takeSync(session: number, name: string, done: DiskDone): void {
    if (session !== this.#session) return;
    const file = this.#file(name);
    const reach = file.busyUntil <= this.#queue.now() ? file.length : Infinity;
    this.#queue.at(this.#reserve(file, this.#syncTime()), this.#endSync, { session, file, reach, done });
  }

  /** What was appended before the sync was asked for is durable. A file that was replaced since is durable anyway. */
  readonly #endSync = ({ session, file, reach, done }: Sync): void => {
    if (session !== this.#session) return;
    file.durableLength = Math.max(file.durableLength, Math.min(reach, file.length));
    this.#call(done, null);
  };

  #append(name: string, file: File, bytes: Uint8Array): DiskFullError | null {
    if (this.isFull) {
      return new DiskFullError(`Cannot append ${bytes.length} bytes to ${name}: the disk is full`);
    }
    file.exists = true;
    const end = file.length + bytes.length;
    if (end > file.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * end, 4096));
      grown.set(file.bytes.subarray(0, file.length));
      file.bytes = grown;
    }
    file.bytes.set(bytes, file.length);
    file.appendedAt.push(file.length);
    file.length = end;
    return null;
  }

  #call(done: DiskDone, error: Error | null): void {
    if (this.held === null) done(error);
    else this.held.push(() => done(error));
  }

  /** Whether a crash would find a file that is being put in place. */
  get isReplacing(): boolean {
    return this.#replacing.size > 0;
  }

  /** Whether a crash would find a write under way. */
  get isWriting(): boolean {
    if (this.isReplacing) return true;
    for (const file of this.#files.values()) if (file.length > file.durableLength) return true;
    return false;
  }

  /**
   * The node has ended: nothing calls back any more, and what was not synced is gone. A file that is being replaced is the old one or the new one.
   *
   * @param keepsWritten Only the process has ended: what it had written can still be read, and is lost with the machine unless it is synced by then.
   */
  crash(keepsWritten: boolean = false): void {
    this.#session++;
    this.held = null;
    this.armed = null;
    // A replacement under way is atomic: it has taken effect, or it has not.
    for (const { name, bytes } of this.#replacing) {
      if ((finish(mixTime(mix(this.#seed, 4), this.#queue.now())) & 1) === 0) this.#replace(name, bytes);
    }
    this.#replacing.clear();
    for (const file of this.#files.values()) {
      file.busyUntil = 0;
      if (!keepsWritten) cutAt(file, file.durableLength);
    }
  }

  /**
   * As `crash`, but a part of what was not synced stays, and a bit of its last byte may be wrong.
   * Returns how many bytes of `name` stayed beyond what was durable, and out of how many.
   */
  tear(name: string): { readonly stayed: number; readonly of: number } {
    const file = this.#files.get(name);
    const of = file === undefined ? 0 : file.length - file.durableLength;
    const hash = mixTime(mix(this.#seed, 1), this.#queue.now());
    const stayed = of === 0 ? 0 : 1 + finish(hash) % of;
    if (file !== undefined && stayed > 0) {
      cutAt(file, file.durableLength + stayed);
      file.durableLength = file.length;
      if ((finish(mix(hash, 1)) & 1) === 0) flipBit(file, file.length - 1, finish(mix(hash, 2)) & 7);
    }
    this.crash();
    return { stayed, of };
  }

  /**
   * Flips one bit of `name` ahead of its last batch; call it when the node has ended.
   * Returns the position, or null if there is nothing ahead of the last batch.
   */
  flip(name: string): number | null {
    const file = this.#files.get(name);
    const span = file?.appendedAt.at(-1) ?? 0;
    if (file === undefined || span === 0) return null;
    const hash = mixTime(mix(this.#seed, 2), this.#queue.now());
    const position = finish(hash) % span;
    flipBit(file, position, finish(mix(hash, 1)) & 7);
    return position;
  }

  /** All files are gone; call it when the node has ended. */
  empty(): void {
    this.#files.clear();
  }

  /** The content of a file as the node would read it now; for tests and the curious. */
  content(name: string): Uint8Array | null {
    const file = this.#files.get(name);
    return file?.exists ? file.bytes.slice(0, file.length) : null;
  }

  #syncTime(): number {
    this.#syncs++;
    const drawn = finish(mixTime(this.#seed, this.#queue.now()));
    const span = (drawn & TAIL_MASK) === 0 ? TAIL_FACTOR * SYNC_SPREAD : SYNC_SPREAD;
    return Math.floor((SYNC_MIN + Math.floor((drawn >>> 7) / 33554432 * span)) * this.slowness);
  }
}

function transferTime(length: number): number {
  return (1 + (length >>> 16)) * TRANSFER_64K;
}

function cutAt(file: File, length: number): void {
  file.length = length;
  file.durableLength = Math.min(file.durableLength, length);
  while (file.appendedAt.length > 0 && file.appendedAt.at(-1)! >= length) file.appendedAt.pop();
}

function flipBit(file: File, position: number, bit: number): void {
  file.bytes[position] = file.bytes[position]! ^ (1 << bit);
}
