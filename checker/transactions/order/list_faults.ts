/**
 * Anomalies that a single transaction on lists shows: reads of uncommitted elements, of another order, or of lists that
 * contradict its own operations (Kingsbury and Alvaro, "Elle", VLDB 2020, section 4).
 *
 * @module
 */
import { type AnomalyCase, type Findings, operationAt, reported, shown } from "../read/findings.ts";
import { integers } from "../read/memory.ts";
import { fail, info, ok, type Transactions, unknownVersion } from "../read/transactions.ts";
import type { SharedValues } from "../read/shared_values.ts";
import { comparable, isAmbiguous, isShared, nobody } from "../read/versions.ts";

/** The facts about a history's lists, before its transactions are judged one by one. */
interface KnownLists {
  readonly history: Transactions;
  readonly findings: Findings;
  /** The index of an event in reports. */
  readonly indexOf: (event: number) => number;
  /** The operation with the longest read of each key, or -1. */
  readonly longest: Int32Array;
  /** By operation, 1 for each read that is a prefix of its key's longest read. */
  readonly isPrefix: Uint8Array;
  /** The position of each version in its key's order, or -1. */
  readonly position: Int32Array;
  /** The versions of key k, in order, are `order[start[k]] .. order[start[k + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
  /** For keys whose longest read contains an element twice: the number of distinct elements, by length. */
  readonly doubled: ReadonlyMap<number, readonly number[]>;
  /** The versions that nobody wrote, or that an aborted transaction wrote, by key. */
  readonly wrongVersions: ReadonlyMap<number, readonly number[]>;
  readonly shared: SharedValues;
  /**
   * The transaction's previous operation on the same key, or -1. It is filled in while the transactions are visited.
   */
  readonly previousOp: Int32Array;
}

/** Functions that each judge one operation, and add to `findings`. */
interface ListFaults {
  readonly incompatibleOrder: (at: number) => void;
  readonly elementsOf: (t: number, at: number) => void;
  readonly intermediateRead: (t: number, at: number) => void;
  /** Returns whether the read contradicts its own transaction. */
  readonly internal: (t: number, at: number) => boolean;
  /** Judges an append that follows another operation of its transaction on the key, the one at `previous`. */
  readonly appendAfter: (t: number, at: number, previous: number) => void;
  /** Must be called after all transactions were judged. */
  readonly lostUpdates: () => void;
  readonly dirtyUpdates: () => void;
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && comparable(a) === comparable(b));
}

/** Whether the first `length` elements of both lists are equal. */
export function agree(a: readonly unknown[], b: readonly unknown[], length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i] && !sameValue(a[i], b[i])) return false;
  return true;
}

/** How many distinct versions the first `length` elements of a key's longest read contain. */
export function seenBy(doubled: ReadonlyMap<number, readonly number[]>, key: number, length: number): number {
  return doubled.get(key)?.[length] ?? length;
}

/** Makes the functions that judge a history's lists. */
export function listFaults(known: KnownLists): ListFaults {
  const { history, findings, indexOf, longest, isPrefix, position, order, start, doubled, wrongVersions } = known;
  const { shared, previousOp } = known;
  const report = (t: number) => reported(history, t, indexOf);
  const { count, status, opStart, isWrite, opKey, opVersion, lists, keys, versions } = history;
  const updatersOf = integers(versions.count + keys.length); // 1 + the transaction, or 0
  const collisions = new Map<number, number[]>();
  return { incompatibleOrder, elementsOf, intermediateRead, internal, appendAfter, lostUpdates, dirtyUpdates };

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

  /** Judges the content of a list; element by element if it is not a prefix of the longest read. */
  function elementsOf(t: number, at: number): void {
    const key = opKey[at]!;
    const list = lists[at]!;
    if (isPrefix[at]) {
      const wrong = wrongVersions.get(key);
      if (wrong !== undefined) {
        for (const bad of wrong) if (position[bad]! < seenBy(doubled, key, list.length)) wrongRead(t, at, bad);
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

  /** Finds a read of another transaction's append that was followed by more of that transaction's appends. */
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

  /** Finds reads that saw the element of an append (at `at`) that their transaction made only later. */
  function futureRead(t: number, at: number): void {
    const version = opVersion[at]!;
    if (versions.flags[version]! & isAmbiguous) return;
    for (let before = previousOp[at]!; before >= 0; before = previousOp[before]!) {
      if (isWrite[before]) continue;
      const list = lists[before]!;
      const isSeen = isPrefix[before]
        ? position[version]! >= 0 && position[version]! < seenBy(doubled, opKey[at]!, list.length)
        : list.some((element) => sameValue(element, versions.valueOf(version)));
      if (!isSeen) continue;
      // If the transaction did not read its own future, it read a failed transaction's append.
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

  /** Finds appends of one transaction that a list contains in another order, or without the earlier ones. */
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

  /** Finds committed versions that follow aborted ones. */
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

  /** Reports a read of an element that nobody appended, or that a failed transaction appended. */
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
      // If failed appends count, each element was appended often enough.
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

  function transactionOf(at: number): number {
    let low = 0, high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (opStart[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Judges an append that follows other operations of its transaction on the key. */
  function appendAfter(t: number, at: number, previous: number): void {
    if (status[t] === ok) {
      futureRead(t, at);
      const read = firstRead(previous);
      if (read >= 0) updateAfter(t, read);
    }
    ownOrder(t, at);
  }

  /** The first operation on a key, if it and all operations up to `at` are reads; otherwise -1. */
  function firstRead(at: number): number {
    let first = at;
    for (let each = at; each >= 0; each = previousOp[each]!) {
      if (isWrite[each]) return -1;
      first = each;
    }
    return opVersion[first] === unknownVersion ? -1 : first;
  }

  /** Notes that `t` read a state and then appended to it. Two such transactions on one state are a lost update. */
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

  /** Finds transactions that read the same state and appended to it, each without seeing the others. */
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
}
