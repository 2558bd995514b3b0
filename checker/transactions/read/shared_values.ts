/**
 * Values that were written more than once to one key: which transactions may have written the value that a read saw.
 *
 * A read identifies its writer only if the value is unique. If it is not, only statements are allowed that are true for
 * every possible writer. This file decides what can still be said.
 *
 * @module
 */
import { addTo } from "../../entries.ts";
import { fail, type Transactions } from "./transactions.ts";
import { isAmbiguous, isShared } from "./versions.ts";

/** Questions about values that were written more than once. */
export interface SharedValues {
  /**
   * How often a value was written, counting failed transactions if `failedToo`. 1 for a value that was written once.
   */
  times(version: number, failedToo: boolean): number;
  /** A failed transaction other than `t` that wrote the value; -1 if there is none. */
  failedWriter(version: number, t: number): number;
}

/** Indexes the writes of values that were written more than once, in one pass, when it is first needed. */
export function sharedValues(history: Transactions): SharedValues {
  const { count, status, opStart, isWrite, opVersion, versions } = history;
  let writers: Map<number, number[]> | undefined;
  const writersOf = (version: number): readonly number[] => {
    if (!(versions.flags[version]! & (isShared | isAmbiguous))) return [versions.writer[version]!];
    if (writers === undefined) {
      writers = new Map();
      for (let t = 0; t < count; t++) {
        for (let at = opStart[t]!; at < opStart[t + 1]!; at++) {
          if (!isWrite[at] || !(versions.flags[opVersion[at]!]! & (isShared | isAmbiguous))) continue;
          addTo(writers, opVersion[at]!, t);
        }
      }
    }
    return writers.get(version) ?? [];
  };
  return {
    times: (version, failedToo) => writersOf(version).filter((t) => failedToo || status[t] !== fail).length,
    failedWriter: (version, t) => writersOf(version).find((each) => each !== t && status[each] === fail) ?? -1,
  };
}
