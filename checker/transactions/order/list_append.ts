/**
 * Transactions over lists: what each read says of the order of appends, and what cannot be (Kingsbury and Alvaro,
 * "Elle", VLDB 2020, section 4).
 *
 * A read of a list tells the order of every append before it. The longest read of a key is therefore the order of its
 * versions, every other read must be a prefix of it, and an append that no read has seen comes after all that were
 * seen. Only a transaction's first read of a key before its own appends tells of others; its later reads must agree
 * with it, which is a matter of `internal`.
 *
 * @module
 */
import { type AnomalyCase, type Findings, operationAt, reported, shown } from "../read/findings.ts";
import { EdgeList, rw, wr, ww, wwUnsure } from "../graph/graph.ts";
import { fail, info, initialVersion, ok, type Transactions, unknownVersion } from "../read/transactions.ts";
import { bytes, grown, integers } from "../read/memory.ts";
import { sharedValues } from "../read/shared_values.ts";
import { comparable, isAmbiguous, isFinal, isShared, nobody } from "../read/versions.ts";

/** The order of the versions of every key, as far as reads tell it. */
export interface ListOrder {
  /** The versions of key k, in order, are `order[start[k]] .. order[start[k + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
  /** Where in its key's order each version stands, or -1 for one that the order does not have. */
  readonly position: Int32Array;
  /** The operation whose list is the order of each key, or -1. */
  readonly longest: Int32Array;
  /**
   * The position in its key's order of the last version that a read saw: -1 for the initial state, -2 where it cannot
   * be told.
   */
  readonly lastSeen: (at: number) => number;
  /** Appends that may have happened and that the order does not have, by key. */
  readonly unread: ReadonlyMap<number, readonly number[]>;
}

/** What is known of a history of lists. */
export interface ListAnalysis {
  /** 1 for each transaction that surely happened, or whose appends were seen. */
  readonly takesPart: Uint8Array;
  /** The ww, wr and rw edges. */
  readonly edges: EdgeList;
  readonly order: ListOrder;
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && comparable(a) === comparable(b));
}

/** Whether the first `length` elements of both are the same. */
function agree(a: readonly unknown[], b: readonly unknown[], length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i] && !sameValue(a[i], b[i])) return false;
  return true;
}

/** The longest read of each key, among equals the first; -1 where nothing was read. */
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
  /** Each version once: `order[start[k]] .. order[start[k + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
  /** Where in its key's order each version stands, or -1. */
  readonly position: Int32Array;
  /** The keys whose longest read has an element twice: how many there are without it, by length. */
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

/** The same positions, with -1 for the versions that came since. */
function withRoomFor(count: number, position: Int32Array): Int32Array {
  return count > position.length ? grown(position, count).fill(-1, position.length) : position;
}

/**
 * Finds which reads are a prefix of their key's longest, and fills in what each read saw last.
 *
 * @param stray Told of each other read: the database has shown two histories of one key.
 * @returns 1 for each prefix, by operation, and the versions that the other reads have.
 */
function comparedWithLongest(
  { count, opStart, opKey, opVersion, lists, versions }: Transactions,
  longest: Int32Array,
  { raw, rawStart }: LongestOrders,
  stray: (at: number) => void,
): { isPrefix: Uint8Array; strayVersions: ReadonlySet<number> } {
  const operations = opStart[count]!;
  const isPrefix = bytes(operations);
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
    stray(at);
  }
  return { isPrefix, strayVersions };
}

/** 1 for each transaction that surely happened, or of which `seen` has a version. */
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

/** The versions of `order` that nobody wrote, or that an aborted transaction wrote, by key. */
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

function addTo(groups: Map<number, number[]>, key: number, item: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

/**
 * Finds the order of versions, the dependencies, and every anomaly that shows without a cycle.
 *
 * Linear in the history, the elements of all reads included.
 *
 * @param history The transactions; `opVersion` of its reads is filled in.
 * @param findings Where the anomalies go.
 * @param indexOf The index that an event goes by in reports.
 */
export function analyseLists(
  history: Transactions,
  findings: Findings,
  indexOf: (event: number) => number,
): ListAnalysis {
  const { count, status, opStart, isWrite, opKey, opVersion, lists, keys, versions } = history;
  const operations = opStart[count]!;
  const report = (t: number) => reported(history, t, indexOf);
  const longest = longestReads(history);
  const orders = ordersOf(history, longest);
  const { order, start, doubled } = orders;
  const shared = sharedValues(history);
  const { isPrefix, strayVersions } = comparedWithLongest(history, longest, orders, incompatibleOrder);
  const position = withRoomFor(versions.count, orders.position);
  const takesPart = participants(history, order, strayVersions);
  const wrongVersions = wrongVersionsOf(history, order);

  const edges = new EdgeList(count, Math.max(1024, operations * 2 + 3 * count));
  const previousOp = integers(operations);
  const lastOp = new Int32Array(keys.length).fill(-1);
  const endReaders = new Map<number, number[]>(); // by key, who read all that was seen of it
  const updatersOf = integers(versions.count + keys.length); // 1 + the transaction, or 0
  const collisions = new Map<number, number[]>();
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
        if (previous >= 0) appendAfter(t, at, previous);
        continue;
      }
      const version = opVersion[at]!;
      if (version === unknownVersion) continue;
      elementsOf(t, at);
      if (version >= 0 && !(versions.flags[version]! & (isFinal | isAmbiguous))) intermediateRead(t, at);
      if (previous >= 0 && !internalFound) internalFound = internal(t, at);
      // A later read that agrees with an earlier one says nothing new.
      if (previous < 0 || isWrite[previous] || opVersion[previous] !== version) dependencies(t, at);
    }
  }
  lostUpdates();
  const unread = unreadAppends(history, position, takesPart);
  overwrites();
  dirtyUpdates();
  return { takesPart, edges, order: { order, start, position, longest, lastSeen, unread } };

  function seenBy(key: number, length: number): number {
    return doubled.get(key)?.[length] ?? length;
  }

  function transactionOf(at: number): number {
    let low = 0, high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (opStart[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function incompatibleOrder(at: number): void {
    const key = opKey[at]!;
    const list = lists[at]!, whole = lists[longest[key]!]!;
    findings.add("incompatible-order", (): AnomalyCase => {
      const [a, b] = [transactionOf(at), transactionOf(longest[key]!)];
      return {
        transactions: [report(a), report(b)],
        key: keys[key],
        values: [list, whole],
        explanation: `T1 read key ${shown(keys[key])} as ${shown(list)}, and T2 read it as ${shown(whole)}. ` +
          `Neither list is the beginning of the other, but a list that is only appended to has one history.`,
      };
    });
  }

  /** Reports a read of what nobody appended, or of what failed. */
  function wrongRead(t: number, at: number, version: number, writer = versions.writer[version]!): void {
    const key = keys[opKey[at]!];
    const element = versions.valueOf(version);
    if (writer === nobody) {
      findings.add("thin-air-read", () => ({
        transactions: [report(t)],
        key,
        operation: operationAt(history, at),
        values: [element],
        explanation: `T1 read ${shown(lists[at])} from key ${shown(key)}, but no transaction ever appended ${
          shown(element)
        } to it.`,
      }));
    } else {
      findings.add("G1a", () => ({
        transactions: [report(t), report(writer)],
        key,
        operation: operationAt(history, at),
        values: [element],
        explanation:
          `T1 read ${shown(lists[at])} from key ${shown(key)}, but ${
            shown(element)
          } was appended by T2, which failed: ` +
          `T1 read what was never committed.`,
      }));
    }
  }

  /** Judges an append after other operations of its transaction on the key. */
  function appendAfter(t: number, at: number, previous: number): void {
    if (status[t] === ok) {
      futureRead(t, at);
      const read = firstRead(previous);
      if (read >= 0) updateAfter(t, read);
    }
    ownOrder(t, at);
  }

  /** Judges what a list holds, element by element where it is no prefix of the longest. */
  function elementsOf(t: number, at: number): void {
    const key = opKey[at]!;
    const list = lists[at]!;
    if (isPrefix[at]) {
      const wrong = wrongVersions.get(key);
      if (wrong !== undefined) {
        for (const bad of wrong) if (position[bad]! < seenBy(key, list.length)) wrongRead(t, at, bad);
      }
    } else {
      for (const element of list) {
        const bad = versions.find(key, element);
        const writer = versions.writer[bad]!;
        if (writer === nobody || status[writer] === fail) wrongRead(t, at, bad);
      }
    }
    if (!isPrefix[at] || (longest[key] === at && doubled.has(key))) duplicates(t, at);
  }

  /** Finds a read of what another transaction appended before it appended more. */
  function intermediateRead(t: number, at: number): void {
    const version = opVersion[at]!;
    const writer = versions.writer[version]!;
    if (writer === t || writer === nobody) return;
    const key = keys[opKey[at]!];
    const value = versions.valueOf(version);
    findings.add("G1b", () => ({
      transactions: [report(t), report(writer)],
      key,
      operation: operationAt(history, at),
      values: [value],
      explanation: `T1 read ${shown(lists[at])} from key ${shown(key)}, which ends with ${shown(value)}, appended by ` +
        `T2. But T2 appended more to that key before it committed: T1 saw a state from within T2.`,
    }));
  }

  /** The first operation on a key, if it and all up to `at` are reads; else -1. */
  function firstRead(at: number): number {
    let first = at;
    for (let each = at; each >= 0; each = previousOp[each]!) {
      if (isWrite[each]) return -1;
      first = each;
    }
    return opVersion[first] === unknownVersion ? -1 : first;
  }

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
    const readers = endReaders.get(key);
    if (readers === undefined) endReaders.set(key, [t]);
    else readers.push(t);
  }

  function lastSeen(at: number): number {
    const version = opVersion[at]!;
    if (version < 0) return -1;
    if (isPrefix[at]) return seenBy(opKey[at]!, lists[at]!.length) - 1;
    return position[version]! < 0 || versions.flags[version]! & isAmbiguous ? -2 : position[version]!;
  }

  /** Whether the read at `at` contradicts what its own transaction read and appended before. */
  function internal(t: number, at: number): boolean {
    const list = lists[at]!;
    const appended: unknown[] = [];
    let before = previousOp[at]!;
    while (before >= 0 && isWrite[before]) {
      appended.push(versions.valueOf(opVersion[before]!));
      before = previousOp[before]!;
    }
    appended.reverse();
    const base = before >= 0 ? lists[before] : undefined;
    const known = base?.length ?? list.length - appended.length;
    const holds = known >= 0 && list.length === known + appended.length &&
      (base === undefined || agree(base, list, known)) &&
      agree(appended, list.slice(known), appended.length);
    if (holds) return false;
    const expected = base === undefined ? ["...", ...appended] : [...base, ...appended];
    findings.add("internal", () => ({
      transactions: [report(t)],
      key: keys[opKey[at]!],
      operation: operationAt(history, at),
      expected,
      explanation: `T1 read ${shown(list)} from key ${shown(keys[opKey[at]!])}, but by what it had itself ` +
        `${
          base === undefined ? "appended" : appended.length === 0 ? "read" : "read and appended"
        } before, it should have read ${shown(expected)}.`,
    }));
    return true;
  }

  /** Finds reads, before the append at `at`, that saw what it was only going to append. */
  function futureRead(t: number, at: number): void {
    const version = opVersion[at]!;
    if (versions.flags[version]! & isAmbiguous) return;
    for (let before = previousOp[at]!; before >= 0; before = previousOp[before]!) {
      if (isWrite[before]) continue;
      const list = lists[before]!;
      const isSeen = isPrefix[before]
        ? position[version]! >= 0 && position[version]! < seenBy(opKey[at]!, list.length)
        : list.some((element) => sameValue(element, versions.valueOf(version)));
      if (!isSeen) continue;
      // If it was not its own future, it was what a failed transaction had appended.
      const failed = versions.flags[version]! & isShared ? shared.failedWriter(version, t) : -1;
      if (failed >= 0) return wrongRead(t, before, version, failed);
      findings.add("future-read", () => ({
        transactions: [report(t)],
        key: keys[opKey[at]!],
        operation: operationAt(history, before),
        values: [versions.valueOf(version)],
        explanation:
          `T1 read ${shown(list)} from key ${shown(keys[opKey[at]!])} before it appended ${
            shown(versions.valueOf(version))
          } itself: ` +
          `it saw its own future.`,
      }));
      return;
    }
  }

  /** Finds appends of one transaction that a list has in another order, or without those before. */
  function ownOrder(t: number, at: number): void {
    let before = previousOp[at]!;
    while (before >= 0 && !isWrite[before]) before = previousOp[before]!;
    if (before < 0) return;
    const [earlier, later] = [opVersion[before]!, opVersion[at]!];
    if ((versions.flags[earlier]! | versions.flags[later]!) & isAmbiguous) return;
    if (position[later]! < 0 || (position[earlier]! >= 0 && position[earlier]! < position[later]!)) return;
    const read = longest[opKey[at]!]!;
    findings.add("incompatible-order", () => ({
      transactions: [report(transactionOf(read)), report(t)],
      key: keys[opKey[at]!],
      operation: operationAt(history, read),
      values: [lists[read], [versions.valueOf(earlier), versions.valueOf(later)]],
      explanation: `T2 appended ${shown(versions.valueOf(earlier))} and then ${shown(versions.valueOf(later))} to key ${
        shown(keys[opKey[at]!])
      }, but T1 read it as ${shown(lists[read])}, where the first does not come before the second.`,
    }));
  }

  function duplicates(t: number, at: number): void {
    const list = lists[at]!;
    const times = new Map<unknown, number>();
    for (const element of list) times.set(comparable(element), (times.get(comparable(element)) ?? 0) + 1);
    if (times.size === list.length) return;
    const repeated = [...new Map(list.map((element) => [comparable(element), element]))]
      .filter(([name]) => times.get(name)! > 1);
    const isTooMany = (name: unknown, element: unknown, failedToo: boolean): boolean =>
      times.get(name)! > Math.max(1, shared.times(versions.find(opKey[at]!, element), failedToo));
    const doubled = repeated.filter(([name, element]) => isTooMany(name, element, true)).map(([, element]) => element);
    if (doubled.length === 0) {
      // Each was appended often enough, if what failed counts.
      for (const [name, element] of repeated) {
        if (!isTooMany(name, element, false)) continue;
        const version = versions.find(opKey[at]!, element);
        wrongRead(t, at, version, shared.failedWriter(version, nobody));
      }
      return;
    }
    findings.add("duplicate-elements", () => ({
      transactions: [report(t)],
      key: keys[opKey[at]!],
      operation: operationAt(history, at),
      values: doubled,
      explanation:
        `T1 read ${shown(list)} from key ${shown(keys[opKey[at]!])}: it holds ${doubled.map(shown).join(" and ")} ` +
        `more often than ${doubled.length === 1 ? "it was" : "they were"} appended.`,
    }));
  }

  /** Remembers that `t` read a state and then appended to it; two such transactions on one state are a lost update. */
  function updateAfter(t: number, read: number): void {
    if (!isPrefix[read]) return;
    const version = opVersion[read]!;
    if (version >= 0 && versions.flags[version]! & isAmbiguous) return;
    const slot = version >= 0 ? version : versions.count + opKey[read]!;
    const first = updatersOf[slot]! - 1;
    if (first < 0) updatersOf[slot] = t + 1;
    else if (first !== t) {
      const group = collisions.get(slot);
      if (group === undefined) collisions.set(slot, [first, t]);
      else if (group.at(-1) !== t) group.push(t);
    }
  }

  /** Finds transactions that read one state and appended to it, each without the others. */
  function lostUpdates(): void {
    for (const [slot, group] of collisions) {
      const key = keys[slot >= versions.count ? slot - versions.count : versions.key[slot]!];
      const value = slot >= versions.count ? null : versions.valueOf(slot);
      findings.add("lost-update", () => ({
        transactions: group.slice(0, 10).map(report),
        key,
        values: [value],
        explanation:
          `${group.length === 2 ? "T1 and T2 both" : `T1, T2 and ${group.length - 2} more all`} read key ${
            shown(key)
          } ` +
          `${
            value === null ? "in its initial state" : `when ${shown(value)} was the last element`
          }, and then appended to it: ` +
          `none saw what the others appended, so an update was made to a state that was no longer current.`,
      }));
    }
  }

  /** Each version overwrites the one before it; what no read has seen overwrites the last that was seen. */
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

  /** Finds what was committed on top of what was aborted. */
  function dirtyUpdates(): void {
    for (const key of wrongVersions.keys()) {
      let aborted = -1;
      for (let i = start[key]!; i < start[key + 1]!; i++) {
        const version = order[i]!;
        const writer = versions.writer[version]!;
        if (writer === nobody || status[writer] === info || versions.flags[version]! & isAmbiguous) continue;
        if (status[writer] === fail) {
          if (aborted < 0) aborted = version;
          continue;
        }
        if (aborted >= 0) {
          const first = aborted;
          findings.add("dirty-update", () => ({
            transactions: [report(versions.writer[first]!), report(writer)],
            key: keys[key],
            values: Array.from(order.subarray(start[key]! + position[first]!, i + 1), (each) => versions.valueOf(each)),
            explanation:
              `T1 appended ${shown(versions.valueOf(first))} to key ${
                shown(keys[key])
              } and failed, yet T2's append of ` +
              `${shown(versions.valueOf(version))}, which committed, was made on top of it.`,
          }));
        }
        aborted = -1;
      }
    }
  }
}
