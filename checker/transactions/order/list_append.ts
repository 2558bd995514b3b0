/**
 * Analyses transactions on lists: the order of appends that the reads show, and the contradictions (Kingsbury and
 * Alvaro, "Elle", VLDB 2020, section 4).
 *
 * A read of a list shows the order of all appends before it. The longest read of a key is therefore the order of its
 * versions. Every other read must be a prefix of it, and an append that no read has seen comes after all that were
 * seen. Only a transaction's first read of a key, before its own appends, shows other transactions. Its later reads
 * must agree with it; the anomaly `internal` covers that.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import type { Findings } from "../read/findings.ts";
import { EdgeList, rw, wr, ww, wwUnsure } from "../graph/graph.ts";
import { fail, info, initialVersion, ok, type Transactions, unknownVersion } from "../read/transactions.ts";
import { bytes, grown, integers } from "../read/memory.ts";
import { agree, listFaults, seenBy } from "./list_faults.ts";
import { sharedValues } from "../read/shared_values.ts";
import { isAmbiguous, isFinal, nobody } from "../read/versions.ts";

/** The order of the versions of every key, as far as reads show it. */
export interface ListOrder {
  /** The versions of key k, in order, are `order[start[k]] .. order[start[k + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
  /** The position of each version in its key's order; -1 if the order lacks it. */
  readonly position: Int32Array;
  /** For each key, the operation whose list is the order, or -1. */
  readonly longest: Int32Array;
  /**
   * The position, in its key's order, of the last version that a read saw: -1 for the initial state, -2 if it is
   * unknown.
   */
  readonly lastSeen: (at: number) => number;
  /** Appends that may have happened and that the order lacks, by key. */
  readonly unread: ReadonlyMap<number, readonly number[]>;
}

/** The facts about a history of lists. */
export interface ListAnalysis {
  /** 1 for each transaction that certainly happened, or whose appends were seen. */
  readonly takesPart: Uint8Array;
  /** The ww, wr and rw edges. */
  readonly edges: EdgeList;
  readonly order: ListOrder;
}

/** The longest read of each key, the first among equals; -1 if nothing was read. */
function longestReads({ count, opStart, opKey, lists, keys }: Transactions): Int32Array {
  const longest = new Int32Array(keys.length).fill(-1);
  for (let at = 0; at < opStart[count]!; at++) {
    const list = lists[at];
    if (list === undefined || list.length === 0) continue;
    const known = longest[opKey[at]!]!;
    if (known < 0 || list.length > lists[known]!.length) longest[opKey[at]!] = at;
  }
  return longest;
}

/** The orders that the longest reads show. */
interface LongestOrders {
  /** Every element of key k's longest read, as a version: `raw[rawStart[k]] .. raw[rawStart[k + 1]]`. */
  readonly raw: Int32Array;
  readonly rawStart: Int32Array;
  /** Each version without duplicates: `order[start[k]] .. order[start[k + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
  /** The position of each version in its key's order, or -1. */
  readonly position: Int32Array;
  /** For keys whose longest read contains an element twice: the number of distinct elements, by length. */
  readonly doubled: ReadonlyMap<number, readonly number[]>;
}

function ordersOf({ lists, keys, versions }: Transactions, longest: Int32Array): LongestOrders {
  const start = new Int32Array(keys.length + 1);
  const rawStart = new Int32Array(keys.length + 1);
  for (let k = 0; k < keys.length; k++) {
    rawStart[k + 1] = rawStart[k]! + (longest[k]! < 0 ? 0 : lists[longest[k]!]!.length);
  }
  const raw = integers(rawStart[keys.length]!);
  const order = integers(raw.length);
  let position = integers(versions.count).fill(-1);
  let ordered = 0;
  const doubled = new Map<number, number[]>();
  for (let k = 0; k < keys.length; k++) {
    start[k] = ordered;
    const list = longest[k]! < 0 ? [] : lists[longest[k]!]!;
    for (let i = 0; i < list.length; i++) {
      const version = versions.insert(k, list[i]);
      raw[rawStart[k]! + i] = version;
      if (version >= position.length) position = withRoomFor(version + 1, position);
      if (position[version]! >= 0) {
        if (!doubled.has(k)) doubled.set(k, Array.from({ length: i + 1 }, (_, length) => length));
      } else {
        position[version] = ordered - start[k]!;
        order[ordered++] = version;
      }
      doubled.get(k)?.push(ordered - start[k]!);
    }
  }
  start[keys.length] = ordered;
  return { raw, rawStart, order: order.subarray(0, ordered), start, position, doubled };
}

/** The same positions, with -1 for versions that were added since. */
function withRoomFor(count: number, position: Int32Array): Int32Array {
  return count > position.length ? grown(position, count).fill(-1, position.length) : position;
}

/**
 * Finds the reads that are prefixes of their key's longest read, and fills in what each read saw last.
 *
 * @returns By operation, 1 for each prefix; and the other reads, which contradict the longest one, with their versions.
 */
function comparedWithLongest(
  { count, opStart, opKey, opVersion, lists, versions }: Transactions,
  longest: Int32Array,
  { raw, rawStart }: LongestOrders,
): { isPrefix: Uint8Array; strayReads: readonly number[]; strayVersions: ReadonlySet<number> } {
  const operations = opStart[count]!;
  const isPrefix = bytes(operations);
  const strayReads: number[] = [];
  const strayVersions = new Set<number>();
  for (let at = 0; at < operations; at++) {
    const list = lists[at];
    if (list === undefined) continue;
    const key = opKey[at]!;
    if (list.length === 0) {
      opVersion[at] = initialVersion;
      isPrefix[at] = 1;
      continue;
    }
    const whole = lists[longest[key]!]!;
    if (list === whole || agree(list, whole, list.length)) {
      isPrefix[at] = 1;
      opVersion[at] = raw[rawStart[key]! + list.length - 1]!;
      continue;
    }
    let last = initialVersion;
    for (const element of list) strayVersions.add(last = versions.insert(key, element));
    opVersion[at] = last;
    strayReads.push(at);
  }
  return { isPrefix, strayReads, strayVersions };
}

/** 1 for each transaction that certainly happened, or that wrote a version in `seen`. */
function participants({ count, status, versions }: Transactions, ...seen: Iterable<number>[]): Uint8Array {
  const takesPart = bytes(count);
  for (let t = 0; t < count; t++) takesPart[t] = status[t] === ok ? 1 : 0;
  for (const some of seen) {
    for (const version of some) {
      const writer = versions.writer[version]!;
      if (writer !== nobody && status[writer] === info && !(versions.flags[version]! & isAmbiguous)) {
        takesPart[writer] = 1;
      }
    }
  }
  return takesPart;
}

/** The versions in `order` that nobody wrote, or that an aborted transaction wrote, by key. */
function wrongVersionsOf({ status, versions }: Transactions, order: Int32Array): Map<number, number[]> {
  const wrongVersions = new Map<number, number[]>();
  for (let i = 0; i < order.length; i++) {
    const version = order[i]!;
    const writer = versions.writer[version]!;
    if (writer === nobody || status[writer] === fail) addTo(wrongVersions, versions.key[version]!, version);
  }
  return wrongVersions;
}

/** Appends that may have happened and that no read has seen, by key. */
function unreadAppends({ versions }: Transactions, position: Int32Array, takesPart: Uint8Array): Map<number, number[]> {
  const unread = new Map<number, number[]>();
  for (let version = 0; version < versions.count; version++) {
    if (position[version]! >= 0) continue;
    const writer = versions.writer[version]!;
    if (writer === nobody || !takesPart[writer] || versions.flags[version]! & isAmbiguous) continue;
    addTo(unread, versions.key[version]!, version);
  }
  return unread;
}

/**
 * Finds the order of versions, the dependencies, and every anomaly that shows without a cycle.
 *
 * The time is linear in the history, including the elements of all reads.
 *
 * @param history The transactions; the versions of its reads (`opVersion`) are filled in.
 * @param findings Gets the anomalies.
 * @param indexOf The index of an event in reports.
 */
export function analyseLists(
  history: Transactions,
  findings: Findings,
  indexOf: (event: number) => number,
): ListAnalysis {
  const { count, status, opStart, isWrite, opKey, opVersion, lists, keys, versions } = history;
  const operations = opStart[count]!;
  const longest = longestReads(history);
  const orders = ordersOf(history, longest);
  const { order, start, doubled } = orders;
  const shared = sharedValues(history);
  const { isPrefix, strayReads, strayVersions } = comparedWithLongest(history, longest, orders);
  const position = withRoomFor(versions.count, orders.position);
  const takesPart = participants(history, order, strayVersions);
  const wrongVersions = wrongVersionsOf(history, order);
  const edges = new EdgeList(count, Math.max(1024, operations * 2 + 3 * count));
  const previousOp = integers(operations);
  const faults = listFaults(
    {
      history,
      findings,
      indexOf,
      longest,
      isPrefix,
      position,
      order,
      start,
      doubled,
      wrongVersions,
      shared,
      previousOp,
    },
  );
  for (const at of strayReads) faults.incompatibleOrder(at);
  const lastOp = new Int32Array(keys.length).fill(-1);
  const endReaders = new Map<number, number[]>(); // by key, who read all that was seen of it
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    const from = opStart[t]!, to = opStart[t + 1]!;
    let internalFound = false;
    for (let at = from; at < to; at++) {
      const key = opKey[at]!;
      const previous = lastOp[key]! >= from ? lastOp[key]! : -1;
      previousOp[at] = previous;
      lastOp[key] = at;
      if (isWrite[at]) {
        if (previous >= 0) faults.appendAfter(t, at, previous);
        continue;
      }
      const version = opVersion[at]!;
      if (version === unknownVersion) continue;
      faults.elementsOf(t, at);
      if (version >= 0 && !(versions.flags[version]! & (isFinal | isAmbiguous))) faults.intermediateRead(t, at);
      if (previous >= 0 && !internalFound) internalFound = faults.internal(t, at);
      // A later read that agrees with an earlier one adds nothing.
      if (previous < 0 || isWrite[previous] || opVersion[previous] !== version) dependencies(t, at);
    }
  }
  faults.lostUpdates();
  const unread = unreadAppends(history, position, takesPart);
  overwrites();
  faults.dirtyUpdates();
  return { takesPart, edges, order: { order, start, position, longest, lastSeen, unread } };

  function dependencies(t: number, at: number): void {
    const key = opKey[at]!;
    const version = opVersion[at]!;
    if (version >= 0) {
      const writer = versions.writer[version]!;
      if (writer !== t && writer !== nobody && status[writer] !== fail && !(versions.flags[version]! & isAmbiguous)) {
        edges.add(writer, t, wr);
      }
    }
    let next = start[key]!;
    if (version >= 0) {
      const last = lastSeen(at);
      if (last < 0) return;
      next += last + 1;
    }
    for (; next < start[key + 1]!; next++) {
      const writer = versions.writer[order[next]!]!;
      if (writer === nobody || status[writer] === fail || versions.flags[order[next]!]! & isAmbiguous) continue;
      if (writer !== t) edges.add(t, writer, rw);
      return;
    }
    addTo(endReaders, key, t);
  }

  function lastSeen(at: number): number {
    const version = opVersion[at]!;
    if (version < 0) return -1;
    if (isPrefix[at]) return seenBy(doubled, opKey[at]!, lists[at]!.length) - 1;
    return position[version]! < 0 || versions.flags[version]! & isAmbiguous ? -2 : position[version]!;
  }

  /** Adds ww edges: from each version to the next, and from the last seen version to the unseen ones. */
  function overwrites(): void {
    for (let k = 0; k < keys.length; k++) {
      let previous = nobody;
      for (let i = start[k]!; i < start[k + 1]!; i++) {
        const version = order[i]!;
        const writer = versions.writer[version]!;
        if (writer === nobody || status[writer] === fail || versions.flags[version]! & isAmbiguous) continue;
        if (previous !== nobody && previous !== writer) edges.add(previous, writer, ww);
        previous = writer;
      }
      const late = unread.get(k);
      if (late === undefined) continue;
      const writers = [...new Set(late.map((version) => versions.writer[version]!))];
      if (previous !== nobody) {
        edges.addProduct([previous], writers.filter((writer) => status[writer] === ok), ww);
        edges.addProduct([previous], writers.filter((writer) => status[writer] === info), wwUnsure);
      }
      const readers = endReaders.get(k);
      if (readers !== undefined) edges.addProduct([...new Set(readers)], writers, rw);
    }
  }
}
