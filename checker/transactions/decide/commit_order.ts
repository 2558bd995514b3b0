/**
 * Infers the order of commits that read committed, read atomic or causal consistency requires.
 *
 * Each level says: if t3 reads key x from t1, and it saw t2, which also wrote x, then t2 committed before t1. Not all
 * of these pairs are needed: among the earlier writes of x in one session, the latest is enough, and pairs that reads
 * and sessions imply are left out. So read committed and read atomic take O(n^1.5), and causal O(n k), for n
 * operations and k sessions (Møldrup and Pavlogiannis, "AWDIT: An Optimal Weak Database Isolation Tester", PLDI 2025).
 *
 * @module
 */
import { integers } from "../read/memory.ts";
import { type ReadsAndWrites, wrote } from "./reads_and_writes.ts";

/** The transactions by session. */
export interface Sessions {
  /** The session of each transaction: that of {@link Sessions.order}. */
  readonly of: Int32Array;
  readonly count: number;
  /** The participating transactions, session by session, in the order of each session. */
  readonly order: Int32Array;
  /** The number of each transaction in its session, from 1. */
  readonly number: Int32Array;
}

/** The facts from which the order of commits is inferred. */
export interface CommitProblem {
  /** How many transactions there are. As a writer, this number stands for the initial state. */
  readonly count: number;
  readonly keyCount: number;
  readonly accesses: ReadsAndWrites;
  readonly sessions: Sessions;
}

/** Called if `before` must have committed before `after`, because of a read of `key` by `reader`. */
export type Infer = (before: number, after: number, reader: number, key: number) => void;

/** By key, for the later reads of one transaction: the writer of the next read, and the next different writer. */
interface Following {
  readonly stamp: Int32Array; // 1 + the transaction that the entry is about
  readonly next: Int32Array;
  readonly nextOther: Int32Array;
}

/** Read committed: t3 had read from t2 earlier in the transaction. */
export function inferReadCommitted(problem: CommitProblem, infer: Infer): void {
  const { keyCount, accesses, sessions } = problem;
  const { readStart, readKey, readWriter, isFirstOfWriter, writeStart, writeKey } = accesses;
  const following: Following = { stamp: integers(keyCount), next: integers(keyCount), nextOther: integers(keyCount) };
  const { stamp, next, nextOther } = following;
  const laterKeys: number[] = [];
  let t = -1;
  const other = (writer: number, key: number): void => {
    if (stamp[key] !== t + 1) return;
    const after = next[key] !== writer ? next[key]! : nextOther[key]!;
    if (after >= 0) infer(writer, after, t, key);
  };
  for (let i = 0; i < sessions.order.length; i++) {
    t = sessions.order[i]!;
    laterKeys.length = 0;
    for (let at = readStart[t + 1]! - 1; at >= readStart[t]!; at--) {
      const writer = readWriter[at]!, key = readKey[at]!;
      if (isFirstOfWriter[at] && writer < problem.count) {
        // Iterates over the shorter list of keys: those that the writer wrote, or those that are read later.
        if (writeStart[writer + 1]! - writeStart[writer]! <= laterKeys.length) {
          for (let w = writeStart[writer]!; w < writeStart[writer + 1]!; w++) other(writer, writeKey[w]!);
        } else {
          for (const later of laterKeys) if (wrote(accesses, writer, later)) other(writer, later);
        }
      }
      if (stamp[key] !== t + 1) {
        laterKeys.push(key);
        stamp[key] = t + 1;
        nextOther[key] = -1;
      } else if (next[key] !== writer) nextOther[key] = next[key]!;
      next[key] = writer;
    }
  }
}

/** Read atomic: t3 reads from t2, or t2 is an earlier transaction of its session. */
export function inferReadAtomic(problem: CommitProblem, infer: Infer): void {
  const { keyCount, accesses, sessions } = problem;
  const { readStart, readKey, readWriter, isFirstOfWriter, writeStart, writeKey } = accesses;
  const latestWrite = integers(keyCount).fill(-1); // of each key, by sessions one after another
  const latestRead = integers(keyCount).fill(-1); // of each key, by the transaction
  const previousRead = integers(readKey.length); // of the same key and transaction
  const readKeys: number[] = [];
  let t = -1, from = 0;
  const beforeAll = (writer: number, key: number): void => {
    for (let at = latestRead[key]!; at >= from; at = previousRead[at]!) infer(writer, readWriter[at]!, t, key);
  };
  for (let i = 0; i < sessions.order.length; i++) {
    t = sessions.order[i]!;
    readKeys.length = 0;
    from = readStart[t]!;
    for (let at = from; at < readStart[t + 1]!; at++) {
      const key = readKey[at]!;
      const isAgain = latestRead[key]! >= from;
      previousRead[at] = isAgain ? latestRead[key]! : -1;
      latestRead[key] = at;
      if (!isAgain) readKeys.push(key);
      const own = latestWrite[key]!;
      if (own >= 0 && sessions.of[own] === sessions.of[t]) infer(own, readWriter[at]!, t, key);
    }
    for (let at = from; at < readStart[t + 1]!; at++) {
      const writer = readWriter[at]!;
      if (!isFirstOfWriter[at] || writer >= problem.count) continue;
      if (writeStart[writer + 1]! - writeStart[writer]! <= readKeys.length) {
        for (let w = writeStart[writer]!; w < writeStart[writer + 1]!; w++) beforeAll(writer, writeKey[w]!);
      } else {
        for (const key of readKeys) if (wrote(accesses, writer, key)) beforeAll(writer, key);
      }
    }
    for (let w = writeStart[t]!; w < writeStart[t + 1]!; w++) latestWrite[writeKey[w]!] = t;
  }
}

/** The writers of each key, in groups by session: group `g` is `by[groupStart[g]]` to `by[groupStart[g + 1]]`. */
interface WritersByKey {
  /** The groups of a key. */
  readonly start: Int32Array;
  readonly groupSession: Int32Array;
  readonly groupStart: Int32Array;
  readonly by: Int32Array;
  /** The number of each writer in its session. */
  readonly number: Int32Array;
}

function writersByKey({ keyCount, accesses, sessions }: CommitProblem): WritersByKey {
  const { writeStart, writeKey } = accesses;
  const total = writeKey.length;
  const ofKey = integers(keyCount + 1);
  for (const t of sessions.order) {
    for (let i = writeStart[t]!; i < writeStart[t + 1]!; i++) ofKey[writeKey[i]! + 1]!++;
  }
  for (let key = 0; key < keyCount; key++) ofKey[key + 1]! += ofKey[key]!;
  const next = ofKey.slice(0, keyCount);
  const by = integers(total), number = integers(total);
  for (const t of sessions.order) {
    for (let i = writeStart[t]!; i < writeStart[t + 1]!; i++) {
      const place = next[writeKey[i]!]!++;
      by[place] = t;
      number[place] = sessions.number[t]!;
    }
  }
  const start = integers(keyCount + 1);
  const groupSession = integers(total), groupStart = integers(total + 1);
  let groups = 0;
  for (let key = 0; key < keyCount; key++) {
    for (let at = ofKey[key]!; at < ofKey[key + 1]!; at++) {
      const session = sessions.of[by[at]!]!;
      if (at > ofKey[key]! && session === groupSession[groups - 1]) continue;
      groupSession[groups] = session;
      groupStart[groups++] = at;
    }
    start[key + 1] = groups;
  }
  groupStart[groups] = ofKey[keyCount]!;
  return { start, groupSession, groupStart, by, number };
}

/**
 * Causal consistency: a path of reads and sessions leads from t2 to t3. Uses vector clocks: the clock of a transaction
 * counts, for each session, the transactions that it comes after, itself included.
 *
 * @param order The transactions in an order that agrees with reads and sessions.
 */
export function inferCausal(problem: CommitProblem, order: ArrayLike<number>, infer: Infer): void {
  const { count, accesses, sessions } = problem;
  const { readStart, readKey, readWriter, isFirstOfWriter } = accesses;
  const { number, count: k } = sessions;
  const writers = writersByKey(problem);
  const clock = integers(count * k);
  const previous = previousInSession(sessions, count);
  const raise = (t: number, other: number): void => {
    for (let s = 0; s < k; s++) if (clock[other * k + s]! > clock[t * k + s]!) clock[t * k + s] = clock[other * k + s]!;
  };
  for (let i = 0; i < order.length; i++) {
    const t = order[i]!;
    if (previous[t]! >= 0) raise(t, previous[t]!);
    for (let at = readStart[t]!; at < readStart[t + 1]!; at++) {
      if (isFirstOfWriter[at] && readWriter[at]! < count) raise(t, readWriter[at]!);
    }
    for (let at = readStart[t]!; at < readStart[t + 1]!; at++) {
      const key = readKey[at]!, writer = readWriter[at]!;
      for (let group = writers.start[key]!; group < writers.start[key + 1]!; group++) {
        const session = writers.groupSession[group]!;
        const seen = clock[t * k + session]!;
        // Transactions that the writer comes after need no edge.
        const known = writer < count ? clock[writer * k + session]! : 0;
        if (seen <= known) continue;
        const last = lastUpTo(writers, group, seen);
        if (last >= 0 && writers.number[last]! > known) infer(writers.by[last]!, writer, t, key);
      }
    }
    clock[t * k + sessions.of[t]!] = number[t]!;
  }
}

/** The position of a group's last writer whose number in its session is at most `seen`; -1 if there is none. */
function lastUpTo({ groupStart, number }: WritersByKey, group: number, seen: number): number {
  const begin = groupStart[group]!;
  let low = begin, high = groupStart[group + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (number[middle]! <= seen) low = middle + 1;
    else high = middle;
  }
  return low > begin ? low - 1 : -1;
}

/** The previous transaction of each transaction's session; -1 for the first. */
export function previousInSession({ order, of }: Sessions, count: number): Int32Array {
  const previous = integers(count).fill(-1);
  for (let i = 1; i < order.length; i++) if (of[order[i - 1]!] === of[order[i]!]) previous[order[i]!] = order[i - 1]!;
  return previous;
}
