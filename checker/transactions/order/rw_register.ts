/**
 * Analyses transactions on registers: the writer of each value that was read, and the contradictions.
 *
 * Values are unique, so a read identifies its writer. The order of the writes is known only as far as version_order.ts
 * derives it. Only a transaction's first read of a key before its own write, and its last write of a key, concern other
 * transactions.
 *
 * @module
 */
import { type Findings, operationAt, reported, shown } from "../read/findings.ts";
import { EdgeList, rw, wr, ww } from "../graph/graph.ts";
import { bytes, integers } from "../read/memory.ts";
import { fail, info, initialVersion, ok, type Transactions, unknownVersion } from "../read/transactions.ts";
import { findLostUpdates } from "./lost_updates.ts";
import { none, readersOf, type Touches, TouchesBuilder } from "./touches.ts";
import { type VersionGraph, versionGraph, type VersionOrderSource } from "./version_order.ts";
import { sharedValues } from "../read/shared_values.ts";
import { isAmbiguous, isFinal, isShared, nobody } from "../read/versions.ts";

/** The facts about a history of registers. */
export interface RegisterAnalysis {
  /** 1 for each transaction that certainly happened, or whose writes were seen. */
  readonly takesPart: Uint8Array;
  /** The wr edges, and the ww and rw edges that the version order gives; made on first use. */
  readonly edges: EdgeList;
  /** Whether a transaction read a value other than its own previous read or write of the key. */
  readonly hasInternal: boolean;
  /** Whether a transaction read another transaction's write. */
  readonly hasReads: boolean;
  /** Whether wr edges are the only ones: no order of versions is known, and nobody read an initial state. */
  readonly hasOnlyReads: boolean;
  /** The first read and the last write of each participating transaction and key. */
  readonly touches: Touches;
  readonly order: VersionGraph;
  /** The assumptions about that order. */
  readonly asked: readonly VersionOrderSource[];
  readonly position: readonly number[] | undefined;
}

/**
 * Finds the dependencies, and every anomaly that shows without a cycle.
 *
 * @param asked The assumptions about the order of versions.
 * @param position The position of each transaction in a given order.
 */
export function analyseRegisters(
  history: Transactions,
  findings: Findings,
  asked: readonly VersionOrderSource[],
  position: readonly number[] | undefined,
  indexOf: (event: number) => number,
): RegisterAnalysis {
  const takesPart = participants(history);
  const { touches, hasInitialReads, ...found } = touchesOf(history, takesPart, findings, indexOf);
  const order = versionGraph(history, touches, { asked, position }, findings, indexOf);
  findLostUpdates(history, touches, findings, indexOf);
  let edges: EdgeList | undefined;
  return {
    takesPart,
    get edges() {
      return edges ??= registerEdges(history, takesPart, touches, order);
    },
    ...found,
    hasOnlyReads: asked.length === 0 && !hasInitialReads,
    touches,
    order,
    asked,
    position,
  };
}

/** What {@link touchesOf} finds. */
type Found = Pick<RegisterAnalysis, "touches" | "hasInternal" | "hasReads"> & {
  /** Whether a transaction read an initial state. */
  readonly hasInitialReads: boolean;
};

/** Collects the touches, and reports the anomalies that a single read shows. */
function touchesOf(
  history: Transactions,
  takesPart: Uint8Array,
  findings: Findings,
  indexOf: (event: number) => number,
): Found {
  const { count, status, opStart, isWrite, opKey, opVersion, opWriter, keys, versions } = history;
  const report = (t: number) => reported(history, t, indexOf);
  const initialOf = (key: number) => versions.count + key;
  const isUnclear = (version: number) => (versions.flags[version]! & isAmbiguous) !== 0;
  const shared = sharedValues(history);

  const builder = new TouchesBuilder(count, opStart[count]!);
  const lastOp = integers(keys.length).fill(-1);
  const previousOp = integers(opStart[count]!);
  const touchedKeys: number[] = [];
  const firstReadOf = integers(keys.length);
  const lastWriteOf = integers(keys.length);
  const { flags } = versions;
  let hasReads = false, hasInitialReads = false, hasInternal = false;
  for (let t = 0; t < count; t++) {
    if (!takesPart[t]) continue;
    touchedKeys.length = 0;
    let internalFound = false;
    for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
      const key = opKey[at]!;
      const version = opVersion[at]!;
      const previous = lastOp[key]! >= opStart[t]! ? lastOp[key]! : -1;
      previousOp[at] = previous;
      lastOp[key] = at;
      if (previous < 0) {
        touchedKeys.push(key);
        firstReadOf[key] = none;
        lastWriteOf[key] = none;
      }
      if (isWrite[at]) {
        lastWriteOf[key] = version;
        if (previous >= 0 && status[t] === ok) futureRead(t, at);
        continue;
      }
      if (version === unknownVersion) continue;
      if (version < 0) hasInitialReads = true;
      else {
        const writer = opWriter[at]!;
        const clarity = flags[version]! & (isFinal | isAmbiguous);
        if (writer === nobody || status[writer] === fail || clarity === 0) checkRead(t, at, version, writer);
        else if (writer !== t && clarity === isFinal) hasReads = true;
      }
      if (previous < 0) firstReadOf[key] = version === initialVersion ? initialOf(key) : version;
      else if (!internalFound && opVersion[previous] !== version) internalFound = internal(t, at, previous);
    }
    for (const key of touchedKeys) {
      // A value that several transactions may have written does not show their order.
      const [read, write] = [firstReadOf[key]!, lastWriteOf[key]!];
      if (read >= 0 && read < versions.count && isUnclear(read)) firstReadOf[key] = none;
      if (write !== none && isUnclear(write)) lastWriteOf[key] = none;
      if (firstReadOf[key] === none && lastWriteOf[key] === none) continue;
      builder.add(t, key, firstReadOf[key]!, lastWriteOf[key]!);
    }
  }
  return { touches: builder.touches(keys.length), hasInternal, hasReads, hasInitialReads };

  /** Checks that a read saw a committed value, and the last one that its writer wrote to the key. */
  function checkRead(t: number, at: number, version: number, writer: number): void {
    const key = keys[opKey[at]!];
    const value = versions.valueOf(version);
    if (writer === nobody) {
      findings.add("thin-air-read", () => ({
        transactions: [report(t)],
        key,
        operation: operationAt(history, at),
        values: [value],
        explanation: `T1 read ${shown(value)} from key ${shown(key)}, but no transaction ever wrote ${
          shown(value)
        } to it.`,
      }));
    } else if (status[writer] === fail) {
      findings.add("G1a", () => ({
        transactions: [report(t), report(writer)],
        key,
        operation: operationAt(history, at),
        values: [value],
        explanation: `T1 read ${shown(value)} from key ${
          shown(key)
        }, but that was written by T2, which failed: T1 read what was never committed.`,
      }));
    } else if (!(versions.flags[version]! & (isFinal | isAmbiguous)) && writer !== t) {
      findings.add("G1b", () => ({
        transactions: [report(t), report(writer)],
        key,
        operation: operationAt(history, at),
        values: [value],
        explanation:
          `T1 read ${shown(value)} from key ${
            shown(key)
          }, which T2 wrote. But T2 wrote that key again before it committed: ` +
          `T1 saw an intermediate state of T2.`,
      }));
    }
  }

  function internal(t: number, at: number, previous: number): boolean {
    if (opVersion[previous] === unknownVersion) return false;
    hasInternal = true;
    const key = keys[opKey[at]!];
    const expected = opVersion[previous]! < 0 ? null : versions.valueOf(opVersion[previous]!);
    const operation = operationAt(history, at);
    findings.add("internal", () => ({
      transactions: [report(t)],
      key,
      operation,
      expected,
      explanation:
        `T1 read ${shown(operation[2])} from key ${shown(key)}, but it had itself ${
          isWrite[previous] ? "written" : "read"
        } ` +
        `${shown(expected)} just before.`,
    }));
    return true;
  }

  function futureRead(t: number, at: number): void {
    const version = opVersion[at]!;
    if (isUnclear(version)) return;
    let read = -1;
    for (let before = previousOp[at]!; before >= 0; before = previousOp[before]!) {
      if (opVersion[before] !== version) continue;
      if (isWrite[before]) return; // it read its own earlier write of the same value
      read = before;
    }
    if (read >= 0) {
      // If the transaction did not read its own future, it read a failed transaction's write.
      const failed = versions.flags[version]! & isShared ? shared.failedWriter(version, t) : -1;
      if (failed >= 0) return checkRead(t, read, version, failed);
      const value = versions.valueOf(version);
      findings.add("future-read", () => ({
        transactions: [report(t)],
        key: keys[opKey[at]!],
        operation: operationAt(history, read),
        values: [value],
        explanation: `T1 read ${shown(value)} from key ${shown(keys[opKey[at]!])} before it wrote ${
          shown(value)
        } there itself: it saw its own future.`,
      }));
    }
  }
}

/** 1 for each transaction that certainly happened, or whose writes were seen. */
function participants({ count, status, opStart, isWrite, opVersion, versions }: Transactions): Uint8Array {
  const takesPart = bytes(count);
  let isUnsure = false;
  for (let t = 0; t < count; t++) {
    takesPart[t] = status[t] === ok ? 1 : 0;
    if (status[t] === info) isUnsure = true;
  }
  for (let at = 0; isUnsure && at < opStart[count]!; at++) {
    const version = opVersion[at]!;
    if (isWrite[at] || version < 0) continue;
    const writer = versions.writer[version]!;
    const isClear = !(versions.flags[version]! & isAmbiguous);
    if (writer !== nobody && status[writer] === info && isClear) takesPart[writer] = 1;
  }
  return takesPart;
}

/** The wr edges of reads, and the ww and rw edges from an order of versions. */
export function registerEdges(
  history: Transactions,
  takesPart: Uint8Array,
  touches: Touches,
  order: VersionGraph,
): EdgeList {
  const { count, opStart, versions, keys } = history;
  const edges = new EdgeList(count, Math.max(1024, opStart[count]!));
  const isKnown = (version: number): boolean => {
    const writer = versions.writer[version]!;
    return writer !== nobody && takesPart[writer] === 1 &&
      (versions.flags[version]! & (isFinal | isAmbiguous)) === isFinal;
  };
  const readers = readersOf(touches, versions.count + keys.length);
  const overwrite = (version: number, writers: readonly number[]): void => {
    const group = readers.by.subarray(readers.start[version]!, readers.start[version + 1]!);
    if (group.length > 0) edges.addProduct([...group], writers, rw);
  };
  /** The writers of the versions that directly follow a version. */
  const writersAfter = (version: number): number[] => {
    const writers: number[] = [];
    for (let at = order.start[version]!; at < order.start[version + 1]!; at++) {
      const next = order.target[at]!;
      if (isKnown(next) && !writers.includes(versions.writer[next]!)) writers.push(versions.writer[next]!);
    }
    return writers;
  };
  for (let key = 0; key < keys.length; key++) {
    const initial = versions.count + key;
    const hasInitialReaders = readers.start[initial] !== readers.start[initial + 1];
    const initialWriters: number[] = [];
    for (const at of touches.ofKey(key)) {
      const transaction = touches.transaction[at]!, read = touches.read[at]!, write = touches.write[at]!;
      if (hasInitialReaders && write !== none && isKnown(write) && versions.writer[write] === transaction) {
        initialWriters.push(transaction);
      }
      if (read === none || read >= versions.count || !isKnown(read)) continue;
      if (versions.writer[read] !== transaction) edges.add(versions.writer[read]!, transaction, wr);
    }
    if (hasInitialReaders) overwrite(initial, initialWriters);
  }
  for (let version = 0; version < versions.count; version++) {
    if (order.start[version] === order.start[version + 1]) continue;
    const writers = writersAfter(version);
    if (isKnown(version)) edges.addProduct([versions.writer[version]!], writers, ww);
    overwrite(version, writers);
  }
  return edges;
}
