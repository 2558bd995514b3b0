// A job queue as a replicated state machine: each job is handed to exactly one worker, once, whatever fails. A worker
// that asks again because its answer was lost gets the same job again: every node asks under a session of its own,
// which remembers the answer. Run it with
//   kaya-raft run --app docs/examples/jobs.ts --nemesis all
//   kaya-raft serve --app docs/examples/jobs.ts --id 1 ...
// In a project of your own, import from "@kayadb/raft/harness" and "@kayadb/raft/checker".
import { checkLinearizability, type HistoryEvent, modelByName, type Verdict } from "../../checker/mod.ts";
import { type App, type Completion, defineApp, type Invocation, type Workload } from "../../harness/mod.ts";
import type { StateMachine } from "../../server/mod.ts";

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The state machine: `enqueue` adds a job, `dequeue` hands the oldest one over, `null` if there is none. */
function jobs(forgetsHandOver: boolean): StateMachine {
  let waiting: number[] = [];
  /** The job that was handed over last. */
  let last: number | null = null;
  const length = (): ReturnType<StateMachine["read"]> => ({ type: "ok", value: waiting.length });
  return {
    apply(command) {
      const { f, value } = text(command) as Invocation;
      switch (f) {
        case "enqueue":
          waiting.push(value as number);
          return { type: "ok", value: null };
        case "dequeue":
          last = waiting.shift() ?? null;
          return { type: "ok", value: last };
        default:
          return f === "length" ? length() : { type: "fail", error: "jobs know enqueue, dequeue and length" };
      }
    },
    isRead: (command) => (text(command) as Invocation).f === "length",
    read: length,
    snapshot: () => bytes(forgetsHandOver && last !== null ? [last, ...waiting] : waiting),
    restore(data) {
      waiting = text(data) as number[];
      last = null;
    },
  };
}

function workers(): Workload {
  let lastJob = 0;
  return {
    name: "jobs",
    model: "fifo-queue",
    next: (random) => random.below(2) === 0 ? { f: "enqueue", value: ++lastJob } : { f: "dequeue" },
    // What a healed node is asked stands in the history too.
    proof: (kind, events) => kind === "read" ? { f: "dequeue" } : { f: "enqueue", value: 1_000_000 + events.length },
    // Every job that was taken in is handed over at the end, or was before.
    finalReads: (events) => unfinished(events).map(() => ({ operation: { f: "dequeue" } })),
    judge(events): Record<string, Verdict> {
      const twice = handedTwice(events);
      if (twice !== null) return { "exactly once": { valid: false, reason: `job ${twice} was handed over twice` } };
      return { "exactly once": { valid: true }, order: checkLinearizability(events, modelByName("fifo-queue")) };
    },
  };
}

/** Jobs that may have been taken in and that nobody is known to have. */
function unfinished(events: readonly HistoryEvent[]): number[] {
  const open = new Set<number>();
  for (const { type, f, value } of events) if (type !== "fail" && f === "enqueue") open.add(value as number);
  for (const { type, f, value } of events) if (type === "ok" && f === "dequeue") open.delete(value as number);
  return [...open];
}

/** The first job that two workers have; `null` if there is none. */
function handedTwice(events: readonly HistoryEvent[]): number | null {
  const handed = new Set<number>();
  for (const { type, f, value } of events) {
    if (type !== "ok" || f !== "dequeue" || value === null) continue;
    if (handed.has(value as number)) return value as number;
    handed.add(value as number);
  }
  return null;
}

/** The queue; with a planted fault, its snapshots forget that the last job was handed over. */
export function jobsApp(forgetsHandOver: boolean): App {
  return defineApp({
    workloads: { jobs: workers },
    machine: () => jobs(forgetsHandOver),
    encode: ({ f, value }) => bytes({ f, value }),
    complete({ f, value }, reply): Completion {
      if (reply.type !== "ok") return { type: reply.type, value, error: reply.error };
      return { type: "ok", value: f === "enqueue" ? value : reply.value };
    },
  });
}

const app: App = jobsApp(false);

export default app;
