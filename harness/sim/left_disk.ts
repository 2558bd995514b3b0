/**
 * What a node would find on a disk with the files that a crash has left.
 *
 * @module
 */
import { type Disk, type Journal, openJournal, type OpenJournalOptions } from "../../server/mod.ts";

/** Opens the journal in these files, which it may change. Returns the error if it does not open. */
export function openLeft(files: Map<string, Uint8Array>, options: OpenJournalOptions): Journal | Error {
  const ended: (() => void)[] = [];
  let opened: Journal | Error = new Error("the journal never opens");
  openJournal(diskOf(files, (done) => ended.push(done)), options, (error, journal) => opened = journal ?? error!);
  for (const done of ended) done(); // while one runs, others may be added
  return opened;
}

/**
 * A disk of these files, whose bytes it hands out as they are and never changes. An operation takes effect at once;
 * `later` gets what is to be called when it has ended.
 */
function diskOf(files: Map<string, Uint8Array>, later: (done: () => void) => void): Disk {
  return {
    write(name, position, bytes, done) {
      const before = files.get(name) ?? new Uint8Array(0);
      const after = new Uint8Array(Math.max(before.length, position + bytes.length));
      after.set(before);
      after.set(bytes, position);
      files.set(name, after);
      later(() => done(null));
    },
    sync: (_name, done) => later(() => done(null)),
    read: (name, position, length, done) =>
      later(() => done(null, files.get(name)?.subarray(position, position + length) ?? null)),
    size: (name, done) => later(() => done(null, files.get(name)?.length ?? null)),
    list: (done) => later(() => done(null, [...files.keys()])),
    rename(from, to, done) {
      const file = files.get(from);
      if (file === undefined) return later(() => done(new Error(`There is no file ${from}`)));
      files.set(to, file);
      files.delete(from);
      later(() => done(null));
    },
    remove(name, done) {
      files.delete(name);
      later(() => done(null));
    },
    syncFolder: (done) => later(() => done(null)),
  };
}
