/**
 * Values that were written more than once to one key: who may have written what a read saw.
 *
 * A read tells its writer only where values are unique. Where one is not, nothing may be said of it that does not hold
 * whoever wrote it; what can still be said is decided here.
 *
 * @module
 */
import { fail, type Transactions } from "./transactions.ts";
import { isAmbiguous, isShared } from "./versions.ts";

/** What is asked of values that were written more than once. */
export interface SharedValues {
  /** How often a value was written, by transactions that failed too if `failedToo`. 1 for one that was written once. */
  times(version: number, failedToo: boolean): number;
  /** A transaction other than `t` that wrote the value, and failed; -1 if there is none. */
  failedWriter(version: number, t: number): number;
}

/** Looks at the writes of values that were written more than once; one pass, when it is first asked for. */
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
          const known = writers.get(opVersion[at]!);
          if (known === undefined) writers.set(opVersion[at]!, [t]);
          else known.push(t);
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
