/**
 * The simulated disk of one node: implements `server/journal/disk.ts`, with all failures that a real disk may have.
 *
 * Written bytes can be read at once, but are durable only after a sync that began later; a crash loses the rest, or
 * leaves a torn part of it. Names are visible at once, but durable only after the folder was synced; a crash decides
 * for each unsynced change whether it happened. A disk outlives its node: each start of the node opens it again. An
 * operation that was under way when the node ended never calls back.
 *
 * @module
 */
import { type Disk, type DiskDone, MICROSECOND } from "../../server/mod.ts";
import type { EventQueue } from "./event_queue.ts";
import { finish, hashSeed, mix, mixTime } from "./hash.ts";

/** An ordinary sync takes from 0.2 to 1.2 ms, as on a solid-state disk. */
const SYNC_MIN = 200 * MICROSECOND;
const SYNC_SPREAD = 1_000 * MICROSECOND;
/** One sync in 128 takes up to 16 times as long. */
const TAIL_MASK = 127;
const TAIL_FACTOR = 16;
/** The time to read each 64 KiB that are begun, and to change the folder. */
const TRANSFER_64K = 50 * MICROSECOND;

/** A disk writes each sector completely or not at all. */
const SECTOR_BYTES = 512;

/** The content of a file: the first `length` bytes of `bytes`. */
interface Content {
  bytes: Uint8Array;
  length: number;
  /** The writes in the order in which they took effect. */
  writes: Write[];
  /** How many of these writes are durable. */
  synced: number;
}

/** One write, and the bytes that it replaced. */
interface Write {
  readonly position: number;
  length: number;
  readonly before: Uint8Array;
  readonly lengthBefore: number;
  /** Whether a part of it was lost in a crash. */
  isTorn: boolean;
}

/** A change of the folder that is not durable: the new meaning of a name. */
interface NameChange {
  readonly name: string;
  readonly content: Content | null;
}

/** How many bytes of a torn write stayed, and how many it had. */
interface Torn {
  readonly stayed: number;
  readonly of: number;
}

/** A write that the disk has kept. */
export interface KeptWrite {
  readonly name: string;
  readonly position: number;
  readonly length: number;
  /** Whether a part of it was lost in a crash. */
  readonly isTorn: boolean;
}

/** An operation failed because of a fault. */
export class DiskFaultError extends Error {
  override name = "DiskFaultError";
}

/** The content of a place that had no bytes yet. */
const NOTHING = new Uint8Array(0);

/** One node's disk. */
export class SimDisk {
  readonly #queue: EventQueue;
  readonly #seed: number;
  #files = new Map<string, Content>();
  #durableFiles = new Map<string, Content>();
  #changes: NameChange[] = [];
  /** Until when each file is busy: operations on a file take effect in order. */
  readonly #busyUntil = new Map<string, number>();
  #session = 0;
  #syncs = 0;
  /** How many times longer than usual a sync takes. */
  slowness = 1;
  /** Whether writes fail, and leave a part of their bytes. */
  isFull = false;
  /** Whether reads fail. */
  isUnreadable = false;
  /** Whether the next sync fails, and makes nothing durable. */
  failsNextSync = false;
  /** Called once, in the middle of the next write. So a crash can strike during a write. */
  armed: (() => void) | null = null;
  /** Whether the armed action waits for the replacement of a file, not for any write. */
  waitsForReplacement = false;
  /** While the node is paused: the callbacks that wait until it is resumed. */
  held: (() => void)[] | null = null;

  constructor(queue: EventQueue, seed: number, node: number) {
    this.#queue = queue;
    this.#seed = mix(hashSeed(seed, "disk"), node);
  }

  /** How many syncs were requested. */
  get syncs(): number {
    return this.#syncs;
  }

  /** The disk as one life of the node sees it. */
  open(): Disk {
    const session = ++this.#session;
    return {
      write: (name, position, bytes, done) => {
        if (session !== this.#session) return;
        // An operation on an idle file takes effect at once, though its callback comes later.
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

  /** Fires the armed action during a write, before an ordinary sync would end. */
  #spring(what: "write" | "replacement"): void {
    const strike = this.armed;
    if (strike === null || (this.waitsForReplacement && what === "write")) return;
    this.armed = null;
    const now = this.#queue.now();
    this.#queue.at(now + finish(mixTime(mix(this.#seed, 3), now)) % (SYNC_MIN + SYNC_SPREAD), strike);
  }

  /** Runs an effect `duration` from now, after earlier effects on these files, unless the node has ended before. */
  #later(session: number, names: readonly string[], duration: number, effect: () => void): void {
    if (session !== this.#session) return;
    let at = this.#queue.now() + duration;
    for (const name of names) at = Math.max(at, this.#busyUntil.get(name) ?? 0);
    for (const name of names) this.#busyUntil.set(name, at);
    this.#queue.at(at, () => {
      if (session === this.#session) effect();
    });
  }

  /** Makes durable what was written before the sync was requested, including writes that a busy file has yet to do. */
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

  /** How many bytes a read returns: sometimes fewer than requested. */
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

  /** Whether a crash now would find the replacement of a file under way. */
  get isReplacing(): boolean {
    return this.#changes.some(({ content }) => content !== null && content.synced > 0);
  }

  /** Whether a crash now would find a write under way. */
  get isWriting(): boolean {
    for (const file of this.#files.values()) if (file.synced < file.writes.length) return true;
    return this.#changes.length > 0;
  }

  /**
   * Ends the node's use of the disk: nothing calls back any more, and unsynced bytes are gone. Each unsynced change of
   * a name has happened or not.
   *
   * @param keepsWritten Whether only the process has ended. Its writes can then still be read, and are lost with the
   * machine unless they are synced before.
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
   * The files that a crash now would leave, for reading only. As in `crash`, each unsynced change of a name has
   * happened or not.
   */
  leftByCrash(): Map<string, Uint8Array> {
    const files = new Map(this.#durableFiles);
    const lost = new Set<string>();
    const coin = mixTime(mix(this.#seed, 7), this.#queue.now());
    for (const [i, { name, content }] of this.#changes.entries()) {
      if (lost.has(name) || (finish(mix(coin, i)) & 1) === 0) lost.add(name);
      else if (content === null) files.delete(name);
      else files.set(name, content);
    }
    return new Map([...files].map(([name, file]) => [name, syncedContent(file)]));
  }

  /**
   * As `crash`, but a part of the last unsynced write stays. If `isTorn` names several files, the last by name is torn.
   * Returns how many bytes of the write stayed, and how many it had.
   *
   * @param by `prefix`: the first bytes stay, and a bit of the last of them may be wrong. `sectors`: any sectors stay,
   * because a disk writes them in any order, and the file may be as long as if all had.
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
   * Call it after the node has ended.
   */
  kept(isMeant: (name: string) => boolean): KeptWrite[] {
    const names = [...this.#files.keys()].filter(isMeant).sort();
    return names.flatMap((name) =>
      this.#files.get(name)!.writes.map(({ position, length, isTorn }) => ({ name, position, length, isTorn }))
    );
  }

  /** Changes the content of a file without telling the node. */
  spoil(name: string, position: number, bytes: Uint8Array): void {
    const file = this.#files.get(name)!;
    file.bytes.set(bytes.subarray(0, file.length - position), position);
  }

  /** Empties the folder without telling the node. */
  empty(): void {
    this.#files.clear();
    this.#durableFiles.clear();
    this.#changes = [];
  }

  /** The content of a file as the node would read it now, for tests. */
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

/** The content of a file without its unsynced writes. If it has none, no copy is made: nobody may change the bytes. */
function syncedContent(file: Content): Uint8Array {
  const { bytes, writes, synced } = file;
  if (synced === writes.length) return bytes.subarray(0, file.length);
  const copy = { ...file, bytes: bytes.slice(0, file.length), writes: writes.slice(synced) };
  undoFrom(copy, 0);
  return copy.bytes.subarray(0, copy.length);
}

/** Undoes the writes from `count` on, beginning with the last. */
function undoFrom(file: Content, count: number): void {
  while (file.writes.length > count) {
    const { before, position, lengthBefore } = file.writes.pop()!;
    file.bytes.set(before, position);
    file.length = lengthBefore;
    file.bytes.fill(0, file.length);
  }
}

/** Keeps the first bytes of the last write. */
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

/** Keeps any sectors of the last write. The other sectors have their earlier content. */
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
  // The length of a file is stored separately from its bytes.
  if ((finish(mix(hash, 1)) & 1) === 0) file.length = reach;
  write.isTorn = stayed < of;
  return { stayed, of };
}
