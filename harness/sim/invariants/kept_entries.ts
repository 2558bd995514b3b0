/**
 * Kept entries: a node that takes a snapshot keeps as many entries behind it as its settings say, and more for
 * followers that need them (raft/compaction.ts). A naive loop decides.
 *
 * @module
 */
import { entryBytes, type LogIndex, type RaftLog, type RaftStatus } from "../../../raft/mod.ts";

/** How many bytes of entries are kept. */
export interface KeepLimits {
  readonly keepBytes: number;
  readonly maxKeepBytes: number;
}

/** Lets a node take a snapshot at an index, and compares where its log begins afterwards. */
export function keepsEntries(
  status: RaftStatus,
  log: RaftLog,
  limits: KeepLimits,
  { index, compact, broken }: {
    readonly index: number;
    readonly compact: () => void;
    readonly broken: (what: string) => void;
  },
): void {
  // An inactive follower counts for nothing. Whether one is so is not known to the tick, so there are two answers.
  const heard = status.followers.filter(({ isActive, snapshot }) => isActive || snapshot !== null);
  const needed = heard.map(({ matchIndex, nextIndex, state, snapshot }) =>
    snapshot?.index ?? (state === "probe" ? nextIndex - 1 : matchIndex)
  );
  const fewest = firstKept(log, limits, index, index + 1);
  const most = Math.min(fewest, firstKept(log, limits, index, Math.min(index + 1, ...needed)));
  compact();
  const { firstIndex } = log;
  if (firstIndex >= most && firstIndex <= fewest) return;
  broken(
    `kept entries: node ${status.id} keeps those from ${firstIndex} on behind its snapshot at ${index}, ` +
      `and not from ${most === fewest ? most : `${most} to ${fewest}`} on`,
  );
}

/** The first entry that is kept if followers need those from `needed` on. */
function firstKept(log: RaftLog, { keepBytes, maxKeepBytes }: KeepLimits, index: number, needed: number): number {
  let bytes = 0;
  for (let first = index + 1;; first--) {
    const entry = first > log.firstIndex ? log.entryAt(first - 1 as LogIndex) : undefined;
    if (entry === undefined) return first;
    bytes += entryBytes(entry);
    if (bytes > (first > needed ? maxKeepBytes : keepBytes)) return first;
  }
}
