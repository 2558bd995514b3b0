/**
 * The simulated disk of one node: the verbs of `server/journal/disk.ts`, with everything a real one does to those who
 * trust it.
 *
 * What was written is readable at once and durable only after a sync that began later; a crash takes the rest, or
 * leaves a torn part of it. Names are visible at once and durable only after the folder was synced; a crash decides
 * over each of those that were not. A disk outlives its node: each start of the node opens it again, and a verb that
 * was under way when the node ended never calls back.
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
/** Reading takes this for each started 64 KiB, and so does a change of the folder. */
const TRANSFER_64K = 50 * MICROSECOND;

/** A disk writes each of these whole or not at all. */
const SECTOR_BYTES = 512;

/** The content of a file: `bytes` up to `length`. */
interface Content {
  bytes: Uint8Array;
  length: number;
  /** The writes in the order in which they took effect. */
  writes: Write[];
  /** Of these so many are durable. */
  synced: number;
}

/** One write, and what it took the place of. */
interface Write {
  readonly position: number;
  length: number;
  readonly before: Uint8Array;
  readonly lengthBefore: number;
  /** A part of it was lost in a crash. */
  isTorn: boolean;
}

/** A change of the folder that is not durable: what a name stands for from then on. */
interface NameChange {
  readonly name: string;
  readonly content: Content | null;
}

/** How much of a write stayed when it was torn, and out of how many bytes. */
interface Torn {
  readonly stayed: number;
  readonly of: number;
}

/** A write that a disk has kept. */
export interface KeptWrite {
  readonly name: string;
  readonly position: number;
  readonly length: number;
  /** A part of it was lost in a crash. */
  readonly isTorn: boolean;
}

/** Why a verb failed: the nemesis wanted it so. */
export class DiskFaultError extends Error {
  override name = "DiskFaultError";
}

/** What stood where a file had no bytes yet. */
const NOTHING = new Uint8Array(0);

/** One node's disk. */
export class SimDisk {
  readonly #queue: EventQueue;
  readonly #seed: number;
  #files = new Map<string, Content>();
  #durableFiles = new Map<string, Content>();
  #changes: NameChange[] = [];
  /** Until when a file is busy with what was asked of it: verbs of one file take effect in their order. */
  readonly #busyUntil = new Map<string, number>();
  #session = 0;
  #syncs = 0;
  /** Syncs take this many times their ordinary time. */
  slowness = 1;
  /** Writes fail, and leave a part of what they were to write. */
  isFull = false;
  /** Reads fail. */
  isUnreadable = false;
  /** The next sync fails, and makes nothing durable. */
  failsNextSync = false;
  /** Called once, in the middle of the next write: how a crash finds one under way. */
  armed: (() => void) | null = null;
  /** Whether what is armed waits for a file to be put in place, and not for the next write of any kind. */
  waitsForReplacement = false;
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
      write: (name, position, bytes, done) => {
        if (session !== this.#session) return;
        // What was asked of an idle file has taken effect, though nobody hears of it before this call is over.
        const result = this.#isIdle(name) ? this.#write(name, position, bytes) : undefined;
        this.#spring("write");
        this.#later(session, [name], 0, () => {
          this.#call(done, result === undefined ? this.#write(name, position, bytes) : result);
        });
      },
      sync: (name, done) => this.#takeSync(session, name, done),
      read: (name, position, length, done) => {
        this.#later(session, [name], transferTime(length), () => {
          if (this.isUnreadable) {
            return this.#call((error) => done(error, null), new DiskFaultError(`Cannot read ${name}`));
          }
          const file = this.#files.get(name);
          const bytes = file?.bytes.slice(position, Math.min(file.length, position + this.#readable(length))) ?? null;
          this.#call((error) => done(error, bytes), null);
        });
      },
      size: (name, done) => {
        this.#later(session, [name], 0, () => {
          const size = this.#files.get(name)?.length ?? null;
          this.#call((error) => done(error, size), null);
        });
      },
      list: (done) => {
        this.#later(session, [], TRANSFER_64K, () => {
          const names = [...this.#files.keys()];
          this.#call((error) => done(error, names), null);
        });
      },
      rename: (from, to, done) => {
        if (session === this.#session) this.#spring("replacement");
        this.#later(session, [from, to], TRANSFER_64K, () => {
          const file = this.#files.get(from);
          if (file === undefined) return this.#call(done, new Error(`There is no file ${from}`));
          this.#name(to, file);
          this.#name(from, null);
          this.#call(done, null);
        });
      },
      remove: (name, done) => {
        this.#later(session, [name], 0, () => {
          if (this.#files.has(name)) this.#name(name, null);
          this.#call(done, null);
        });
      },
      syncFolder: (done) => this.#takeFolderSync(session, done),
    };
  }

  #isIdle(name: string): boolean {
    return (this.#busyUntil.get(name) ?? 0) <= this.#queue.now();
  }

  #name(name: string, content: Content | null): void {
    this.#changes.push({ name, content });
    if (content === null) this.#files.delete(name);
    else this.#files.set(name, content);
  }

  /** A write is under way: who waits for one strikes before an ordinary sync would be over. */
  #spring(what: "write" | "replacement"): void {
    const strike = this.armed;
    if (strike === null || (this.waitsForReplacement && what === "write")) return;
    this.armed = null;
    const now = this.#queue.now();
    this.#queue.at(now + finish(mixTime(mix(this.#seed, 3), now)) % (SYNC_MIN + SYNC_SPREAD), strike);
  }

  /** Takes effect `duration` from now, in the order of these files, unless the node has ended before. */
  #later(session: number, names: readonly string[], duration: number, effect: () => void): void {
    if (session !== this.#session) return;
    let at = this.#queue.now() + duration;
    for (const name of names) at = Math.max(at, this.#busyUntil.get(name) ?? 0);
    for (const name of names) this.#busyUntil.set(name, at);
    this.#queue.at(at, () => {
      if (session === this.#session) effect();
    });
  }

  /** What was written before the sync was asked for is durable; a busy file's writes are, as they come before it. */
  #takeSync(session: number, name: string, done: DiskDone): void {
    if (session !== this.#session) return;
    const file = this.#files.get(name);
    const reach = file !== undefined && this.#isIdle(name) ? file.writes.length : Infinity;
    this.#later(session, [name], this.#syncTime(), () => {
      if (this.failsNextSync) {
        this.failsNextSync = false;
        return this.#call(done, new DiskFaultError(`Cannot sync ${name}`));
      }
      const synced = this.#files.get(name);
      if (synced !== undefined) synced.synced = Math.max(synced.synced, Math.min(reach, synced.writes.length));
      this.#call(done, null);
    });
  }

  #takeFolderSync(session: number, done: DiskDone): void {
    if (session !== this.#session) return;
    const reach = this.#changes.length;
    this.#later(session, [], this.#syncTime(), () => {
      for (const { name, content } of this.#changes.splice(0, Math.min(reach, this.#changes.length))) {
        if (content === null) this.#durableFiles.delete(name);
        else this.#durableFiles.set(name, content);
      }
      this.#call(done, null);
    });
  }

  #write(name: string, position: number, bytes: Uint8Array): DiskFaultError | null {
    if (!this.isFull) return this.#put(name, position, bytes);
    const written = finish(mixTime(mix(this.#seed, 5), this.#queue.now())) % (bytes.length + 1);
    if (written > 0) this.#put(name, position, bytes.subarray(0, written));
    return new DiskFaultError(`Cannot write ${bytes.length} bytes to ${name}: the disk is full after ${written}`);
  }

  /** How many bytes a read brings at once: now and then fewer than were asked for. */
  #readable(length: number): number {
    const drawn = finish(mixTime(mix(this.#seed, 6), this.#queue.now()));
    return (drawn & 7) === 0 ? Math.max(1, length >>> 1) : length;
  }

  #put(name: string, position: number, bytes: Uint8Array): null {
    let file = this.#files.get(name);
    if (file === undefined) this.#name(name, file = { bytes: new Uint8Array(256), length: 0, writes: [], synced: 0 });
    const end = position + bytes.length;
    if (end > file.bytes.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(file.bytes.subarray(0, file.length));
      file.bytes = grown;
    }
    const before = position < file.length ? file.bytes.slice(position, Math.min(end, file.length)) : NOTHING;
    file.writes.push({ position, length: bytes.length, before, lengthBefore: file.length, isTorn: false });
    file.bytes.set(bytes, position);
    file.length = Math.max(file.length, end);
    return null;
  }

  #call(done: DiskDone, error: Error | null): void {
    if (this.held === null) done(error);
    else this.held.push(() => done(error));
  }

  /** Whether a crash would find a file that is being put in place. */
  get isReplacing(): boolean {
    return this.#changes.some(({ content }) => content !== null && content.synced > 0);
  }

  /** Whether a crash would find a write under way. */
  get isWriting(): boolean {
    for (const file of this.#files.values()) if (file.synced < file.writes.length) return true;
    return this.#changes.length > 0;
  }

  /**
   * The node has ended: nothing calls back any more, and what was not synced is gone. Of the names that were changed
   * and not synced each may be the old one or the new one.
   *
   * @param keepsWritten Only the process has ended: what it had written can still be read, and is lost with the machine
   * unless it is synced by then.
   */
  crash(keepsWritten: boolean = false): void {
    this.#session++;
    this.held = null;
    this.armed = null;
    this.#busyUntil.clear();
    if (keepsWritten) return;
    const lost = new Set<string>();
    const coin = mixTime(mix(this.#seed, 4), this.#queue.now());
    for (const [i, { name, content }] of this.#changes.entries()) {
      if (lost.has(name) || (finish(mix(coin, i)) & 1) === 0) lost.add(name);
      else if (content === null) this.#durableFiles.delete(name);
      else this.#durableFiles.set(name, content);
    }
    this.#changes = [];
    for (const file of this.#durableFiles.values()) undoFrom(file, file.synced);
    this.#files = new Map(this.#durableFiles);
  }

  /**
   * As `crash`, but a part of the last write that was not synced stays. Of several files that `isTorn` names, the last
   * by name is torn. Returns how many bytes of the write stayed, and out of how many.
   *
   * @param by `prefix`: its first bytes stay, and a bit of the last of these may be wrong. `sectors`: any of its
   * sectors stay, as a disk writes them in any order, and the file may be as long as if all had.
   */
  tear(isTorn: (name: string) => boolean, by: "prefix" | "sectors" = "prefix"): Torn {
    const names = [...this.#files.keys()].filter(isTorn).sort();
    const file = names.map((name) => this.#files.get(name)!).findLast(({ synced, writes }) => synced < writes.length);
    const hash = mixTime(mix(this.#seed, 1), this.#queue.now());
    if (file === undefined) {
      this.crash();
      return { stayed: 0, of: 0 };
    }
    undoFrom(file, file.synced + 1);
    const torn = by === "prefix" ? tearPrefix(file, hash) : tearSectors(file, hash);
    file.synced = file.writes.length;
    this.crash();
    return torn;
  }

  /**
   * The durable writes to the files that `isMeant` names, in the order of the names; those of one file in their order.
   * Call it when the node has ended.
   */
  kept(isMeant: (name: string) => boolean): KeptWrite[] {
    const names = [...this.#files.keys()].filter(isMeant).sort();
    return names.flatMap((name) =>
      this.#files.get(name)!.writes.map(({ position, length, isTorn }) => ({ name, position, length, isTorn }))
    );
  }

  /** Changes what a file holds, and nobody tells the node. */
  spoil(name: string, position: number, bytes: Uint8Array): void {
    const file = this.#files.get(name)!;
    file.bytes.set(bytes.subarray(0, file.length - position), position);
  }

  /** The folder is emptied, and nobody tells the node. */
  empty(): void {
    this.#files.clear();
    this.#durableFiles.clear();
    this.#changes = [];
  }

  /** The content of a file as the node would read it now; for tests and the curious. */
  content(name: string): Uint8Array | null {
    const file = this.#files.get(name);
    return file === undefined ? null : file.bytes.slice(0, file.length);
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

/** Takes back the writes from `count` on, the last one first. */
function undoFrom(file: Content, count: number): void {
  while (file.writes.length > count) {
    const { before, position, lengthBefore } = file.writes.pop()!;
    file.bytes.set(before, position);
    file.length = lengthBefore;
    file.bytes.fill(0, file.length);
  }
}

/** A part of the last write stays: its first bytes. */
function tearPrefix(file: Content, hash: number): Torn {
  const write = file.writes.at(-1)!;
  const { length: of, position } = write;
  const stayed = 1 + finish(hash) % of;
  file.bytes.set(write.before.subarray(Math.min(stayed, write.before.length)), position + stayed);
  file.length = Math.max(write.lengthBefore, position + stayed);
  file.bytes.fill(0, file.length);
  write.length = stayed;
  write.isTorn = stayed < of;
  if ((finish(mix(hash, 1)) & 1) === 0) file.bytes[position + stayed - 1]! ^= 1 << (finish(mix(hash, 2)) & 7);
  return { stayed, of };
}

/** A part of the last write stays: any of its sectors. Where the others are read, there is what was there before. */
function tearSectors(file: Content, hash: number): Torn {
  const write = file.writes.at(-1)!;
  const { length: of, position, before, lengthBefore } = write;
  const end = position + of;
  let stayed = 0, reach = lengthBefore;
  for (let from = position; from < end;) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if ((finish(mix(hash, from)) & 1) === 0) {
      stayed += to - from;
      reach = Math.max(reach, to);
    } else {
      file.bytes.fill(0, from, to);
      file.bytes.set(before.subarray(from - position, to - position), from);
    }
    from = to;
  }
  // The length of a file is kept apart from its bytes.
  if ((finish(mix(hash, 1)) & 1) === 0) file.length = reach;
  write.isTorn = stayed < of;
  return { stayed, of };
}
