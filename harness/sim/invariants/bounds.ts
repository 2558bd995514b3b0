/**
 * Bounds: a node remembers no more sessions than it may. When all is quiet, its log is no longer than its settings and
 * its latest snapshot explain, and the segments that this snapshot covers are gone.
 *
 * @module
 */

/** What a node holds, and how it is set. */
export interface Holding {
  /** The node. */
  readonly id: number;
  /** How many sessions it remembers, */
  readonly sessions: number;
  /** and may remember. */
  readonly maxSessions: number;
  /** Whether it writes a snapshot: until that is done, its log may grow. */
  readonly isSnapshotting: boolean;
  /** The bytes of data in the entries of its log, */
  readonly entryBytes: number;
  /** and in the longest of them. */
  readonly longestEntry: number;
  /** The bytes of its latest snapshot; 0 without one. */
  readonly snapshotBytes: number;
  /** A snapshot is due after so many bytes of commands. */
  readonly compactionBytes: number;
  /** It may keep so many bytes of entries that a snapshot covers. */
  readonly keptBytes: number;
  /** How many of its segments hold nothing that the latest snapshot does not cover. */
  readonly idleSegments: number;
  /** A segment that has so many bytes is followed by another. */
  readonly segmentBytes: number;
}

/**
 * A crash may bring back so many segments that were removed, as their names were not durable. A restart holds their
 * entries again, until the next snapshot.
 */
const IDLE_SEGMENTS_MAX = 8;

/** What a node holds beyond its bounds when all is quiet; `null`: nothing. */
export function outgrown(held: Holding): string | null {
  const { id, sessions, maxSessions, isSnapshotting, entryBytes, longestEntry, idleSegments, segmentBytes } = held;
  if (sessions > maxSessions) return `node ${id} remembers ${sessions} sessions, but ${maxSessions} are the most`;
  if (isSnapshotting) return null;
  if (idleSegments > IDLE_SEGMENTS_MAX) {
    return `node ${id} has ${idleSegments} segments that its snapshot covers, but ${IDLE_SEGMENTS_MAX} are the most`;
  }
  // A segment that ends with long entries has no bound that is known here.
  if (longestEntry > segmentBytes / 4) return null;
  const most = Math.max(held.compactionBytes, held.snapshotBytes) + held.keptBytes + 2 * longestEntry +
    IDLE_SEGMENTS_MAX * segmentBytes;
  return entryBytes > most ? `the log of node ${id} holds ${entryBytes} bytes, but ${most} are the most` : null;
}
