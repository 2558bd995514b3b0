/**
 * Extends the known order of writes by saturation, among transactions that are close in time.
 *
 * Suppose that a wrote v1 and b wrote v2 to one key. If a comes before b, or before a transaction that read v2, then v1
 * was written first: otherwise v1 would have overwritten v2. And if v1 was written first, each transaction that read v1
 * comes before b. These consequences are added until nothing changes (Biswas and Enea, OOPSLA 2019, call it
 * saturation). That needs a relation between all pairs, so a window slides over the history: transactions that are far
 * apart in real time are ordered anyway. A window may miss a consequence, but every edge that it adds is right.
 *
 *     transactions   0 ......... half ......... size ........
 *     windows        |------------------------|
 *                                |------------------------|      each begins with the results of the one before
 *
 * @module
 */
import { type EdgeList, rw, wr, ww } from "../graph/graph.ts";
import { integers } from "../read/memory.ts";
import { none, type Touches } from "./touches.ts";
import type { Transactions } from "../read/transactions.ts";

/**
 * The size of a window, as a multiple of the number of transactions that are open at once. It is larger than 1 because
 * consequences pass through other transactions.
 */
const TIMES_OPEN = 4;
/** The smallest size of a window. */
const SMALLEST = 128;
/** The largest size of a window; the relation needs memory for the square of it. */
const LARGEST = 2048;

/** A write in a window: the positions in the window of the transaction that wrote and of those that read it. */
interface Write {
  readonly writer: number;
  readonly readers: number[];
}

/**
 * Adds to `edges` the consequences of real time and of reads, window by window.
 *
 * @param touches What each transaction did to each key.
 * @param size How many transactions a window has. Default: depends on the history.
 * @returns `false` if the consequences contradict each other, so that no serial order exists.
 */
export function saturate(
  edges: EdgeList,
  history: Transactions,
  takesPart: Uint8Array,
  touches: Touches,
  size?: number,
): boolean {
  const members: number[] = [];
  for (let t = 0; t < history.count; t++) if (takesPart[t] && history.invoked[t]! >= 0) members.push(t);
  size ??= Math.min(LARGEST, Math.max(SMALLEST, TIMES_OPEN * mostOpen(history, members)));
  const placeOf = integers(history.count).fill(-1);
  let found: (readonly [from: number, to: number])[] = [];
  for (let begin = 0; begin < members.length; begin += size >>> 1) {
    const window = members.slice(begin, begin + size);
    window.forEach((t, place) => placeOf[t] = place);
    const relation = new Relation(window.length);
    addRealTime(relation, history, window);
    for (const [from, to] of found) {
      if (placeOf[from]! >= 0 && placeOf[to]! >= 0) relation.add(placeOf[from]!, placeOf[to]!);
    }
    found = [];
    const isPossible = addWhatFollows(relation, writesOf(history, touches, window, placeOf), (from, to, kind) => {
      found.push([window[from]!, window[to]!]);
      if (kind !== wr) edges.add(window[from]!, window[to]!, kind);
    });
    if (!isPossible) return false;
    for (const t of window) placeOf[t] = -1;
  }
  return true;
}

/** The greatest number of completed transactions that are open at the same time. */
function mostOpen({ invoked, completed }: Transactions, members: readonly number[]): number {
  const ends = members.map((t) => completed[t]!).sort((a, b) => a - b);
  let most = 0, ended = 0;
  members.forEach((t, begun) => {
    while (ends[ended]! < invoked[t]!) ended++;
    most = Math.max(most, begun + 1 - ended);
  });
  return most;
}

/**
 * Adds real time: one transaction precedes another if it completed before the other was invoked. The transactions of a
 * window are in the order of invocation.
 */
function addRealTime(relation: Relation, { invoked, completed }: Transactions, window: readonly number[]): void {
  window.forEach((t, from) => {
    for (let to = window.length - 1; to > from && invoked[window[to]!]! > completed[t]!; to--) relation.set(from, to);
  });
}

/** The writer of the initial state. */
const nobody = -1;

/** The writes of each key in a window, including its initial state. */
function writesOf(
  { versions }: Transactions,
  { start, key, read, write }: Touches,
  window: readonly number[],
  placeOf: Int32Array,
): Write[][] {
  const byKey = new Map<number, Write[]>();
  const byVersion = new Map<number, Write>();
  const writeOf = (version: number, writer: number, key: number): Write => {
    const known = byVersion.get(version);
    if (known !== undefined) return known;
    const made: Write = { writer, readers: [] };
    byVersion.set(version, made);
    const ofKey = byKey.get(key);
    if (ofKey === undefined) byKey.set(key, [made]);
    else ofKey.push(made);
    return made;
  };
  window.forEach((t, place) => {
    for (let at = start[t]!; at < start[t + 1]!; at++) {
      if (write[at] !== none && versions.writer[write[at]!] === t) writeOf(write[at]!, place, key[at]!);
      const version = read[at]!;
      if (version === none) continue;
      const writer = version < versions.count ? placeOf[versions.writer[version]!]! : nobody;
      if (version < versions.count && writer < 0) continue; // written before the window
      if (writer !== place) writeOf(version, writer, key[at]!).readers.push(place);
    }
  });
  return [...byKey.values()];
}

/**
 * Adds consequences until nothing changes, and reports each new edge. Returns `false` if some transaction would come
 * both before and after another.
 */
function addWhatFollows(
  relation: Relation,
  keys: readonly (readonly Write[])[],
  tell: (from: number, to: number, kind: number) => void,
): boolean {
  let isPossible = true;
  const add = (from: number, to: number, kind: number): void => {
    if (from === to || relation.has(from, to)) return;
    if (relation.has(to, from)) isPossible = false;
    relation.add(from, to);
    tell(from, to, kind);
  };
  let open: (readonly [Write, Write])[] = [];
  for (const writes of keys) {
    writes.forEach((write, i) => {
      if (write.writer !== nobody) { for (const reader of write.readers) add(write.writer, reader, wr); }
      for (let j = 0; j < i; j++) open.push([write, writes[j]!]);
    });
  }
  const cameFirst = (one: Write, other: Write): boolean =>
    one.writer === nobody || (other.writer !== nobody &&
      (relation.has(one.writer, other.writer) ||
        other.readers.some((reader) => reader !== one.writer && relation.has(one.writer, reader))));
  for (let before = Infinity; isPossible && open.length < before;) {
    before = open.length;
    open = open.filter(([one, other]) => {
      const [first, second] = cameFirst(one, other) ? [one, other] : cameFirst(other, one) ? [other, one] : [];
      if (first === undefined || second === undefined) return true;
      if (first.writer !== nobody) add(first.writer, second.writer, ww);
      for (const reader of first.readers) add(reader, second.writer, rw);
      return false;
    });
  }
  return isPossible;
}

/** A transitive relation, as bits: a row for each position, with a bit for each position after it. */
class Relation {
  readonly #size: number;
  readonly #words: number;
  readonly #bits: Int32Array;

  constructor(size: number) {
    this.#size = size;
    this.#words = (size + 31) >>> 5;
    this.#bits = integers(size * this.#words);
  }

  has(from: number, to: number): boolean {
    return (this.#bits[from * this.#words + (to >>> 5)]! & (1 << (to & 31))) !== 0;
  }

  /** Adds only this pair. A caller that adds several must leave the relation transitive. */
  set(from: number, to: number): void {
    this.#bits[from * this.#words + (to >>> 5)]! |= 1 << (to & 31);
  }

  /** Adds a pair and its consequences. */
  add(from: number, to: number): void {
    if (this.has(from, to)) return;
    const words = this.#words, bits = this.#bits;
    const target = to * words;
    for (let place = 0; place < this.#size; place++) {
      if ((place !== from && !this.has(place, from)) || this.has(place, to)) continue;
      const row = place * words;
      this.set(place, to);
      for (let w = 0; w < words; w++) bits[row + w]! |= bits[target + w]!;
    }
  }
}
