/**
 * Clients of a key-value store: get, put, delete and compare-and-set over several keys, judged by linearizability.
 *
 * Every written value is the first of its kind, so that a read tells whose write it saw.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Operation as StoreOperation } from "../../server/store/operation.ts";
import { judgeLinearizability } from "./judge.ts";
import { type Completion, drawKey, happens, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

/** One delete in this many writes. */
const DELETES = 8;

/** A new set of clients of a key-value store. */
export function kv(options: WorkloadOptions): Workload {
  /** What was last seen under a key: what a compare-and-set expects. */
  const seen = new Map<string, number>();
  let written = 0;
  /** The keys that were asked about. */
  const asked = new Set<string>();

  return {
    name: "kv",
    model: "kv",
    retries: false,
    next(random: Random): Invocation {
      const key = drawKey(random, options);
      if (happens(random, options.readShare)) return { f: "get", key };
      const expected = seen.get(key);
      if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
      if (expected !== undefined && random.below(DELETES / 2) === 0) return { f: "delete", key };
      return { f: "put", key, value: ++written };
    },
    request(operation: Invocation): StoreOperation {
      const { f, key, value } = operation as { f: string; key: string; value?: unknown };
      asked.add(key);
      if (f === "put") return { f, key, value: String(value) };
      if (f === "cas") return { f, key, value: (value as number[]).map(String) };
      return { f, key };
    },
    complete(operation: Invocation, reply: ClientReply): Completion {
      const key = operation.key!;
      if (reply.type === "ok") {
        if (operation.f === "get") {
          const value = numberOf(reply.value);
          remember(key, value);
          return { type: "ok", value };
        }
        if (operation.f === "put") remember(key, operation.value as number);
        if (operation.f === "cas") remember(key, (operation.value as number[])[1]!);
        if (operation.f === "delete") seen.delete(key);
        return { type: "ok", value: operation.value };
      }
      if (reply.type === "fail" && reply.actual !== undefined) {
        const actual = numberOf(reply.actual);
        remember(key, actual);
        return { type: "fail", value: operation.value, error: reply.error, actual };
      }
      return { type: reply.type, value: operation.value, error: reply.error };
    },
    finalReads: () => [...asked].sort().map((key) => ({ f: "get", key })),
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      linearizability: judgeLinearizability(events, "kv"),
    }),
  };

  function remember(key: string, value: number | null): void {
    if (value === null) seen.delete(key);
    else seen.set(key, value);
  }
}

/** The store holds texts; the history has the numbers that were written. */
function numberOf(value: unknown): number | null {
  return value === null ? null : Number(value);
}
