/**
 * The limits of a node: bytes and keys in memory, and free space on its disk. The node warns when a limit is near. At a
 * limit it refuses writes that would enlarge the store; reads, deletes and membership changes go on.
 *
 * A member that is full tells the others, and all of them refuse such writes, because every write must be stored by all
 * members (as with etcd's alarm).
 *
 * @module
 */
import { statfs } from "node:fs";
import process from "node:process";
import { getHeapStatistics } from "node:v8";
import { type Clock, SECOND, type Timer } from "../clock.ts";
import type { KvStore } from "../store/kv_store.ts";
import type { Log } from "./log_lines.ts";

/** The limits of a node. */
export interface QuotaLimits {
  /** How many bytes keys and values may take in memory, approximately, as the store counts them. */
  readonly bytes: number;
  /** How many keys there may be. */
  readonly keys: number;
  /**
   * How many bytes stay free on the disk; `null` for a twentieth of the disk, at most 256 MiB, and the size of the
   * store.
   */
  readonly diskReserve: number | null;
}

/** A JavaScript Map fails at 2^24 entries. */
const KEYS_MAX = 14_000_000;
/** With more bytes a snapshot takes too long. */
const BYTES_MAX = 1 << 30;
/** The share of the heap that the store may take; the heap also holds requests in flight. */
const HEAP_SHARE = 0.4;
/** The heap counts as full when this share of it is in use in two checks in a row. */
const HEAP_FULL_SHARE = 0.9;
const DISK_RESERVE_MAX = 256 << 20;
const LOOK_EVERY = SECOND;
/** How long a member's notice that it is full stays valid. */
const NOTICE_TIME = 4 * SECOND;
/** The share of a limit at which warnings begin. */
const NEAR_SHARE = 0.8;
/** A warning is repeated each time the share has grown by this much. */
const NEAR_STEP = 0.05;

/** The limits that follow from the size of the heap. */
export function defaultQuota(): QuotaLimits {
  return { bytes: Math.min(BYTES_MAX, Math.floor(heapLimit() * HEAP_SHARE)), keys: KEYS_MAX, diskReserve: null };
}

/** V8's limit includes three semi-spaces of the young generation. The store's objects do not stay in them. */
const YOUNG_BYTES = 192 << 20;

/** The usable size of the heap. Bun's heap grows as long as there is memory, whatever limit it reports. */
function heapLimit(): number {
  if (process.versions["bun"] !== undefined) return 4 * BYTES_MAX;
  const limit = getHeapStatistics().heap_size_limit;
  return Math.max(limit / 4, limit - YOUNG_BYTES);
}

/** The parts that the quota needs. */
interface QuotaOptions {
  readonly limits: QuotaLimits;
  readonly store: Pick<KvStore, "size" | "bytes">;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called at every check with the free bytes of the disk. */
  readonly onFreeDisk?: (bytes: number) => void;
  /** Tells the other members that this one is full, or no longer full. */
  readonly tell: (isFull: boolean) => void;
}

/** Checks the limits of one node. */
export class Quota {
  readonly #options: QuotaOptions;
  /** When each full member last said so. */
  readonly #fullMembers = new Map<number, number>();
  #timer: Timer | null = null;
  #isStopped = false;
  /** Why this node is full, as of the last check; `null` if it is not. */
  #found: string | null = null;
  #wasFull = false;
  #heapLooks = 0;
  #warnedShare = 0;
  #freeDisk: number | null = null;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** Free bytes of the disk, as of the last check; `null` if they are unknown. */
  get freeDisk(): number | null {
    return this.#freeDisk;
  }

  /** Why writes that enlarge the store are refused; `null` if there is room. */
  get reason(): string | null {
    return this.ownReason ?? this.#reasonOfOthers();
  }

  /** Why this node itself has no room; `null` if it has. */
  get ownReason(): string | null {
    const { limits, store } = this.#options;
    if (store.bytes >= limits.bytes) {
      return `the store has ${store.bytes} bytes, and the quota is ${limits.bytes} (--quota-bytes): delete keys, or raise it`;
    }
    if (store.size >= limits.keys) {
      return `the store has ${store.size} keys, and the quota is ${limits.keys} (--quota-keys): delete some, or raise it`;
    }
    return this.#found;
  }

  #reasonOfOthers(): string | null {
    if (this.#fullMembers.size === 0) return null;
    const oldest = this.#options.clock.now() - NOTICE_TIME;
    for (const [member, at] of this.#fullMembers) {
      if (at >= oldest) return `node ${member} is full: its log and its INFO say why`;
      this.#fullMembers.delete(member);
    }
    return null;
  }

  /** Notes a member's message whether it is full. */
  hear(member: number, isFull: boolean): void {
    if (isFull) this.#fullMembers.set(member, this.#options.clock.now());
    else this.#fullMembers.delete(member);
  }

  start(done: () => void): void {
    this.#look(done);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #look(done: () => void = () => {}): void {
    lookAtDisk(this.#options.folder, (disk) => {
      if (this.#isStopped) return;
      this.#freeDisk = disk === null ? null : disk.free;
      this.#found = this.#diskReason(disk?.size ?? 0) ?? this.#heapReason();
      this.#tell();
      if (this.#freeDisk !== null) this.#options.onFreeDisk?.(this.#freeDisk);
      this.#timer = this.#options.clock.after(LOOK_EVERY, () => this.#look());
      done();
    });
  }

  #diskReason(diskBytes: number): string | null {
    if (this.#freeDisk === null) return null;
    const { limits, store, folder } = this.#options;
    const reserve = limits.diskReserve ?? Math.min(DISK_RESERVE_MAX, Math.floor(diskBytes / 20)) + store.bytes;
    if (this.#freeDisk >= reserve) return null;
    return `the disk of ${folder} has ${this.#freeDisk} bytes free, and ${reserve} are kept (--disk-reserve): make room`;
  }

  #heapReason(): string | null {
    const used = getHeapStatistics().used_heap_size;
    const limit = heapLimit();
    this.#heapLooks = used > limit * HEAP_FULL_SHARE ? this.#heapLooks + 1 : 0;
    return this.#heapLooks < 2 ? null : `this process uses ${used} bytes of memory out of ${limit}: delete keys`;
  }

  #tell(): void {
    const { log, tell } = this.#options;
    const reason = this.ownReason;
    if (reason !== null && !this.#wasFull) log("error", "full", { reason });
    if (reason === null && this.#wasFull) log("info", "room again");
    if (reason !== null || this.#wasFull) tell(reason !== null);
    this.#wasFull = reason !== null;
    if (reason === null) this.#warnNear();
  }

  #warnNear(): void {
    const { limits, store, log } = this.#options;
    const share = Math.max(store.bytes / limits.bytes, store.size / limits.keys);
    if (share < NEAR_SHARE - NEAR_STEP) this.#warnedShare = 0;
    if (share < Math.max(NEAR_SHARE, this.#warnedShare + NEAR_STEP)) return;
    this.#warnedShare = share;
    const fields = { bytes: store.bytes, quotaBytes: limits.bytes, keys: store.size, quotaKeys: limits.keys };
    log("warn", "near the quota", fields);
  }
}

/** The size of the disk and its free bytes; `null` if the runtime or its permissions do not allow to find out. */
function lookAtDisk(
  folder: string,
  done: (disk: { readonly size: number; readonly free: number } | null) => void,
): void {
  try {
    statfs(folder, (error, found) => {
      if (error) return done(null);
      const block = Number(found.bsize);
      done({ size: Number(found.blocks) * block, free: Number(found.bavail) * block });
    });
  } catch {
    queueMicrotask(() => done(null));
  }
}
