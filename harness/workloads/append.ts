/**
 * Clients that append to lists and read them in transactions, judged by their isolation; and the same in single
 * operations with retries.
 *
 * A read of a list shows all appends before it, in order. No other workload shows so much with so little.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import { judgeTransactions } from "./judge.ts";
import {
  type FinalRead,
  freshNumber,
  happens,
  type Invocation,
  type Workload,
  type WorkloadOptions,
} from "./workload.ts";

type Micro = readonly ["append" | "r", string, number | null];

/** After how many appends a list is replaced by a new one, so that reads stay short. */
const APPENDS_A_KEY = 24;
/** How many lists each last read takes. */
const FINAL_KEYS = 16;

/** The current lists, and the earlier ones. */
interface Lists {
  /** Draws a list to append to or to read. */
  draw(random: Random): string;
  /** The next element of a list; no other append has it. */
  append(key: string): Micro;
}

function lists(options: WorkloadOptions): Lists {
  const current = Array.from({ length: options.keys }, (_, i) => `k${i}`);
  let begun = options.keys;
  const appends = new Map<string, number>();
  return {
    draw(random) {
      let least = random.below(current.length);
      for (let i = 1; i < options.skew; i++) least = Math.min(least, random.below(current.length));
      return current[least]!;
    },
    append(key) {
      const element = (appends.get(key) ?? 0) + 1;
      appends.set(key, element);
      if (element >= APPENDS_A_KEY && current.includes(key)) {
        current[current.indexOf(key)] = `k${begun++}`;
      }
      return ["append", key, element];
    },
  };
}

function listWorkload(
  name: string,
  options: WorkloadOptions,
  next: (random: Random, lists: Lists) => Micro[],
): Workload {
  const used = lists(options);
  return {
    name,
    model: "list-append",
    next: (random: Random): Invocation => ({ f: "txn", value: next(random, used) }),
    proof(kind, events) {
      const key = listsAsked(events).at(-1) ?? "k0";
      return { f: "txn", value: [kind === "read" ? ["r", key, null] : ["append", key, freshElement(events, key)]] };
    },
    finalReads(events: readonly HistoryEvent[]) {
      const reads: FinalRead[] = [];
      const keys = listsAsked(events);
      for (let i = 0; i < keys.length; i += FINAL_KEYS) {
        const value = keys.slice(i, i + FINAL_KEYS).map((key): Micro => ["r", key, null]);
        reads.push({ operation: { f: "txn", value } });
      }
      return reads;
    },
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      transactions: judgeTransactions(events, "list-append"),
    }),
  };
}

/** The lists that clients have used, in the order of first use. */
function listsAsked(events: readonly HistoryEvent[]): string[] {
  const keys = new Set<string>();
  for (const { type, process, value } of events) {
    if (type !== "invoke" || process === "nemesis") continue;
    for (const [, key] of value as Micro[]) keys.add(key);
  }
  return [...keys];
}

/** An element that nobody has appended to a list yet. */
function freshElement(events: readonly HistoryEvent[], key: string): number {
  return freshNumber(events, ({ process, value }) => {
    if (process === "nemesis") return undefined;
    return Math.max(
      0,
      ...(value as Micro[]).filter(([f, list]) => f === "append" && list === key).map(([, , n]) => n!),
    );
  });
}

/** Clients that run transactions of one to four steps. */
export function append(options: WorkloadOptions): Workload {
  return listWorkload("append", options, (random, used) => {
    const readsOnly = happens(random, options.readShare / 2);
    return Array.from({ length: 1 + random.below(4) }, (): Micro => {
      const key = used.draw(random);
      return readsOnly || happens(random, options.readShare) ? ["r", key, null] : used.append(key);
    });
  });
}

/**
 * Clients that append or read in single operations. Without an answer, the target's client retries with a session. An
 * append that took effect twice shows in every later read.
 */
export function session(options: WorkloadOptions): Workload {
  return listWorkload("session", options, (random, used) => {
    const key = used.draw(random);
    return [happens(random, options.readShare / 2) ? ["r", key, null] : used.append(key)];
  });
}
