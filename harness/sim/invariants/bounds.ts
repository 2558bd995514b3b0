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
  /** How many sessions it remembers. */
  readonly sessions: number;
  /** How many sessions it may remember. */
  readonly maxSessions: number;
  /** Whether it writes a snapshot: until that is done, its log may grow. */
  readonly isSnapshotting: boolean;
  /** The bytes of data in the entries of its log. */
  readonly entryBytes: number;
  /** The bytes of data in the longest entry of its log. */
  readonly longestEntry: number;
  /** The bytes of its latest snapshot; 0 without one. */
  readonly snapshotBytes: number;
  /** After how many bytes of commands a snapshot is due. */
  readonly compactionBytes: number;
  /** How many bytes of entries it may keep although a snapshot covers them. */
  readonly keptBytes: number;
  /** How many of its segments hold only what the latest snapshot covers. */
  readonly idleSegments: number;
  /** After how many bytes of a segment the next one begins. */
  readonly segmentBytes: number;
}

/**
 * How many removed segments a crash may bring back, because their removal was not durable. A restarted node holds their
 * entries again, until its next snapshot.
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
