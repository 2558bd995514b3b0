import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../../../checker/mod.ts";
import { DEFAULT_OPTIONS } from "../../../harness/run/options.ts";
import { runAtOnce } from "../../../harness/run/run_once.ts";
import { defineNodes } from "../../../harness/targets/nodes/define.ts";
import type { InProcessNode, NodeContext } from "../../../harness/targets/nodes/node_target.ts";
import { QUEUES } from "../../../harness/workloads/queue.ts";
import type { Completion, Invocation } from "../../../harness/workloads/workload.ts";

/**
 * A queue on one node. `forgetful` keeps it in memory, so a kill loses elements. `careless` notes removals only
 * with the next addition, so that elements come out again after a kill.
 */
type Way = "right" | "forgetful" | "careless";

function queueOf(way: Way): (context: NodeContext) => InProcessNode {
  return ({ disk }) => {
    let waiting = (disk.read("waiting") ?? []) as number[];
    const keep = (): void => {
      if (way !== "forgetful") disk.write("waiting", waiting);
    };
    const ask = ({ f, value }: Invocation): Completion => {
      if (f === "enqueue") {
        waiting = [...waiting, value as number];
        keep();
        return { type: "ok", value };
      }
      const [taken = null, ...others] = waiting;
      waiting = others;
      if (way !== "careless") keep();
      return { type: "ok", value: taken };
    };
    return {
      handle: (message) =>
        message === null ? {} : { messages: [{ end: message.end, body: ask(message.body as Invocation) }] },
    };
  };
}

/** The verdicts of a few seeds. */
function verdicts(workload: "queue" | "fifo-queue", way: Way): readonly (boolean | string)[] {
  const target = defineNodes({ name: "queue", workloads: { [workload]: QUEUES[workload] }, node: queueOf(way) });
  return [1, 2, 3, 4].map((seed) => {
    const run = { seed, nodes: 1, nemesis: "kill", nemesisInterval: 0.3, timeLimit: 5, readShare: 0.6 };
    const options = { ...DEFAULT_OPTIONS, ...run };
    const { checks } = runAtOnce(target, options, "").result;
    return checks[workload]!.valid;
  });
}

test("a queue that gives each element once passes as fifo-queue; one that forgets elements does not", () => {
  assert.deepEqual(verdicts("fifo-queue", "right"), [true, true, true, true]);
  assert.ok(verdicts("fifo-queue", "forgetful").includes(false));
  assert.ok(verdicts("fifo-queue", "careless").includes(false));
});

test("a queue that gives elements again after a kill passes as queue; one that forgets elements does not", () => {
  assert.deepEqual(verdicts("queue", "careless"), [true, true, true, true]);
  assert.ok(verdicts("queue", "forgetful").includes(false));
});

test("elements are called lost only if the queue was empty at the end", () => {
  const queue = QUEUES.queue({ keys: 1, skew: 1, readShare: 0.5 });
  const verdictOf = (...answers: readonly (number | null | undefined)[]): unknown => {
    const events: HistoryEvent[] = [
      { process: 0, type: "invoke", f: "enqueue", value: 1 },
      { process: 0, type: "ok", f: "enqueue", value: 1 },
    ];
    for (const value of answers) {
      events.push({ process: 1, type: "invoke", f: "dequeue" });
      events.push({ process: 1, f: "dequeue", ...(value === undefined ? { type: "fail" } : { type: "ok", value }) });
    }
    return queue.judge(events)["queue"]!.valid;
  };

  assert.equal(verdictOf(1, null), true);
  assert.equal(verdictOf(null), false);
  assert.equal(verdictOf(undefined), "unknown");
  assert.equal(verdictOf(1, 2), false);
});

test("at the end of a run as many elements are asked for as may be left", () => {
  const queue = QUEUES["fifo-queue"]({ keys: 1, skew: 1, readShare: 0.5 });
  const of = (type: HistoryEvent["type"], f: string, value?: number | null): HistoryEvent => ({
    process: 0,
    type,
    f,
    value,
  });
  const events = [
    ...[of("invoke", "enqueue", 1), of("ok", "enqueue", 1), of("invoke", "enqueue", 2), of("fail", "enqueue", 2)],
    ...[of("invoke", "enqueue", 3), of("info", "enqueue", 3), of("invoke", "dequeue"), of("info", "dequeue")],
    ...[of("invoke", "enqueue", 4), of("ok", "enqueue", 4), of("invoke", "dequeue"), of("ok", "dequeue", 1)],
    ...[of("invoke", "dequeue"), of("ok", "dequeue", null)],
  ];

  assert.equal(queue.finalReads(events, [1]).length, 2);
});
