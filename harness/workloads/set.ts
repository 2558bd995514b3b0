/**
 * Clients that add elements to one set, and now and then read it: nothing that was added may be missing in the end, or come back after it was missed.
 *
 * @module
 */
import type { HistoryEvent, Verdict } from "../../checker/mod.ts";
import type { Random } from "../../raft/mod.ts";
import type { ClientReply } from "../../server/replica/client.ts";
import type { Operation as StoreOperation } from "../../server/store/operation.ts";
import { judgeTransactions } from "./judge.ts";
import type { Completion, Invocation, Workload, WorkloadOptions } from "./workload.ts";

const KEY = "set";
/** One operation in this many reads the whole set, which grows. */
const READ_EVERY = 64;

/** A new set of clients of a set. */
export function set(_options: WorkloadOptions): Workload {
  let added = 0;
  return {
    name: "set",
    model: "set-full",
    retries: false,
    next: (random: Random): Invocation => random.below(READ_EVERY) === 0 ? { f: "read" } : { f: "add", value: ++added },
    request: ({ f, value }: Invocation): StoreOperation =>
      f === "read" ? { f: "get", key: KEY } : { f: "set-add", key: KEY, value },
    complete({ f, value }: Invocation, reply: ClientReply): Completion {
      if (reply.type !== "ok") return { type: reply.type, value, error: reply.error };
      return { type: "ok", value: f === "read" ? reply.value ?? [] : value };
    },
    finalReads: () => [{ f: "read" }],
    judge: (events: readonly HistoryEvent[]): Record<string, Verdict> => ({
      set: judgeTransactions(events, "set-full"),
    }),
  };
}
