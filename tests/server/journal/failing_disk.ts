// A disk of which one call fails: the k-th of those that change something, or of those that read.
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";
import type { Random } from "../../../raft/mod.ts";

/** The failure of the call. */
export class InjectedFailure extends Error {}

/** A disk of which one call fails. */
export interface FailingDisk extends Disk {
  /** The call that has failed, as `write draft-1`; `null` before it. */
  readonly failed: string | null;
}

/**
 * Wraps a disk.
 *
 * @param at Which call fails, from 1.
 * @param random What a failed call has done all the same: nothing, all of it, or the first bytes of a write.
 */
export function failingDisk(disk: Disk, at: number, random: Random): FailingDisk {
  let calls = 0;
  let failed: string | null = null;
  const fails = (verb: string, file = "the folder"): Error | null => {
    if (++calls !== at) return null;
    failed = `${verb} ${file}`;
    return new InjectedFailure(`Cannot ${failed}: the device failed`);
  };
  /** Fails in its turn: behind the earlier calls of the file. */
  const inTurn = (file: string, end: () => void): void => disk.size(file, end);
  const changes = (file: string, failure: Error | null, effect: (done: DiskDone) => void, done: DiskDone): void => {
    if (failure === null) effect(done);
    else if (random.chance(1, 2)) effect(() => done(failure));
    else inTurn(file, () => done(failure));
  };
  return {
    get failed() {
      return failed;
    },
    write(file, position, bytes, done) {
      const failure = fails("write", file);
      const part = failure === null ? bytes : bytes.slice(0, random.below(bytes.length + 1));
      changes(file, failure, (then) => disk.write(file, position, part, then), done);
    },
    sync: (file, done) => changes(file, fails("sync", file), (then) => disk.sync(file, then), done),
    rename: (from, to, done) => changes(to, fails("rename", from), (then) => disk.rename(from, to, then), done),
    remove: (file, done) => changes(file, fails("remove", file), (then) => disk.remove(file, then), done),
    syncFolder: (done) => changes("", fails("sync"), (then) => disk.syncFolder(then), done),
    read(file, position, length, done) {
      const failure = fails("read", file);
      if (failure === null) disk.read(file, position, length, done);
      else inTurn(file, () => done(failure, null));
    },
    size(file, done) {
      const failure = fails("size", file);
      if (failure === null) disk.size(file, done);
      else inTurn(file, () => done(failure, null));
    },
    list(done) {
      const failure = fails("list");
      if (failure === null) disk.list(done);
      else inTurn("", () => done(failure, []));
    },
  };
}
