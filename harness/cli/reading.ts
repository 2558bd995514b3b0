/**
 * How far a large file is read: a line for the terminal, once reading has taken two seconds.
 *
 * @module
 */

/** Called with what was read of a file so far, and its size; 0 if that is not known. Both in bytes. */
export type OnRead = (file: string, done: number, total: number) => void;

/** A file that is read in less time than this shows no progress. In milliseconds. */
const SHOWN_AFTER = 2_000;
/** The minimum time between two lines. In milliseconds. */
const SHOWN_EVERY = 200;

/**
 * Makes lines of progress.
 *
 * @param show Shows a line in place of the one before.
 * @param now The time in milliseconds.
 */
export function readingProgress(show: (line: string) => void, now: () => number): OnRead {
  const began = now();
  let last = -Infinity;
  return (file, done, total) => {
    const at = now();
    if (at - began < SHOWN_AFTER || (at - last < SHOWN_EVERY && (total === 0 || done < total))) return;
    last = at;
    show(lineOf(file, done, total));
  };
}

/** The number comes first: a line that is too long for the terminal loses its end. */
function lineOf(file: string, done: number, total: number): string {
  if (total === 0) return `${Math.floor(done / 1e6)} MB read of ${file}`;
  return done < total ? `${Math.floor(100 * done / total)} % read of ${file}` : `checking ${file} ...`;
}
