/**
 * A disk that does everything at once, with the files that a crash has left: for looking at what a node would find.
 *
 * @module
 */
import type { Disk } from "../../server/mod.ts";

/** Makes a disk of these files, which it may change. */
export function leftDisk(files: Map<string, Uint8Array>): Disk {
  return {
    write(name, position, bytes, done) {
      const before = files.get(name) ?? new Uint8Array(0);
      const after = new Uint8Array(Math.max(before.length, position + bytes.length));
      after.set(before);
      after.set(bytes, position);
      files.set(name, after);
      done(null);
    },
    sync: (_name, done) => done(null),
    read: (name, position, length, done) => done(null, files.get(name)?.slice(position, position + length) ?? null),
    size: (name, done) => done(null, files.get(name)?.length ?? null),
    list: (done) => done(null, [...files.keys()]),
    rename(from, to, done) {
      const file = files.get(from);
      if (file === undefined) return done(new Error(`There is no file ${from}`));
      files.set(to, file);
      files.delete(from);
      done(null);
    },
    remove(name, done) {
      files.delete(name);
      done(null);
    },
    syncFolder: (done) => done(null),
  };
}
