/**
 * How what a disk has kept goes bad while nobody looks: bits flip, a write never reached the disk that said it had, or
 * reached another place.
 *
 * Only what can be noticed. A disk that has lost the very last write, whole, is as if that had never been asked for,
 * and no checksum tells.
 *
 * @module
 */
import { segmentNumber } from "../../server/journal/segments.ts";
import { snapshotIndexOf } from "../../server/journal/snapshot_format.ts";
import type { Decay } from "../nemesis/damage.ts";
import type { KeptWrite, SimDisk } from "./disk.ts";
import { finish, mix } from "./hash.ts";

/** Whether a file is a segment of the journal. */
export function isSegment(name: string): boolean {
  return segmentNumber(name) !== null;
}

function isSnapshot(name: string): boolean {
  return snapshotIndexOf(name) !== null;
}

/**
 * Damages the files of a node that has ended. Says what was done; `null` where there was nothing to damage.
 *
 * @param how As the faults `damage` and `disk:flip` say: the latter is a bit of the journal ahead of its last batch.
 */
export function damage(disk: SimDisk, how: Decay | "flip", hash: number): string | null {
  const batches = disk.kept(isSegment);
  const last = lastBatch(batches);
  // A file's first write is its header: a journal of nothing else has promised nothing.
  if (last === null) return null;
  const ahead = batches.filter((write) => write !== last && !write.isTorn);
  switch (how) {
    case "flip":
      return flip(disk, ahead, hash);
    case "snapshot":
      return flip(disk, disk.kept(isSnapshot), hash);
    case "last":
      return flip(disk, [last], hash);
    case "fresh":
      return flip(disk, batches.filter(({ name }) => name === batches.at(-1)!.name).slice(0, 2), hash);
    case "dropped":
      return drop(disk, pick(ahead, hash));
    case "misdirected":
      return misdirect(disk, ahead, hash);
  }
}

/** The last whole batch of the journal. */
function lastBatch(writes: readonly KeptWrite[]): KeptWrite | null {
  return writes.findLast((write, i) => !write.isTorn && i > 0 && writes[i - 1]!.name === write.name) ?? null;
}

/** One bit of any of these writes is the other one. */
function flip(disk: SimDisk, writes: readonly KeptWrite[], hash: number): string | null {
  let at = finish(hash) % writes.reduce((sum, { length }) => sum + length, 0);
  for (const { name, position, length } of writes) {
    if (at < length) {
      const byte = disk.content(name)![position + at]!;
      disk.spoil(name, position + at, Uint8Array.of(byte ^ 1 << (finish(mix(hash, 1)) & 7)));
      return `a bit of byte ${position + at} of ${name}`;
    }
    at -= length;
  }
  return null;
}

/** A write has left no trace but the file's length. */
function drop(disk: SimDisk, write: KeptWrite | null): string | null {
  if (write === null) return null;
  disk.spoil(write.name, write.position, new Uint8Array(write.length));
  return `the write to byte ${write.position} of ${write.name}`;
}

/** A write has gone to the place of another one. */
function misdirect(disk: SimDisk, writes: readonly KeptWrite[], hash: number): string | null {
  const write = pick(writes, hash);
  const other = pick(writes.filter((one) => one !== write), mix(hash, 1));
  if (write === null || other === null) return null;
  const bytes = disk.content(write.name)!.subarray(write.position, write.position + write.length);
  drop(disk, write);
  disk.spoil(other.name, other.position, bytes.subarray(0, other.length));
  return `the write to byte ${write.position} of ${write.name} is at byte ${other.position} of ${other.name}`;
}

function pick<T>(items: readonly T[], hash: number): T | null {
  return items[finish(hash) % items.length] ?? null;
}
