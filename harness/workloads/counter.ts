/**
 * Clients of one counter: add and read. A read must lie between what was surely added before it and what could have been added by then.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Operation as StoreOperation } from "../../server/store/operation.ts";
import { judgeTransactions } from "./judge.ts";
import { type Completion, happens, type Invocation, type Workload, type WorkloadOptions } from "./workload.ts";

const KEY = "counter";

/** A new set of clients of a counter. */
export function counter(options: WorkloadOptions): Workload {
  return {
    name: "counter",
    model: "counter",
    retries: false,
    next: (random: Random): Invocation =>
      happens(random, options.readShare) ? { f: "read" } : { f: "add", value: 1 + random.below(5) },
    request: ({ f, value }: Invocation): StoreOperation =>
      f === "read" ? { f: "get", key: KEY } : { f: "add", key: KEY, value },
    complete({ f, value }: Invocation, reply: ClientReply): Completion {
      if (reply.type !== "ok") return { type: reply.type, value, error: reply.error };
      return { type: "ok", value: f === "read" ? Number(reply.value ?? 0) : value };
    },
    finalReads: () => [{ f: "read" }],
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      counter: judgeTransactions(events, "counter"),
    }),
  };
}
