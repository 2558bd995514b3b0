/**
 * Damages the files of a node that is down: bits flip, a confirmed write is lost, or a write went to a wrong place.
 *
 * Only damage that can be detected. If a disk has lost exactly its last write, the result looks as if the write had
 * never been made, and no checksum can detect that.
 *
 * @module
 */
import { NEXT_FILE } from "../../server/journal/segments.ts";
import { snapshotIndexOf } from "../../server/journal/snapshot_format.ts";
import type { Decay } from "../nemesis/damage.ts";
import type { KeptWrite, SimDisk } from "./disk.ts";
import { finish, mix } from "./hash.ts";

/** Whether a file is a segment of the journal, which of all files that begin so only the next one is not yet. */
export function isSegment(name: string): boolean {
  return name.startsWith("log-") && name !== NEXT_FILE;
}

function isSnapshot(name: string): boolean {
  return snapshotIndexOf(name) !== null;
}

/**
 * Damages the files of a node that has ended. Returns a description; `null` if there was nothing to damage.
 *
 * @param how The kind of damage, as in the fault `damage`; `flip`, of the fault `disk`, flips a bit of the journal
 * before its last batch.
 */
export function damage(disk: SimDisk, how: Decay | "flip", hash: number): string | null {
  const batches = disk.kept(isSegment);
  const last = lastBatch(batches);
  // The first write of a file is its header. A journal with only headers has acknowledged nothing.
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

/** The last complete batch of the journal. */
function lastBatch(writes: readonly KeptWrite[]): KeptWrite | null {
  return writes.findLast((write, i) => !write.isTorn && i > 0 && writes[i - 1]!.name === write.name) ?? null;
}

/** Flips one bit in one of these writes. */
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

/** Removes a write, except for its effect on the file's length. */
function drop(disk: SimDisk, write: KeptWrite | null): string | null {
  if (write === null) return null;
  disk.spoil(write.name, write.position, new Uint8Array(write.length));
  return `the write to byte ${write.position} of ${write.name}`;
}

/** Moves a write to the place of another one. */
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
