/**
 * Clients of registers: read, write and compare-and-set, judged by linearizability.
 *
 * The same store as for `kv` under the names of the register's literature, and without deletes: what `check --model cas-register` reads.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Operation as StoreOperation } from "../../server/store/operation.ts";
import { judgeLinearizability } from "./judge.ts";
import { type Completion, drawKey, happens, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

/** A new set of clients of registers. */
export function register(options: WorkloadOptions): Workload {
  const seen = new Map<string, number>();
  let written = 0;
  /** The keys that were asked about. */
  const asked = new Set<string>();

  const remember = (key: string, value: unknown): void => {
    if (typeof value === "number") seen.set(key, value);
  };

  return {
    name: "register",
    model: "cas-register",
    retries: false,
    next(random: Random): Invocation {
      const key = drawKey(random, options);
      if (happens(random, options.readShare)) return { f: "read", key };
      const expected = seen.get(key);
      if (expected !== undefined && random.below(2) === 0) return { f: "cas", key, value: [expected, ++written] };
      return { f: "write", key, value: ++written };
    },
    request({ f, key, value }: Invocation): StoreOperation {
      asked.add(key!);
      if (f === "read") return { f: "get", key: key! };
      if (f === "write") return { f: "put", key: key!, value: String(value) };
      return { f: "cas", key: key!, value: (value as number[]).map(String) };
    },
    complete({ f, key, value }: Invocation, reply: ClientReply): Completion {
      if (reply.type === "ok") {
        const result = f !== "read" ? value : reply.value === null ? null : Number(reply.value);
        remember(key!, f === "cas" ? (value as number[])[1] : result);
        return { type: "ok", value: result };
      }
      if (reply.type === "fail" && reply.actual !== undefined) {
        const actual = reply.actual === null ? null : Number(reply.actual);
        remember(key!, actual);
        return { type: "fail", value, error: reply.error, actual };
      }
      return { type: reply.type, value, error: reply.error };
    },
    finalReads: () => [...asked].sort().map((key) => ({ f: "read", key })),
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      linearizability: judgeLinearizability(events, "cas-register"),
    }),
  };
}
