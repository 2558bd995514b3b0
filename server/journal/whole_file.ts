/**
 * Reads and replaces whole files, built from a disk's operations.
 *
 * @module
 */
import type { Disk, DiskDone } from "./disk.ts";

/** How many bytes are read at a time. */
const PIECE = 1 << 20;

/**
 * Reads a file to its end, in as many reads as it takes; `null` if there is no such file.
 *
 * @param done Also gets an error if the file ends before the size that the disk reported.
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
 * Replaces the content of a whole file: at every moment the file has the old content or the new. It is durable when
 * `done` is called.
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
