/**
 * The touches of a history: for each transaction and key, the version that it first read and the version that it wrote
 * last. Other reads and writes of the key do not concern other transactions.
 *
 *     transaction   0        1      2
 *     start         0        2      3      ...    its touches are start[t] .. start[t + 1]
 *
 *     touch         0   1  | 2    | 3  ...
 *     transaction   0   0    1      2
 *     key           0   1    0      2
 *     read          7  -1    3      5             the version first read, before any write of its own, or none;
 *                                                 the initial state of key k is versions.count + k
 *     write         8   4   -1     -1             the version written last, or none
 *
 *     key           0        1      2
 *     byKey         0   2  | 1    | 3  ...        the touches of each key, in the order of invocation
 *
 * @module
 */
import { grouped, type Groups } from "../read/grouped.ts";
import { bytes, grown, integers } from "../read/memory.ts";

/** No version. */
export const none = -1;

/** Touches; the layout is drawn at the head of this file. */
export class Touches {
  readonly start: Int32Array;
  readonly transaction: Int32Array;
  readonly key: Int32Array;
  readonly read: Int32Array;
  readonly write: Int32Array;
  readonly #keyCount: number;
  #byKey: Groups | undefined;

  constructor(columns: Pick<Touches, "start" | "transaction" | "key" | "read" | "write">, keyCount: number) {
    this.start = columns.start;
    this.transaction = columns.transaction;
    this.key = columns.key;
    this.read = columns.read;
    this.write = columns.write;
    this.#keyCount = keyCount;
  }

  /** The touches of each key, in the order of invocation. */
  get byKey(): Groups {
    return this.#byKey ??= grouped(this.key, this.#keyCount);
  }

  /** The touches of a key, in the order of invocation. */
  ofKey(key: number): Int32Array {
    const { start, items } = this.byKey;
    return items.subarray(start[key]!, start[key + 1]!);
  }
}

/** Collects touches, transaction by transaction. */
export class TouchesBuilder {
  readonly #start: Int32Array;
  #count = 0;
  #transaction: Int32Array;
  #key: Int32Array;
  #read: Int32Array;
  #write: Int32Array;

  /**
   * @param transactions How many transactions there are.
   * @param expected For how many touches to reserve room.
   */
  constructor(transactions: number, expected: number) {
    this.#start = integers(transactions + 1);
    this.#transaction = integers(expected);
    this.#key = integers(expected);
    this.#read = integers(expected);
    this.#write = integers(expected);
  }

  /** Adds a touch; transactions come in their order. */
  add(transaction: number, key: number, read: number, write: number): void {
    const at = this.#count++;
    if (at === this.#key.length) {
      this.#transaction = grown(this.#transaction, 2 * at + 16);
      this.#key = grown(this.#key, 2 * at + 16);
      this.#read = grown(this.#read, 2 * at + 16);
      this.#write = grown(this.#write, 2 * at + 16);
    }
    this.#transaction[at] = transaction;
    this.#key[at] = key;
    this.#read[at] = read;
    this.#write[at] = write;
    this.#start[transaction + 1] = at + 1;
  }

  /** All touches. */
  touches(keyCount: number): Touches {
    const start = this.#start;
    for (let t = 1; t < start.length; t++) if (start[t]! < start[t - 1]!) start[t] = start[t - 1]!;
    const count = this.#count;
    return new Touches({
      start,
      transaction: this.#transaction.subarray(0, count),
      key: this.#key.subarray(0, count),
      read: this.#read.subarray(0, count),
      write: this.#write.subarray(0, count),
    }, keyCount);
  }
}

/** The transactions that read each version v: `by[start[v]]` to `by[start[v + 1]]`. */
interface Readers {
  readonly start: Int32Array;
  readonly by: Int32Array;
}

/**
 * The transactions that read each version, according to {@link Touches}.
 *
 * @param nodes How many versions there are, initial states included.
 */
export function readersOf({ transaction, read }: Touches, nodes: number): Readers {
  const { start, items } = grouped(read, nodes);
  return { start, by: items.map((at) => transaction[at]!) };
}

/** 1 for each transaction that has a write in `touches`. */
export function writersIn({ transaction, write }: Touches, count: number): Uint8Array {
  const writes = bytes(count);
  for (let at = 0; at < write.length; at++) if (write[at] !== none) writes[transaction[at]!] = 1;
  return writes;
}
