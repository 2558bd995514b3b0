/**
 * The reads of each transaction from other transactions, and the keys that it wrote, in flat arrays.
 *
 *     transaction   0        1      2
 *     readStart     0        2      3      ...    its reads are readStart[t] .. readStart[t + 1], in its order
 *
 *     read          0   1  | 2    | 3  ...        reads of what the transaction wrote itself are left out
 *     readKey       0   1    0      2
 *     readWriter    8   4    n      5             the transaction that was read from; n, the number of transactions,
 *                                                 stands for the initial state
 *
 *     transaction   0        1      2
 *     writeStart    0        1      3      ...    the keys it wrote are writeStart[t] .. writeStart[t + 1]
 *     writeKey      0      | 2   5 | 2  ...       each once, sorted
 *
 * @module
 */
import { bytes, integers } from "../read/memory.ts";
import { initialVersion, type Transactions, unknownVersion } from "../read/transactions.ts";
import { nobody } from "../read/versions.ts";

/** Reads and written keys; the head of the file shows the layout. */
export interface ReadsAndWrites {
  readonly readStart: Int32Array;
  readonly readKey: Int32Array;
  readonly readWriter: Int32Array;
  /** 1 for the transaction's first read from this writer. */
  readonly isFirstOfWriter: Uint8Array;
  readonly writeStart: Int32Array;
  readonly writeKey: Int32Array;
}

/** Collects reads and writes of the participating transactions. Linear, except for sorting the keys of large ones. */
export function readsAndWrites(history: Transactions, takesPart: Uint8Array): ReadsAndWrites {
  return { ...readsOf(history, takesPart), ...writesOf(history, takesPart) };
}

type Reads = Pick<ReadsAndWrites, "readStart" | "readKey" | "readWriter" | "isFirstOfWriter">;

function readsOf(history: Transactions, takesPart: Uint8Array): Reads {
  const { count, opStart, isWrite, opKey, opVersion, opWriter, versions } = history;
  const isRegister = history.workload === "rw-register";
  const readStart = integers(count + 1);
  const readKey = integers(opStart[count]!);
  const readWriter = integers(opStart[count]!);
  const isFirstOfWriter = bytes(opStart[count]!);
  const seenBy = integers(count + 1); // 1 + the last transaction that read from a writer
  let reads = 0;
  for (let t = 0; t < count; t++) {
    for (let at = opStart[t]!; at < opStart[t + 1]! && takesPart[t]; at++) {
      const version = opVersion[at]!;
      if (isWrite[at] || version === unknownVersion) continue;
      const writer = version === initialVersion ? count : isRegister ? opWriter[at]! : versions.writer[version]!;
      if (writer === nobody || writer === t || (writer < count && !takesPart[writer])) continue;
      readKey[reads] = opKey[at]!;
      readWriter[reads] = writer;
      isFirstOfWriter[reads++] = seenBy[writer] === t + 1 ? 0 : 1;
      seenBy[writer] = t + 1;
    }
    readStart[t + 1] = reads;
  }
  return { readStart, readKey, readWriter, isFirstOfWriter };
}

function writesOf(
  { count, opStart, isWrite, opKey, keys }: Transactions,
  takesPart: Uint8Array,
): Pick<ReadsAndWrites, "writeStart" | "writeKey"> {
  const writeStart = integers(count + 1);
  const writeKey = integers(opStart[count]!);
  const writtenBy = integers(keys.length); // 1 + the last transaction that wrote a key
  let writes = 0;
  for (let t = 0; t < count; t++) {
    for (let at = opStart[t]!; at < opStart[t + 1]! && takesPart[t]; at++) {
      const key = opKey[at]!;
      if (!isWrite[at] || writtenBy[key] === t + 1) continue;
      writtenBy[key] = t + 1;
      writeKey[writes++] = key;
    }
    writeStart[t + 1] = writes;
    if (writes - writeStart[t]! > few) writeKey.subarray(writeStart[t]!, writes).sort();
  }
  return { writeStart, writeKey };
}

/** Up to this many keys are searched one by one; more are sorted, for a binary search. */
const few = 16;

/** Whether a transaction wrote a key. */
export function wrote({ writeStart, writeKey }: ReadsAndWrites, t: number, key: number): boolean {
  const end = writeStart[t + 1]!;
  let low = writeStart[t]!, high = end;
  if (high - low <= few) {
    while (low < end && writeKey[low] !== key) low++;
    return low < end;
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (writeKey[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low < end && writeKey[low] === key;
}
