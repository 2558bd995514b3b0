/**
 * Whole files, put together from the verbs of a disk: read to their end, or put in the place of another at once.
 *
 * @module
 */
import type { Disk, DiskDone } from "./disk.ts";

/** A file is read so many bytes at a time. */
const PIECE = 1 << 20;

/**
 * Reads a file to its end, however short each read is; `null` where there is no such file.
 *
 * @param done Also gets an error if the file ends before the size that the disk told.
 */
export function readFile(
  disk: Disk,
  file: string,
  done: (error: Error | null, bytes: Uint8Array | null) => void,
): void {
  disk.size(file, (error, size) => {
    if (error !== null || size === null) return done(error, null);
    const bytes = new Uint8Array(size);
    const readFrom = (position: number): void => {
      if (position === size) return done(null, bytes);
      disk.read(file, position, Math.min(PIECE, size - position), (failed, part) => {
        if (failed !== null) return done(failed, null);
        if (part === null || part.length === 0) {
          return done(new Error(`Cannot read ${file}: it has ${size} bytes, but ends at offset ${position}`), null);
        }
        bytes.set(part, position);
        readFrom(position + part.length);
      });
    };
    readFrom(0);
  });
}

/**
 * Puts bytes in the place of a whole file: at every moment there is the old content or the new. Durable when `done` is
 * called.
 */
export function replaceFile(disk: Disk, file: string, bytes: Uint8Array, done: DiskDone): void {
  const draft = `${file}.new`;
  disk.remove(draft, () => {
    disk.write(draft, 0, bytes, (unwritten) => {
      if (unwritten !== null) return disk.remove(draft, () => done(unwritten));
      disk.sync(draft, (unsynced) => {
        if (unsynced !== null) return disk.remove(draft, () => done(unsynced));
        disk.rename(draft, file, (unnamed) => unnamed === null ? disk.syncFolder(done) : done(unnamed));
      });
    });
  });
}
