/**
 * Bounds: a node remembers no more sessions than it is set to, and when all is quiet, its log, in memory and on disk,
 * is no longer than its settings and its latest snapshot explain.
 *
 * @module
 */

/** What a node holds, and how it is set. */
export interface Holding {
  /** The node. */
  readonly id: number;
  /** How many sessions it remembers, */
  readonly sessions: number;
  /** and may. */
  readonly maxSessions: number;
  /** How many entries its log holds, */
  readonly entries: number;
  /** and bytes of data in these. */
  readonly entryBytes: number;
  /** The longest of these. */
  readonly longestEntry: number;
  /** Bytes of its latest snapshot; 0 without one. */
  readonly snapshotBytes: number;
  /** A snapshot is due after so many bytes of commands. */
  readonly compactionBytes: number;
  /** So many bytes of entries may be kept that a snapshot covers. */
  readonly keptBytes: number;
  /** Bytes of its segments, */
  readonly journalBytes: number;
  /** of which each has at least so many before another follows. */
  readonly segmentBytes: number;
}

/** A batch of one entry takes so many bytes more than the entry's data; one of a mere term or vote takes no more. */
const BATCH_BYTES = 160;
/**
 * So many segments may hold nothing that is needed: one that was made ready, one that ends in what is, and the next.
 */
const SPARE_SEGMENTS = 3;
/**
 * A restart finds the entries of so many segments again that a snapshot covers: of the one that ends in what is needed.
 */
const REREAD_SEGMENTS = 1;

/** What a node holds beyond its bounds when all is quiet; `null`: nothing. */
export function outgrown(held: Holding): string | null {
  const { id, sessions, maxSessions, entries, entryBytes, longestEntry, snapshotBytes, keptBytes } = held;
  const { journalBytes, segmentBytes } = held;
  if (sessions > maxSessions) return `node ${id} remembers ${sessions} sessions, but ${maxSessions} are the most`;
  const most = Math.max(held.compactionBytes, snapshotBytes) + keptBytes + 2 * longestEntry +
    REREAD_SEGMENTS * segmentBytes;
  if (entryBytes > most) return `the log of node ${id} holds ${entryBytes} bytes, but ${most} are the most`;
  const mostOnDisk = entryBytes + BATCH_BYTES * entries + SPARE_SEGMENTS * segmentBytes + 2 * longestEntry;
  return journalBytes > mostOnDisk
    ? `the journal of node ${id} has ${journalBytes} bytes, but ${mostOnDisk} are the most for ${entries} entries`
    : null;
}
