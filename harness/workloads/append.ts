/**
 * Clients that append to lists and read them in transactions, judged by the isolation that they got; and the same in single steps with retries.
 *
 * A read of a list shows every append before it, in order: no other workload tells so much by so little.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Operation as StoreOperation } from "../../server/store/operation.ts";
import { judgeTransactions } from "./judge.ts";
import { type Completion, happens, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

type Micro = readonly ["append" | "r", string, number | null];

/** After this many appends a list is left and a new one begun, so that reads stay short. */
const APPENDS_A_KEY = 24;
/** The last reads take this many lists each. */
const FINAL_KEYS = 16;

/** The lists in use, and those that were. */
interface Lists {
  /** One to append to or to read. */
  draw(random: Random): string;
  /** The next element of a list, no other has it. */
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
  retries: boolean,
  options: WorkloadOptions,
  next: (random: Random, lists: Lists) => Micro[],
): Workload {
  const used = lists(options);
  /** Every list that was asked about, in the order in which they came. */
  const asked = new Set<string>();
  return {
    name,
    model: "list-append",
    retries,
    next: (random: Random): Invocation => ({ f: "txn", value: next(random, used) }),
    request({ value }: Invocation): StoreOperation {
      for (const [, key] of value as Micro[]) asked.add(key);
      return { f: "txn", value };
    },
    complete({ value }: Invocation, reply: ClientReply): Completion {
      if (reply.type === "ok") return { type: "ok", value: reply.value };
      return { type: reply.type, value, error: reply.error };
    },
    finalReads() {
      const reads: Invocation[] = [];
      const keys = [...asked];
      for (let i = 0; i < keys.length; i += FINAL_KEYS) {
        const value = keys.slice(i, i + FINAL_KEYS).map((key): Micro => ["r", key, null]);
        reads.push({ f: "txn", value });
      }
      return reads;
    },
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      transactions: judgeTransactions(events, "list-append"),
    }),
  };
}

/** Clients of transactions: one to four steps each. */
export function append(options: WorkloadOptions): Workload {
  return listWorkload("append", false, options, (random, used) => {
    const readsOnly = happens(random, options.readShare / 2);
    return Array.from({ length: 1 + random.below(4) }, (): Micro => {
      const key = used.draw(random);
      return readsOnly || happens(random, options.readShare) ? ["r", key, null] : used.append(key);
    });
  });
}

/**
 * Clients that ask again, under their session, when no answer came: an append that took effect twice shows in every later read.
 */
export function session(options: WorkloadOptions): Workload {
  return listWorkload("session", true, options, (random, used) => {
    const key = used.draw(random);
    return [happens(random, options.readShare / 2) ? ["r", key, null] : used.append(key)];
  });
}
