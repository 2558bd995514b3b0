/**
 * Finds lost updates: several transactions read the same version of a register and then wrote it.
 *
 * @module
 */
import { type Findings, reported, shown } from "../read/findings.ts";
import { bytes } from "../read/memory.ts";
import { ok, type Transactions } from "../read/transactions.ts";
import { none, type Touches } from "./touches.ts";

/** Finds lost updates, ordered by key, then by the first update. Takes linear time if there are none. */
export function findLostUpdates(
  history: Transactions,
  touches: Touches,
  findings: Findings,
  indexOf: (event: number) => number,
): void {
  const { status, versions, keys } = history;
  const { read, write, transaction } = touches;
  const isUpdated = bytes(versions.count + keys.length);
  const isUpdate = (at: number) => read[at] !== none && write[at] !== none && status[transaction[at]!] === ok;
  const groups = new Map<number, number[]>();
  for (let at = 0; at < read.length; at++) {
    if (!isUpdate(at)) continue;
    const version = read[at]!;
    if (isUpdated[version]) groups.set(version, []);
    isUpdated[version] = 1;
  }
  if (groups.size === 0) return;
  for (const at of touches.byKey.items) if (isUpdate(at)) groups.get(read[at]!)?.push(transaction[at]!);
  const keyOf = (version: number) => version >= versions.count ? version - versions.count : versions.key[version]!;
  const sorted = [...groups].sort(([a, [first]], [b, [other]]) => keyOf(a) - keyOf(b) || first! - other!);
  for (const [version, group] of sorted) {
    const key = shown(keys[keyOf(version)]);
    const value = version >= versions.count ? null : versions.valueOf(version);
    const all = group.length === 2 ? "T1 and T2 both" : `T1, T2 and ${group.length - 2} more all`;
    findings.add("lost-update", () => ({
      transactions: group.slice(0, 10).map((t) => reported(history, t, indexOf)),
      key: keys[keyOf(version)],
      values: [value],
      explanation: `${all} read key ${key} as ${shown(value)}, and then wrote it: none saw what the others wrote, ` +
        `so an update was made to a state that was no longer current.`,
    }));
  }
}
