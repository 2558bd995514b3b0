/**
 * Jepsen's long fork: two reads of the same keys each saw a write that the other did not.
 *
 * Each key is written once, so the states of a group of keys only grow. Of any two reads of a group, one must have seen
 * everything that the other saw. Sorted by how much they saw, each read needs to be compared only with the next.
 *
 * @module
 */
import { addTo } from "../entries.ts";
import { jsonOf } from "../json_of.ts";
import type { HistoryEvent } from "../history.ts";
import {
  type IndexedEvent,
  member,
  misfit,
  neverRead,
  operationsOf,
  type WorkloadVerdict,
  workloadVerdict,
} from "./workload.ts";

type Micro = readonly [string, unknown, unknown];

interface GroupRead {
  readonly index: number;
  readonly seen: ReadonlyMap<unknown, unknown>;
}

/**
 * Judges transactions of one write, and transactions of only reads; others are ignored.
 *
 * @returns In `found`: `readCount`, and under `forks` at most 20 pairs of reads, by the indexes of their completions.
 * @throws {TypeError} If an operation is not a list of reads and writes.
 */
export function checkLongFork(history: readonly HistoryEvent[]): WorkloadVerdict {
  const operations = operationsOf(history);
  const written = new Set<unknown>();
  const groups = new Map<string, GroupRead[]>();
  let readCount = 0;
  for (const { invocation, completion, end } of operations) {
    const asked = microOperations((invocation ?? completion)!);
    if (asked.length === 1 && asked[0]![0] !== "r") {
      const key = member(asked[0]![1]);
      if (written.has(key)) return unknown(`key ${jsonOf(asked[0]![1])} is written more than once`);
      written.add(key);
    }
    const read = end === "ok" ? microOperations(completion!) : [];
    if (read.length === 0 || read.some(([f]) => f !== "r")) continue;
    readCount++;
    const seen = new Map(
      read.filter(([, , value]) => value !== null && value !== undefined).map(([, key, value]) => [member(key), value]),
    );
    const group = [...new Set(read.map(([, key]) => String(member(key))))].sort().join("\n");
    addTo(groups, group, { index: completion!.index, seen });
  }
  if (readCount === 0) {
    return workloadVerdict("long-fork", operations, {
      ...neverRead(operations, "a group of keys"),
      found: { readCount },
    });
  }
  const forks: [number, number][] = [];
  for (const reads of groups.values()) {
    reads.sort((a, b) => a.seen.size - b.seen.size || a.index - b.index);
    for (let i = 1; i < reads.length; i++) {
      const [less, more] = [reads[i - 1]!, reads[i]!];
      for (const [key, value] of less.seen) {
        if (more.seen.has(key) && member(more.seen.get(key)) !== member(value)) {
          return unknown("a key was read with two values, but each is written once");
        }
      }
      if ([...less.seen.keys()].some((key) => !more.seen.has(key))) forks.push([less.index, more.index]);
    }
  }
  return workloadVerdict("long-fork", operations, {
    valid: forks.length === 0,
    ...(forks.length === 0
      ? {}
      : { reason: `the reads at ${forks[0]![0]} and ${forks[0]![1]} each saw a write that the other did not` }),
    found: { readCount, forkCount: forks.length, forks: forks.slice(0, 20) },
  });

  function unknown(reason: string): WorkloadVerdict {
    return workloadVerdict("long-fork", operations, { valid: "unknown", reason, found: { readCount } });
  }
}

function microOperations(event: IndexedEvent): readonly Micro[] {
  const { value } = event;
  if (value === null || value === undefined) return [];
  const isMicro = (each: unknown) => Array.isArray(each) && each.length > 1 && ["r", "w"].includes(each[0]);
  if (Array.isArray(value) && value.every(isMicro)) return value as readonly Micro[];
  throw misfit("long-fork", event, 'a list of ["w", key, value] or ["r", key, value]', value);
}
